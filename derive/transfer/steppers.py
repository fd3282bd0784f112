"""All steps of an automaton over a model, one after the other: dense matrices where they are small, else by letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np

from derive.errors import OutsideFragment, WorkLimit
from derive.kernel.polynomials import Monomial, Weight
from derive.transfer.arrays import Array
from derive.transfer.automata import Steps
from derive.transfer.cotangents import MOST_NUMBERS, Arrow
from derive.transfer.tables import Tables

FEW = 6
"""Columns up to which products of a matrix with one at a time are faster than with all."""
SMALL = 320
"""States of automaton and model together up to which a step is one dense matrix."""


class Owner(Protocol):
    """Whose steps these are: its tables, the number of its steps, and what a letter and a weight are there."""

    tables: Tables
    times: int

    def steps(self, letter: Monomial) -> Steps: ...

    def number(self, weight: Weight) -> float: ...


class Steppers:
    """The matrices of one step between states of automaton and model, all times at once where they differ.

    Arrows count that are ``asked``; what stands at the states ``still`` stays.
    """

    def __init__(self, sweeps: Owner, entries: Mapping[Monomial, Array], plain: Mapping[Monomial, list[Arrow]],
                 size: int, asked: Callable[[int, int], bool], still: Iterable[int] = ()) -> None:
        self.still = sorted(still)
        self.sweeps, self.size, self.n = sweeps, size, sweeps.tables.states
        kept = {letter: [arrow for arrow in arrows if asked(*arrow[:2])] for letter, arrows in plain.items()}
        self.letters = [_Letter.of(sweeps, letter, entries[letter], arrows)
                        for letter, arrows in kept.items() if arrows]
        self.active = sorted({*self.still, *(p for arrows in kept.values() for arrow in arrows for p in arrow[:2])})
        if sum(one.data.size for one in self.letters) > MOST_NUMBERS:
            raise WorkLimit("the matrices of all steps are more than the work limit")
        self.length = max((len(one.data) for one in self.letters), default=1)
        most = len(self.active) * self.n
        self.dense = self._dense() if most <= SMALL and self.length * most**2 <= MOST_NUMBERS else None

    def _dense(self) -> Array:
        """(steps or 1, Q S, Q S), for the states of the automaton that arrows leave or reach."""
        n, size, place = self.n, len(self.active), {q: k for k, q in enumerate(self.active)}
        result = np.zeros((self.length, size, n, size, n))
        for one in self.letters:
            for (j, p), (k, q) in product(enumerate(one.sources), enumerate(one.targets)):
                if one.weights[j, k]:
                    at = (slice(None), place[int(p)], one.steps.pair_s, place[int(q)], one.steps.pair_x)
                    result[at] += one.weights[j, k] * one.data
        for q in self.still:
            result[:, place[q], range(n), place[q], range(n)] = 1.0
        return result.reshape(self.length, size * n, size * n)

    def backward(self, end: Array) -> Array:
        """y at 0..H+1, (H + 2, Q, S); without a last decision at 0 and 1, which are the same."""
        return self._swept(end, back=True)

    def forward(self, start: Array) -> Array:
        """z at 0..H+1, (H + 2, Q, S); without a last decision their sum over all times, at 0 and 1."""
        return self._swept(start, back=False)

    def _swept(self, first: Array, *, back: bool) -> Array:
        if self.sweeps.tables.infinite:
            found = self._solved(first, back=back)
            return np.stack([found, found])
        count = self.sweeps.times
        result = np.zeros((count + 1, self.size, self.n))
        result[count if back else 0] = first
        if self.dense is not None:
            flat = result[:, self.active].reshape(count + 1, -1)
            matrices = self.dense if back else self.dense.transpose(0, 2, 1)
            if self.length == 1:
                (matrix,) = matrices
                for t in range(count - 1, -1, -1) if back else range(count):
                    np.matmul(matrix, flat[t + back], out=flat[t + (not back)])
            else:
                for t in range(count - 1, -1, -1) if back else range(count):
                    np.matmul(matrices[t], flat[t + back], out=flat[t + (not back)])
            result[:, self.active] = flat.reshape(count + 1, -1, self.n)
            return result
        for t in range(count - 1, -1, -1) if back else range(count):
            total, values = result[t + (not back)], result[t + back]
            if self.still:
                total[self.still] = values[self.still]
            for letter in self.letters:
                letter.step(total, values, t, back=back)
        return result

    def _solved(self, first: Array, *, back: bool) -> Array:
        """y = end + T y, or z = start + z T. But for loops at one state there is no cycle (``kernel.closure``)."""
        n, result = self.n, first.copy()
        squares: dict[tuple[int, int], Array] = {}
        for one in self.letters:
            for (j, p), (k, q) in product(enumerate(map(int, one.sources)), enumerate(map(int, one.targets))):
                if one.weights[j, k]:
                    square = squares.setdefault((p, q), np.zeros((n, n)))
                    square[one.steps.pair_s, one.steps.pair_x] += one.weights[j, k] * one.data[0]
        ahead: dict[int, list[int]] = {}
        for p, q in squares:
            if p != q:
                ahead.setdefault(p if back else q, []).append(q if back else p)
        waiting = set(range(self.size))
        while waiting:
            ready = {p for p in waiting if not waiting & set(ahead.get(p, ()))}
            if not ready:
                raise OutsideFragment("a cycle that is no loop, at an infinite horizon")
            for p in ready:
                for q in ahead.get(p, ()):
                    result[p] += squares[p, q] @ result[q] if back else result[q] @ squares[q, p]
                if (p, p) in squares:
                    loop = squares[p, p] if back else squares[p, p].T
                    result[p] = self.sweeps.tables.ring.solved(loop[None], result[p][None])[0]
            waiting -= ready
        return result


@dataclass(frozen=True, slots=True, eq=False)
class _Letter:
    """The matrix of a letter between states of the model, and the weights of its arrows, (sources, targets)."""

    steps: Steps
    data: Array
    """(steps or 1, pairs), the pairs sorted by s."""
    sources: Array
    targets: Array
    weights: Array
    order: Array
    """The pairs, sorted by x."""
    rows: Array
    """Where each x begins in that order."""

    @staticmethod
    def of(sweeps: Owner, letter: Monomial, entries: Array, arrows: list[Arrow]) -> _Letter:
        steps = sweeps.steps(letter)
        sources, targets = sorted({p for p, _, _ in arrows}), sorted({q for _, q, _ in arrows})
        weights = np.zeros((len(sources), len(targets)))
        for p, q, weight in arrows:
            weights[sources.index(p), targets.index(q)] = sweeps.number(weight)
        order = np.zeros(0, dtype=int) if steps.dense else np.argsort(steps.pair_x, kind="stable")
        of_x = steps.pair_x[order]
        rows = np.flatnonzero(np.concatenate([[True], of_x[1:] != of_x[:-1]])) if len(of_x) else order
        return _Letter(steps, entries, np.array(sources), np.array(targets), weights, order, rows)

    def step(self, total: Array, values: Array, t: int, *, back: bool) -> None:
        """Adds T_t y, or z T_t, to ``total``."""
        data, n, steps = self.data[t if len(self.data) > 1 else 0], total.shape[1], self.steps
        into, out_of = (self.sources, self.targets) if back else (self.targets, self.sources)
        weights = self.weights if back else self.weights.T
        if steps.dense:
            matrix = data.reshape(n, n) if back else data.reshape(n, n).T
            if len(out_of) > FEW:
                total[into] += weights @ (values[out_of] @ matrix.T)
                return
            for k, q in enumerate(out_of):
                moved = matrix @ values[q]
                for j in weights[:, k].nonzero()[0]:
                    total[into[j]] += weights[j, k] * moved
            return
        if back:
            sums = np.add.reduceat(data * values[self.targets][:, steps.pair_x], steps.rows, axis=-1)
            total[self.sources[:, None], steps.pair_s[steps.rows]] += self.weights @ sums
            return
        read = self.weights.T @ values[self.sources]
        sums = np.add.reduceat((data * read[:, steps.pair_s])[:, self.order], self.rows, axis=-1)
        total[self.targets[:, None], steps.pair_x[self.order][self.rows]] += sums
