"""Terms that speak of an infinite horizon, on generic models of several shapes.

Exact where the determinants stay small, at random points modulo primes beyond. A shape
(n, k, 0) stands for n states and k actions; its horizon is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr

from derive.errors import OutsideFragment, Undefined, WorkLimit
from derive.language.signature import Signature
from derive.models import Shape
from derive.procedures.everywhere import Sides, valued
from derive.procedures.generic import generic_model
from derive.procedures.modular import residue_model
from derive.procedures.resolvent import Resolvents
from derive.procedures.rings import RingModel

EXACT = (Shape(1, 2, 0), Shape(1, 3, 0), Shape(2, 2, 0), Shape(2, 3, 0))
PROBES = (Shape(3, 2, 0), Shape(4, 3, 0))


def endless_value(term: Expr, sides: Sides, model: RingModel) -> Any:
    """The value of a term on one model.

    Raises:
        OutsideFragment: for a term that has no automaton, or does not converge for sure.
    """
    if term.free_symbols:
        raise OutsideFragment("free indices at an infinite horizon")
    form = sides.forms.form(term)
    return Resolvents(model, valued(term)).form(form, sides.forms.atoms)


class EndlessModels:
    """The generic models of a chain, each made once."""

    def __init__(self, sides: Sides, signature: Signature) -> None:
        self.sides, self.signature = sides, signature
        self._models: dict[tuple[Shape, bool], RingModel] = {}
        self._values: dict[tuple[Expr, Shape, bool], Any] = {}

    def agrees(self, before: Expr, after: Expr, shape: Shape, *, modular: bool) -> tuple[bool, bool] | str:
        """(whether the sides agree, whether one is ever not 0), or why that is not known.

        Raises:
            OutsideFragment: for a side that has no automaton.
        """
        try:
            left, right = (self._value(side, shape, modular) for side in (before, after))
        except (Undefined, WorkLimit) as limit:
            return str(limit)
        is_zero = self._models[shape, modular].ring.is_zero
        lively = before == 0 or after == 0 or not (is_zero(left) and is_zero(right))
        return is_zero(left - right), lively

    def _value(self, term: Expr, shape: Shape, modular: bool) -> Any:
        if (shape, modular) not in self._models:
            make: Any = residue_model if modular else generic_model
            seed = {"seed": 0} if modular else {}
            self._models[shape, modular] = make(shape, self.signature, additive=True, **seed)
        if (term, shape, modular) not in self._values:
            model = self._models[shape, modular]
            model.ring.begin()
            self._values[term, shape, modular] = endless_value(term, self.sides, model)
        return self._values[term, shape, modular]


def on_shapes(models: EndlessModels, before: Expr, after: Expr, shapes: Sequence[Shape], *,
              modular: bool) -> tuple[list[tuple[Shape, bool]], Shape | None, list[str]]:
    """The shapes that agree and whether a side is not 0 there; the first that does not; and why others do not count."""
    seen: list[tuple[Shape, bool]] = []
    notes: list[str] = []
    for shape in shapes:
        found = models.agrees(before, after, shape, modular=modular)
        if isinstance(found, str):
            notes.append(f"{shape.states} states, {shape.actions} actions: {found}")
        elif not found[0]:
            return seen, shape, notes
        else:
            seen.append((shape, found[1]))
    return seen, None, notes

