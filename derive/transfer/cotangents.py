"""The derivative of a sum over trajectories in one table, added up from what stands beside the table.

What falls on a sum over places is spread over its terms, what falls on a derivative of a value is carried forward by

    D V_t(s) = sum_b D pi(b|s) Q_t(s, b) + gamma sum_x P_pi(s, x) D V_{t+1}(x)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from derive.errors import OutsideFragment, WorkLimit
from derive.kernel.local_sums import Symbol
from derive.kernel.polynomials import Monomial, Weight
from derive.transfer.arrays import Array
from derive.transfer.automata import Steps
from derive.transfer.tables import Tables, moves

MOST_NUMBERS = 40_000_000
"""Of one array."""

Arrow = tuple[int, int, Weight]
"""Two states of an automaton and the weight between them."""


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """The table in which a sum is differentiated: ``holds`` knows its symbols; (S, A) and the like is its shape."""

    holds: Callable[[Symbol], bool]
    shape: tuple[int, ...]

    def degree(self, monomial: Monomial) -> int:
        """How often the table is a factor."""
        return sum(e * (self.degree(f[4][1]) if f[0] == "sum" else int(self.holds(f))) for f, e in monomial)


class Reader(Protocol):
    """What a cotangent asks of the sweeps: tables of all steps at once, products of them, numbers."""

    tables: Tables
    times: int

    def steps(self, letter: Monomial) -> Steps:
        """The steps that a letter is summed over."""

    def product(self, monomial: Monomial, places: dict[str, Array], size: int) -> Array:
        """A product of symbols at places, (steps or 1, size)."""

    def number(self, weight: Weight) -> float:
        """A polynomial in the central symbols."""


class Cotangent:
    """The derivative in the slot's table, added up; what falls on derivatives of values is carried on to the table."""

    def __init__(self, sweeps: Reader, slot: Slot) -> None:
        self.sweeps, self.slot = sweeps, slot
        self._sum = np.zeros(int(np.prod(slot.shape)))
        self._values: dict[str, Array] = {}

    def through(self, letter: Monomial, arrows: Sequence[Arrow], z: Array, y: Array) -> None:
        """What the steps with one letter add."""
        steps, sweeps = self.sweeps.steps(letter), self.sweeps
        targets = sorted({q for _, q, _ in arrows})
        before = np.zeros((sweeps.times, len(targets), sweeps.tables.states))
        for p, q, weight in arrows:
            before[:, targets.index(q)] += sweeps.number(weight) * z[:-1, p]
        after = y[1:, targets]
        pair_of = np.zeros(len(steps.places["s"]), dtype=int)
        pair_of[steps.first[1:]] = 1
        pair_of = np.cumsum(pair_of)
        if not any(moves(f) for f, _ in letter) or sweeps.tables.infinite:
            flat = [array.reshape(-1, sweeps.tables.states) for array in (before, after)]
            if len(steps.pair_s) * 4 > steps.states**2:
                weights = (flat[0].T @ flat[1])[steps.pair_s, steps.pair_x]
            else:
                weights, chunk = np.zeros(len(steps.pair_s)), max(1, 4_000_000 // len(steps.pair_s))
                for k in range(0, len(flat[0]), chunk):
                    one, two = (array[k:k + chunk] for array in flat)
                    weights += (one[:, steps.pair_s] * two[:, steps.pair_x]).sum(axis=0)
            return self.scattered(letter, weights[None, pair_of], steps.places)
        if sweeps.times * len(pair_of) > MOST_NUMBERS:
            raise WorkLimit("all steps of a letter at once are more than the work limit")
        each = sum((before[:, j][:, steps.pair_s] * after[:, j][:, steps.pair_x] for j in range(len(targets))),
                   np.zeros((sweeps.times, len(steps.pair_s))))
        return self.scattered(letter, each[:, pair_of], steps.places)

    def scattered(self, monomial: Monomial, weights: Array, places: dict[str, Array]) -> None:
        """Adds a product with weights (steps or 1, size) at places (size,) to the table that is one of its factors."""
        (slope,) = (f for f, _ in monomial if self.slot.degree(((f, 1),)))
        rest = tuple(x for x in monomial if x[0] != slope)
        weights = weights * self.sweeps.product(rest, places, weights.shape[1])
        at = [places[place] for place in slope[3]]
        if slope[0] == "dV":
            return self._to_values(slope, weights, at[0] if at else None)
        if slope[0] != "sum":
            index = np.ravel_multi_index(tuple(at), self.slot.shape) if at else np.zeros(weights.shape[1], dtype=int)
            self._sum += np.bincount(index, weights.sum(axis=0), len(self._sum))
            return None
        size = self.sweeps.tables.size
        bound, inside = slope[4]
        outer, inner = [size(p) for p in slope[3]], [size(p) for p in bound]
        table = _added(weights, at, outer)
        whole = [*outer, *inner]
        if len(table) * float(np.prod([float(k) for k in whole])) > MOST_NUMBERS:
            raise WorkLimit("a sum over states and actions of too many terms")
        grid = np.indices(whole).reshape(len(whole), -1)
        again = dict(zip((*slope[3], *bound), grid, strict=True))
        spread = np.repeat(table.reshape(len(table), -1), int(np.prod(inner)), axis=1)
        return self.scattered(inside, spread, again)

    def _to_values(self, slope: Symbol, weights: Array, at: Array | None) -> None:
        """What falls on D V_t(s)."""
        tables = self.sweeps.tables
        if at is None:
            raise OutsideFragment("the derivative of a value at no state")
        if tables.infinite:
            found = _added(weights, [at], [tables.states]).sum(axis=0)[None]
        else:
            steps = self.sweeps.times
            base, n = slope[2]
            found = np.zeros((steps + 1, tables.states))
            each = _added(weights, [at], [tables.states])
            if base == "rel" and len(each) in (1, steps):
                if len(each) != steps:
                    raise OutsideFragment("the derivative of a value at a time that is not known")
                found[n:n + steps] = each[:len(found) - n]
            else:
                found[n + (tables.horizon if base == "H" else 0)] = each.sum(axis=0)
        self._values[slope[1]] = self._values.get(slope[1], np.zeros_like(found)) + found

    def table(self) -> Array:
        """The derivative, in the slot's shape."""
        result = self._sum.reshape(self.slot.shape)
        for policy, falls in self._values.items():
            result = result + self._through_values(policy, falls)
        return result

    def _through_values(self, policy: str, falls: Array) -> Array:
        """Carried forward in time."""
        tables = self.sweeps.tables
        matrix, gains, ahead = tables.bellman(policy)
        gamma, moves_, gain = float(tables.gamma[0]), matrix[0], gains[0]
        if tables.infinite:
            carried = tables.ring.solved(gamma * matrix.transpose(0, 2, 1), falls)[0]
            last: Array = carried[:, None] * (gain + gamma * ahead[0] @ tables.value(policy, 0)[0])
            return last.T
        result, here = np.zeros_like(gain), np.zeros(tables.states)
        for t in range(self.sweeps.times):
            here = falls[t] + gamma * (here @ moves_)
            result += here[:, None] * (gain + gamma * ahead[0] @ tables.value(policy, t + 1)[0])
        return result.T


def _added(weights: Array, at: Sequence[Array], sizes: Sequence[int]) -> Array:
    """Weights (B, n) added up at places, (B, *sizes)."""
    if not at:
        return weights.sum(axis=1)
    index, count = np.ravel_multi_index(tuple(at), tuple(sizes)), int(np.prod(sizes))
    rows = np.stack([np.bincount(index, row, count) for row in weights])
    return rows.reshape(len(weights), *sizes)
