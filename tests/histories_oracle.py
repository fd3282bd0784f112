"""Functions of the whole history by loops: each history has a number of its own."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

from sympy import Expr

from derive.counterexample.enumerate import Enumeration
from derive.errors import NotApplicable
from derive.language.terms import Applied, HistoryAt


class OfHistories(Enumeration):
    """As ``Enumeration``, but f(h_t) looks at all of s_0, a_0, ..., s_t."""

    def _atom(self, term: Expr, env: Any, at: Fraction) -> Fraction:
        if isinstance(term, Applied) and any(isinstance(place, HistoryAt) for place in term.args[1:]):
            seen = [self._seen(place, env) for place in term.args[1:]]
            rng = Random(f"{term.args[0]} {seen} {self.model.gamma} {self.model.mu}")
            return Fraction(rng.randint(-5, 7), rng.randint(1, 3))
        return super()._atom(term, env, at)

    def _seen(self, place: Expr, env: Any) -> Any:
        if not isinstance(place, HistoryAt):
            return self._place(place, env)
        path, t = self._path(place.args[0], env), self._whole(place.args[1], env)
        if not 0 <= t <= self.model.shape.horizon + 1:
            raise NotApplicable(f"h_{t} does not exist for H = {self.model.shape.horizon}")
        return path[: 2 * t + 1]
