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
from derive.kernel.polynomials import Monomial, Weight
from derive.kernel.symbols import Symbol
from derive.transfer.arrays import Array
from derive.transfer.automata import Steps
from derive.transfer.contractions import Operand
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
    """What a cotangent asks of the sweeps: tables of all steps at once, contracted, and numbers."""

    tables: Tables
    times: int

    def steps(self, letter: Monomial) -> Steps:
        """The steps that a letter is summed over."""

    def product(self, monomial: Monomial, places: dict[str, Array], size: int) -> Array:
        """A product of symbols at places, (steps or 1, size)."""

    def contracted(self, operands: Sequence[Operand], monomial: Monomial, out: tuple[str, ...],
                   over: Sequence[str]) -> Array:
        """The product of operands and symbols, summed over all places but those of ``out``."""

    def number(self, weight: Weight) -> float:
        """A polynomial in the central symbols."""


class Cotangent:
    """The derivative in the slot's table, added up; what falls on derivatives of values is carried on to the table."""

    def __init__(self, sweeps: Reader, slot: Slot) -> None:
        self.sweeps, self.slot = sweeps, slot
        self._sum = np.zeros(slot.shape)
        self._values: dict[str, Array] = {}

    def through(self, letter: Monomial, arrows: Sequence[Arrow], z: Array, y: Array) -> None:
        """What the steps with one letter add."""
        steps, sweeps = self.sweeps.steps(letter), self.sweeps
        slope, rest = self._parted(letter)
        targets = sorted({q for _, q, _ in arrows})
        before = np.zeros((sweeps.times, len(targets), sweeps.tables.states))
        for p, q, weight in arrows:
            before[:, targets.index(q)] += sweeps.number(weight) * z[:-1, p]
        after, moving = y[1:, targets], any(moves(f) for f, _ in letter) and not sweeps.tables.infinite
        if steps.dense:
            still = bool((after == after[0]).all())  # the law of what follows sums to 1 at every step
            along: list[Operand] = [(before, ("t", "q", "s")),
                                    (after[0], ("q", "x")) if still else (after, ("t", "q", "x"))]
            if not moving:
                flat = [array.reshape(-1, sweeps.tables.states) for array in (before, after)]
                along = [(flat[0].T @ flat[1], ("s", "x"))]
            out = ("t", *slope[3]) if self._timed(slope) else slope[3]
            table = sweeps.contracted(along, rest, out, ("s", "a", "x"))
            return self.fell(slope, table if self._timed(slope) else table[None])
        if (sweeps.times if moving else 1) * len(steps.places["s"]) > MOST_NUMBERS:
            raise WorkLimit("all steps of a letter at once are more than the work limit")
        pairs = sum((before[:, j][:, steps.pair_s] * after[:, j][:, steps.pair_x] for j in range(len(targets))),
                    np.zeros((sweeps.times, len(steps.pair_s))))
        count = np.diff(np.append(steps.first, len(steps.places["s"])))
        weights = np.repeat(pairs if moving else pairs.sum(axis=0, keepdims=True), count, axis=1)
        weights = weights * sweeps.product(rest, steps.places, weights.shape[1])
        return self.fell(slope, _added(weights if self._timed(slope) else weights.sum(axis=0, keepdims=True),
                                       [steps.places[place] for place in slope[3]],
                                       [sweeps.tables.size(place) for place in slope[3]]))

    def at_end(self, monomial: Monomial, weights: Array) -> None:
        """What a function of the last state adds, with weights (S,)."""
        slope, rest = self._parted(monomial)
        if len(slope[3]) > 1 or self._timed(slope):
            raise OutsideFragment("a derivative in several places of the last state")
        at = {p: np.arange(len(weights)) for f, _ in monomial for p in f[3]}
        found = weights * self.sweeps.product(rest, at, len(weights))[0]
        self.fell(slope, found[None] if slope[3] else found.sum()[None])

    def alone(self, monomial: Monomial) -> None:
        """What a product at no step adds."""
        slope, rest = self._parted(monomial)
        self.fell(slope, self.sweeps.product(rest, {}, 1)[0])

    def _parted(self, monomial: Monomial) -> tuple[Symbol, Monomial]:
        """The factor that holds the table, and the others."""
        (slope,) = (f for f, _ in monomial if self.slot.degree(((f, 1),)))
        return slope, tuple(x for x in monomial if x[0] != slope)

    def _timed(self, slope: Symbol) -> bool:
        """Whether what falls on a symbol has to be known for each step."""
        return moves(slope) and not self.sweeps.tables.infinite

    def fell(self, slope: Symbol, table: Array) -> None:
        """Adds what falls on a symbol, (steps or 1, the sizes of its places), to the table that it holds."""
        if slope[0] == "dV":
            return self._to_values(slope, table)
        if slope[0] != "sum":
            self._sum += table.sum(axis=0)
            return None
        bound, inside = slope[4]
        inner, rest = self._parted(inside)
        timed = self._timed(slope)
        spread: Operand = (table, ("t", *slope[3])) if timed else (table.sum(axis=0), slope[3])
        out = ("t", *inner[3]) if self._timed(inner) else inner[3]
        found = self.sweeps.contracted([spread], rest, out, (*slope[3], *bound))
        return self.fell(inner, found if self._timed(inner) else found[None])

    def _to_values(self, slope: Symbol, table: Array) -> None:
        """What falls on D V_t(s)."""
        tables, steps = self.sweeps.tables, self.sweeps.times
        if not slope[3]:
            raise OutsideFragment("the derivative of a value at no state")
        base, n = slope[2]
        found = np.zeros((1 if tables.infinite else steps + 1, tables.states))
        if tables.infinite:
            found[0] = table.sum(axis=0)
        elif base == "rel":
            found[n:n + steps] = table[:len(found) - n]
        else:
            found[n + (tables.horizon if base == "H" else 0)] = table.sum(axis=0)
        self._values[slope[1]] = self._values.get(slope[1], np.zeros_like(found)) + found

    def table(self) -> Array:
        """The derivative, in the slot's shape."""
        result = self._sum
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
        turned: Array = result.T
        return turned


def _added(weights: Array, at: Sequence[Array], sizes: Sequence[int]) -> Array:
    """Weights (B, n) added up at places, (B, *sizes)."""
    if not at:
        summed: Array = weights.sum(axis=1)
        return summed
    index, count = np.ravel_multi_index(tuple(at), tuple(sizes)), int(np.prod(sizes))
    rows = np.stack([np.bincount(index, row, count) for row in weights])
    return rows.reshape(len(weights), *sizes)
