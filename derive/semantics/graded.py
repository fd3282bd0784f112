"""Polynomials in the arbitrary returns R(tau), with field elements as coefficients.

An arbitrary return is one indeterminate per trajectory. Hundreds of them as symbols of
the polynomial ring make every monomial long; kept apart, a sum over trajectories is a
table "coefficient of each R(tau)" that is never put over a common denominator, and two
sides are compared trajectory by trajectory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add
from typing import Any

from derive.errors import OutsideFragment, WorkLimit
from derive.language.models import Path
from derive.semantics.field import Element, Field

Monomial = tuple[Path, ...]
"""The trajectories whose returns are multiplied, in order; () for no return."""


MOST_PRODUCTS = 20_000
"""Pairs of returns that a product may have; a square over 128 trajectories has 16,384."""


class Graded:
    """``sum_M parts[M] * prod_{tau in M} R(tau)``."""

    __slots__ = ("field", "parts")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, field: Field, parts: Mapping[Monomial, Element]) -> None:
        self.field, self.parts = field, parts

    def __mul__(self, other: Any) -> Graded:
        if isinstance(other, Element):
            one = self.field.one  # as a return by itself has it
            return Graded(self.field, {monomial: other if part is one else part * other
                                       for monomial, part in self.parts.items()})
        if len(self.parts) * len(other.parts) > MOST_PRODUCTS:
            raise WorkLimit(f"a product of {len(self.parts)} by {len(other.parts)} returns exceeds {MOST_PRODUCTS}")
        if other is self:
            found: Graded = self._squared()
            return found
        products: dict[Monomial, list[Element]] = {}
        for mine, left in self.parts.items():
            for theirs, right in other.parts.items():
                products.setdefault(_together(mine, theirs), []).append(left * right)
        return Graded(self.field, {monomial: _sum(self.field, parts) for monomial, parts in products.items()})

    __rmul__ = __mul__

    def _squared(self) -> Graded:
        """Each product of two different returns once, and doubled: half the products."""
        products: dict[Monomial, list[Element]] = {}
        pairs = list(self.parts.items())
        for number, (mine, left) in enumerate(pairs):
            products.setdefault(_together(mine, mine), []).append(left * left)
            doubled = left + left
            for theirs, right in pairs[number + 1 :]:
                products.setdefault(_together(mine, theirs), []).append(doubled * right)
        return Graded(self.field, {monomial: _sum(self.field, parts) for monomial, parts in products.items()})

    def __neg__(self) -> Graded:
        return Graded(self.field, {monomial: -part for monomial, part in self.parts.items()})

    def __add__(self, other: Any) -> Graded:
        return graded_total(self.field, [self, other])

    __radd__ = __add__

    def __sub__(self, other: Any) -> Graded:
        theirs: Mapping[Monomial, Element] = other.parts if isinstance(other, Graded) else {(): other}
        parts = {monomial: -part for monomial, part in theirs.items() if monomial not in self.parts}
        for monomial, part in self.parts.items():
            parts[monomial] = part - theirs[monomial] if monomial in theirs else part
        return Graded(self.field, parts)

    def __rsub__(self, other: Any) -> Graded:
        found: Graded = -self + other
        return found

    def __truediv__(self, other: Any) -> Graded:
        if not isinstance(other, Element):
            raise OutsideFragment("division by a return")
        return Graded(self.field, {monomial: part / other for monomial, part in self.parts.items()})

    def __rtruediv__(self, other: Any) -> Graded:
        raise OutsideFragment("division by a return")

    @property
    def is_zero(self) -> bool:
        """Whether every coefficient is 0."""
        return all(part.is_zero for part in self.parts.values())


def _together(mine: Monomial, theirs: Monomial) -> Monomial:
    return tuple(sorted(mine + theirs)) if mine and theirs else mine or theirs


def graded_total(field: Field, elements: Iterable[Any]) -> Graded:
    """A sum of graded and plain elements, coefficient by coefficient."""
    columns: dict[Monomial, list[Element]] = {}
    for element in elements:
        parts = element.parts if isinstance(element, Graded) else {(): element}
        for monomial, part in parts.items():
            columns.setdefault(monomial, []).append(part)
    return Graded(field, {monomial: _sum(field, parts) for monomial, parts in columns.items()})


def _sum(field: Field, parts: list[Element]) -> Element:
    return reduce(add, parts) if len(parts) < 3 else field.total(parts)
