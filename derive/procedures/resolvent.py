"""Sums over trajectories that never end, on one model: the automata's values by resolvents.

An automaton that ``endless.unending`` admits has loops at single states only, each a
number below 1 times the stochastic matrix of a policy. Its states are solved from the
end: y_q = (I - loop_q)^-1 (end_q + sum_p letter y_p), one small linear system a loop.
Values are V = (I - gamma P_pi)^-1 r_pi, Q = r + gamma P V and A = Q - V (Sutton and Barto,
3.5 and 4.1). Exact over any ring that divides; the systems are solved by Cramer's rule,
so that polynomials are divided by once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from derive.errors import OutsideFragment
from derive.procedures.automata import Automaton, Weight
from derive.procedures.backward import Letters
from derive.procedures.forms import Form
from derive.procedures.rings import RingModel
from derive.procedures.values import Values

Square = Mapping[tuple[int, int], Any]


class Resolvents:
    """The values of endless sums on one model; ``policies`` are those whose V and A may be asked for."""

    def __init__(self, model: RingModel, policies: Iterable[str]) -> None:
        self.model, self.ring = model, model.ring
        self._inverses: dict[Any, tuple[Square, Any]] = {}
        self.values = {policy: self._values_of(policy) for policy in sorted(policies)}
        self.letters = Letters(model, self.values)

    def form(self, form: Form, atoms: Sequence[Mapping[int, Automaton]]) -> Any:
        """A polynomial in sums over trajectories."""
        parts = []
        for numbers, weight in form.items():
            value = self.letters.number(weight)
            for number in numbers:  # an empty sum has no automaton
                value = value * (self.automaton(atoms[number][0]) if atoms[number] else self.ring.zero)
            parts.append(value)
        return self.ring.total(parts)

    def automaton(self, one: Automaton) -> Any:
        """u y, where y = E + M y."""
        arrows: dict[int, dict[int, list[tuple[Any, Weight]]]] = {}
        for (_, letter), row in one.letters.items():
            for (p, q), weight in row.items():
                arrows.setdefault(p, {}).setdefault(q, []).append((letter, weight))
        known: dict[int, list[Any]] = {}

        def value(q: int) -> list[Any]:
            if q not in known:
                known[q] = self._solved(q, arrows.get(q, {}), value, one)
            return known[q]

        states = range(self.model.shape.states)
        return self.ring.total([
            self.letters.number(weight) * self._start(e, s) * value(q)[s]
            for e, row in one.starts.items() for q, weight in row.items() for s in states])

    def _start(self, e: int, s: int) -> Any:
        result = self.ring.one
        for _ in range(abs(e)):
            result = result * self.model.mu[s]
        return result if e >= 0 else self.ring.one / result

    def _solved(self, q: int, arrows: Mapping[int, list[tuple[Any, Weight]]], value: Any, one: Automaton) -> list[Any]:
        states, number = range(self.model.shape.states), self.letters.number
        result: list[list[Any]] = [[] for _ in states]
        for end, column in one.ends.items():
            for s in states if q in column else ():
                result[s].append(number(column[q]) * self.letters.at_end(end, s))
        for target, steps in arrows.items():
            if target == q:
                continue
            for (letter, weight), ahead in ((step, value(target)) for step in steps):
                matrix, factor = self.letters.matrix(letter), number(weight)
                for s in states:
                    result[s].append(factor * self.ring.total([matrix[s, x] * ahead[x] for x in states]))
        totals = [self.ring.total(parts) for parts in result]
        loops = arrows.get(q)
        return self._resolved(loops, totals) if loops else totals

    def _resolved(self, loops: list[tuple[Any, Weight]], column: Sequence[Any]) -> list[Any]:
        """(I - sum of the loops)^-1 times a column; each inverse is found once."""
        key = tuple(sorted((letter, tuple(sorted(weight.items()))) for letter, weight in loops))
        if key not in self._inverses:
            scaled = [(self.letters.matrix(letter), self.letters.number(weight)) for letter, weight in loops]
            self._inverses[key] = self._inverse([{place: factor * entry for place, entry in matrix.items()}
                                                 for matrix, factor in scaled])
        return self._applied(self._inverses[key], column)

    def _applied(self, inverse: tuple[Square, Any], column: Sequence[Any]) -> list[Any]:
        adjugate, determinant = inverse
        states = range(len(column))
        return [self.ring.total([adjugate[s, x] * column[x] for x in states]) / determinant for s in states]

    def _inverse(self, loops: Sequence[Square]) -> tuple[Square, Any]:
        """The adjugate and the determinant of I - sum of the loops."""
        n, minus = range(self.model.shape.states), self.ring.integer(-1)
        matrix = {(s, x): self.ring.total([self.ring.one if s == x else self.ring.zero,
                                           *(minus * loop[s, x] for loop in loops)]) for s, x in product(n, n)}
        adjugate = {}
        for s, x in product(n, n):
            minor = self._determinant(matrix, [i for i in n if i != x], [j for j in n if j != s])
            adjugate[s, x] = minor if (s + x) % 2 == 0 else minus * minor
        return adjugate, self._determinant(matrix, list(n), list(n))

    def _determinant(self, matrix: Square, rows: list[int], columns: list[int]) -> Any:
        """By expansion along the first row: models have a handful of states."""
        if not rows:
            return self.ring.one
        parts = []
        for place, column in enumerate(columns):
            minor = self._determinant(matrix, rows[1:], columns[:place] + columns[place + 1 :])
            signed = matrix[rows[0], column] * minor
            parts.append(signed if place % 2 == 0 else self.ring.integer(-1) * signed)
        return self.ring.total(parts)

    # -- values ------------------------------------------------------------------------------------------

    def _values_of(self, policy: str) -> tuple[list[Any], dict[tuple[int, int], Any]]:
        model, ring = self.model, self.ring
        n, k = range(model.shape.states), range(model.shape.actions)
        choice = {(s, a): model.policies[policy][s, a][0] for s, a in product(n, k)}
        gain = {(s, a): ring.total([model.P[s, a, x] * model.reward(s, a, x) for x in n]) for s, a in product(n, k)}
        loop = {(s, x): ring.total([model.gamma * choice[s, a] * model.P[s, a, x] for a in k])
                for s, x in product(n, n)}
        v = self._applied(self._inverse([loop]), [ring.total([choice[s, a] * gain[s, a] for a in k]) for s in n])
        minus = ring.integer(-1)
        advantage = {
            (s, a): ring.total([gain[s, a], *(model.gamma * model.P[s, a, x] * v[x] for x in n), minus * v[s]])
            for s, a in product(n, k)}
        return v, advantage


def endless_values_of(model: RingModel, policy: str, order: int) -> Values:
    """V, Q and A of a policy without a last decision, as if there were one time, 0.

    Raises:
        OutsideFragment: for derivatives.
    """
    if order:
        raise OutsideFragment("the gradient of a value without a time, on a shape")
    v, gaps = Resolvents(model, [policy]).values[policy]
    actions = {(s, a): (gap + v[s],) for (s, a), gap in gaps.items()}
    tables = ({s: (value,) for s, value in enumerate(v)}, actions, {key: (gap,) for key, gap in gaps.items()})
    return Values(*([model.table(table)] for table in tables))
