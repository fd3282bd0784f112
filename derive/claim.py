"""An equation with its class of models, and what both sides are at one of them.

A model is a witness only if the brute-force enumeration, which shares no arithmetic with
the kernel, computes different values too and agrees with the kernel's exact ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from sympy import Expr

from derive.assumptions import Assumption, additive_return
from derive.enumerate import Enumeration
from derive.errors import DeriveError, NotApplicable, OutsideFragment, Undefined
from derive.language.binding import Index
from derive.language.definitions import resolved
from derive.language.horizons import is_endless
from derive.language.signature import Signature, signature
from derive.language.terms import Batch, Trajectory
from derive.models import Model
from derive.procedures.concrete import Balls, Rationals, as_fraction, concrete_evaluator, concrete_model
from derive.procedures.endless_models import endless_value
from derive.procedures.evaluate import Evaluator
from derive.procedures.everywhere import Sides
from derive.procedures.generic import plain_way
from derive.procedures.local import is_local

AGREEMENT = Fraction(1, 10**20)
TAIL = 100
"""Times gamma^T, T the steps that the enumeration of an infinite horizon goes: how far it may be off."""

F0, F1 = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Witness:
    """A model, the values of the free indices, and both sides there."""

    model: Model
    indices: Mapping[Index, Any]
    left: Fraction
    right: Fraction
    exact: bool


@dataclass(frozen=True)
class Claim:
    """An equation and the class of models it is claimed for."""

    before: Expr
    after: Expr
    assumptions: frozenset[Assumption]
    possible_only: bool
    endless: Sides | None = None
    """The automata of an infinite horizon, where the equation speaks of one."""

    def __post_init__(self) -> None:
        infinite = self.endless is not None or is_endless(self.before, self.after)
        for name in ("before", "after"):  # as evaluators read them
            side = resolved(getattr(self, name), additive=self.additive, infinite=infinite)
            object.__setattr__(self, name, side)

    @cached_property
    def signature(self) -> Signature:
        return signature(self.before, self.after)

    @property
    def additive(self) -> bool:
        return additive_return in self.assumptions

    def values(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction, bool] | None:
        """Both sides at a model, computed twice; None unless they are defined and differ.

        The last entry says whether the values are exact rationals of the kernel.
        """
        try:
            return self._exact(model, indices) or None
        except (Undefined, NotApplicable):
            return None
        except OutsideFragment:
            return self._enclosed(model, indices)

    def _kernel(self, model: Model, ring: Rationals) -> Evaluator:
        return concrete_evaluator(model, ring, (self.before, self.after), possible_only=self.possible_only)

    def _enumerated(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction]:
        oracle = Enumeration(model, possible_only=self.possible_only)
        return oracle.value(self.before, dict(indices)), oracle.value(self.after, dict(indices))

    def _exact(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction, bool] | None:
        left, right = self.computed(model, indices)
        if abs(left - right) <= 2 * self._tail(model, left, right):
            return None
        seen = self._enumerated(model, indices)
        for exact, enumerated, side in zip((left, right), seen, (self.before, self.after), strict=True):
            if abs(exact - enumerated) > AGREEMENT * max(F1, abs(exact)) + self._tail(model, left, right):
                if self.endless is not None and self._on_its_way(model, indices, side, exact, enumerated):
                    return None
                raise DeriveError(
                    f"the kernel and the enumeration disagree on {side}: {exact} and {float(enumerated)!r}. "
                    "This is a defect of derive; please report it.")
        return left, right, True

    def apart_when_cut_off(self, model: Model, indices: Mapping[Index, Any]) -> bool:
        """Whether the enumeration alone, cut off at the model's horizon, says that the sides differ.

        At an infinite horizon every other value comes from automata; this one does not.
        """
        left, right = self._enumerated(model, indices)
        if abs(left - right) <= 2 * self._tail(model, left, right):
            return False
        shape = replace(model.shape, horizon=model.shape.horizon - 1)
        before, after = self._enumerated(replace(model, shape=shape), indices)
        return abs(left - right) * 4 > abs(before - after)

    def computed(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction]:
        """Both sides by the kernel alone."""
        if self.endless is not None and not is_local(self.before, self.after):
            ring_model = concrete_model(model, Rationals())
            left, right = (endless_value(side, self.endless, ring_model) for side in (self.before, self.after))
        else:
            kernel = self._kernel(model, Rationals())
            left, right = (kernel.value(side, _environment(indices)) for side in (self.before, self.after))
        return as_fraction(left), as_fraction(right)

    def _tail(self, model: Model, left: Fraction, right: Fraction) -> Fraction:
        """What the enumeration leaves out where it stops: nothing at a finite horizon."""
        if self.endless is None:
            return F0
        steps = model.shape.horizon - self.signature.largest_offset
        return TAIL * model.gamma ** max(0, steps) * max(F1, abs(left), abs(right))

    def _on_its_way(self, model: Model, indices: Mapping[Index, Any], side: Expr, exact: Fraction,
                    enumerated: Fraction) -> bool:
        """Whether the enumeration was only cut off too early: one step less is much farther away."""
        shape = replace(model.shape, horizon=model.shape.horizon - 1)
        earlier = Enumeration(replace(model, shape=shape), possible_only=self.possible_only)
        return abs(exact - enumerated) * 4 < abs(exact - earlier.value(side, dict(indices)))

    def _enclosed(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction, bool] | None:
        """With logarithms the kernel gives balls; they must be disjoint."""
        try:
            kernel = self._kernel(model, Balls())
            left, right = (kernel.value(side, _environment(indices)) for side in (self.before, self.after))
            if left.overlaps(right):
                return None
            seen = self._enumerated(model, indices)
        except (Undefined, NotApplicable, OutsideFragment):
            return None
        rounded = [value.limit_denominator(10**12) for value in seen]
        return (rounded[0], rounded[1], False) if abs(seen[0] - seen[1]) > AGREEMENT else None


def _environment(indices: Mapping[Index, Any]) -> dict[Index, Any]:
    result: dict[Index, Any] = {}
    for index, value in indices.items():
        if isinstance(index, Trajectory):
            result[index] = plain_way(value)
        elif isinstance(index, Batch):
            result[index] = {number: plain_way(path) for number, path in value.items()}
        else:
            result[index] = value
    return result
