"""A proved equation as a reason: it is instantiated by matching, and used left to right on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Expr

from derive.errors import DoesNotMatch
from derive.language.binding import Binder, Index, rewrite_bottom_up, substitute
from derive.language.terms import Grad
from derive.language.typing import sort_of
from derive.rules.ring import same_by_ring
from derive.rules.rule import justify, to_fixed_point

Bindings = dict[Index, Expr]


@dataclass(frozen=True, slots=True)
class Lemma:
    """``left = right`` for every value of the free indices.

    ``at_theta``: the sides are equal at theta and not as functions of it, so nothing below a gradient is replaced.
    """

    name: str
    left: Expr
    right: Expr
    at_theta: bool = False

    def used(self, before: Expr, after: Expr) -> list[Bindings]:
        """The instances that give the step.

        Raises:
            DoesNotMatch: if none do.
        """
        for one, two in ((before, after), (after, before)):
            bindings = match(self.left, one)
            if bindings is not None and same_by_ring(self._instance(self.right, bindings), two):
                return [bindings]
        found: list[Bindings] = []
        closed: tuple[type, ...] = (Grad,) if self.at_theta else ()

        def rewritten(node: Expr) -> Expr:
            bindings = match(self.left, node)
            if bindings is None:
                return node
            found.append(bindings)
            return self._instance(self.right, bindings)

        for one, two in ((before, after), (after, before)):  # once at each place; a recursion never comes to rest
            if same_by_ring(rewrite_bottom_up(one, rewritten, closed=closed), two) and found:
                return _different(found)
            found.clear()
        justify(self.name, before, after,
                lambda term: to_fixed_point(term, rewritten, lambda node: node, closed=closed))
        return _different(found)

    def _instance(self, side: Expr, bindings: Mapping[Index, Expr]) -> Expr:
        unbound = [index for index in side.free_symbols if index not in bindings]
        if unbound:
            raise DoesNotMatch(f"{self.name}: {unbound[0]} is free on one side of the lemma only.")
        return substitute(side, bindings)


def _different(found: list[Bindings]) -> list[Bindings]:
    return [one for place, one in enumerate(found) if one not in found[:place]]


def match(pattern: Expr, term: Expr) -> Bindings | None:
    """The values of the pattern's free indices that make it the term, or None.

    Indices match anything of their sort, except what is bound inside the pattern itself.
    """
    bindings: Bindings = {}
    return bindings if _matches(pattern, term, bindings, frozenset()) else None


def _matches(pattern: Expr, term: Expr, bindings: Bindings, inside: frozenset[Index]) -> bool:
    if isinstance(pattern, Index):
        if pattern.is_bound:
            return bool(pattern == term)
        if sort_of(term) != pattern.sort or (term.free_symbols & inside):
            return False
        return bool(bindings.setdefault(pattern, term) == term)
    if type(pattern) is not type(term) or len(pattern.args) != len(term.args):
        return False
    if not pattern.args:
        return bool(pattern == term)
    if isinstance(pattern, Binder):
        inside = inside | {pattern.index, term.args[0]}
        if pattern.index != term.args[0]:
            return False
    return all(_matches(one, two, bindings, inside) for one, two in zip(pattern.args, term.args, strict=True))
