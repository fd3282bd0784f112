"""An automaton of the kernel on one model, backward in time: nobody walks through the trajectories.

    y_q(s) at t = sum over arrows (q -> p by a letter) of weight * sum_{a, x} letter(s, a, x) y_p(x) at t + 1

A sum over all trajectories is so a product of matrices, one a step of time, however many trajectories there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import log2
from typing import Any

import numpy as np

from derive.errors import OutsideFragment, WorkLimit
from derive.kernel.atoms import one_atom
from derive.kernel.closure import Automaton
from derive.kernel.factors import MU, joined
from derive.kernel.polynomials import Monomial, Poly, Weight, by_key, to_the
from derive.kernel.symbols import symbol
from derive.transfer.arrays import Array
from derive.transfer.tables import Tables, moves
from derive.transfer.unfolding import plain_automaton

MOVED = symbol("P", "", ("x", "s", "a"))
A_PRODUCT = 20_000
"""What a product of a matrix and columns costs beside the operations in it."""
REMEMBERED = 1_000_000
"""Numbers that are kept of one letter."""
A_STEP = 200_000
"""What a letter costs a step, in operations of a product of large matrices."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The steps (s, a, x) that a letter is summed over, sorted by s, x, a, and the pairs (s, x) among them."""

    places: dict[str, Array]
    first: Array
    pair_s: Array
    pair_x: Array
    rows: Array
    states: int

    @property
    def dense(self) -> bool:
        return len(self.pair_s) == self.states**2


def steps_of(allowed: Array) -> Steps:
    """The steps where an array (S, A, S) is not 0."""
    s, x, a = np.nonzero(allowed.transpose(0, 2, 1))
    pairs = s * allowed.shape[0] + x
    first = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]]))
    pair_s = s[first]
    rows = np.flatnonzero(np.concatenate([[True], pair_s[1:] != pair_s[:-1]]))
    return Steps({"s": s, "a": a, "x": x}, first, pair_s, x[first], rows, allowed.shape[0])


class Transfer:
    """Reads automata at one model; what does not depend on the step is made once.

    ``support`` (S, A, S) says where P is not 0, if that is worth knowing. ``most_work`` bounds the operations.
    """

    def __init__(self, tables: Tables, support: Array | None = None, most_work: float = float("inf")) -> None:
        self.tables, self.ring, self.support = tables, tables.ring, support
        self._matrices: dict[Monomial, Array] = {}
        self._entries: dict[Monomial, Array] = {}
        self._left = most_work

    # -- one step ------------------------------------------------------------------------------------

    @cached_property
    def every_step(self) -> Steps:
        n, k = self.tables.states, self.tables.actions
        return steps_of(np.ones((n, k, n), dtype=bool))

    @cached_property
    def possible_steps(self) -> Steps:
        return self.every_step if self.support is None else steps_of(self.support)

    def steps(self, letter: Monomial) -> Steps:
        return self.possible_steps if dict(letter).get(MOVED, 0) > 0 else self.every_step

    def matrix(self, letter: Monomial, t: int, apart: Array | None = None) -> Array:
        """sum_a letter(s, a, x), times ``apart`` (B, S, A, S) if given: a column for each pair (s, x) of its steps."""
        if apart is None and letter in self._matrices:
            return self._matrices[letter]
        steps, entries = self.steps(letter), self.on_steps(letter, t)
        if apart is not None:
            at = apart[:, steps.places["s"], steps.places["a"], steps.places["x"]]
            return self.ring.segments(self.ring.reduced(entries * at), steps.first)
        result = self.ring.segments(entries, steps.first)
        if not any(moves(f) for f, _ in letter):
            self._matrices[letter] = result
        return result

    def on_steps(self, letter: Monomial, t: int) -> Array:
        """A letter at each of its steps, (B, steps)."""
        if letter in self._entries:
            return self._entries[letter]
        steps = self.steps(letter)
        self._work(len(letter) * len(steps.places["s"]))
        result = np.ones_like(self.ring.number(1))[:, None]
        for f, e in letter:
            table = self.ring.power(self.tables.symbol(f, t), e, f[0])
            places: tuple[Any, ...] = (slice(None), *(steps.places[place] for place in f[3]))
            result = self.ring.reduced(result * (table[places] if f[3] else table[:, None]))
        result = np.broadcast_to(result, (len(result), len(steps.places["s"])))
        if result.size < REMEMBERED and not any(moves(f) for f, _ in letter):
            self._entries[letter] = result
        return result

    def applied(self, letter: Monomial, matrix: Array, columns: Array) -> Array:
        """The matrix of a letter times columns (B, k, S)."""
        steps = self.steps(letter)
        self._work(A_PRODUCT + len(steps.pair_s) * columns.shape[0] * columns.shape[1])
        if steps.dense:
            square = matrix.reshape(-1, steps.states, steps.states)
            return self.ring.product(square, columns.transpose(0, 2, 1)).transpose(0, 2, 1)
        parts = self.ring.reduced(matrix[:, None, :] * columns[:, :, steps.pair_x])
        sums = self.ring.segments(parts, steps.rows)
        result = np.zeros((*sums.shape[:2], steps.states), dtype=sums.dtype)
        result[:, :, steps.pair_s[steps.rows]] = sums
        return result

    def _work(self, operations: float) -> None:
        self._left -= operations
        if self._left < 0:
            raise WorkLimit("its matrices take more than the work limit")

    # -- all steps -----------------------------------------------------------------------------------

    def value(self, one: Automaton, apart: int = 0, mu: int = 1) -> Array:
        """The sum over all trajectories, (B,), times R(tau) to the power ``apart``, mu(s_0) to the power ``mu``.

        Raises:
            OutsideFragment: for free times, and for what has no numbers.
            Undefined: for a division by 0 or the logarithm of 0.
            WorkLimit: for too many operations.
        """
        if any(f[0] == "mark" for letter in one.letters for f, _ in letter):
            raise OutsideFragment("a free time")
        if self.tables.infinite:
            return self._started(one, self._solved(one), mu)
        last = self.tables.horizon
        arrows = [(letter, *self._weights(matrix)) for letter, matrix in one.letters.items()]
        values = self.ends(one)
        if not apart and self._squares(one, len(arrows)):
            values = self._powered(arrows, values)
        else:
            for t in range(last, -1, -1):
                factor = self.ring.power(self.tables.returned(t), apart, "R") if apart else None
                values = self.stepped(arrows, values, t, factor)
        return self._started(one, values, mu)

    def _started(self, one: Automaton, values: Array, mu: int) -> Array:
        """The sum over the first state, mu(s_0) to a power."""
        result = self.ring.number(0)
        initial = self.ring.power(self.tables.initial, mu, "mu(s_0)")
        for q, weight in by_key(one.start).items():
            ended = self.ring.total(self.ring.reduced(initial * values[:, q]), -1)
            result = self.ring.reduced(result + self.ring.reduced(self.tables.weight(weight) * ended))
        return result

    def ends(self, one: Automaton) -> Array:
        """The values after the last step, (B, Q, S)."""
        size, t = max(1, len(one.states)), self.tables.horizon + 1
        zero = self.ring.number(0)
        values = np.zeros((len(zero), size, self.tables.states), dtype=zero.dtype)
        for end, column in one.ends.items():
            table = np.ones_like(values[:1, 0])
            for f, e in end:
                factor = self.ring.power(self.tables.symbol(f, t), e, f[0])
                at: tuple[Any, ...] = (slice(None), *[np.arange(self.tables.states)] * len(f[3]))
                table = self.ring.reduced(table * (factor[at] if f[3] else factor[:, None]))
            values = widened(values, len(table))
            for q, weight in by_key(column).items():
                values[:, q] = self.ring.reduced(values[:, q] + self.tables.weight(weight)[:, None] * table)
        return values

    def _weights(self, matrix: Poly) -> tuple[list[int], list[int], Array]:
        """The states that arrows leave, those that they reach, and the weights between them, (B, P, Q)."""
        arrows: dict[tuple[int, int], Weight] = by_key(matrix)
        sources, targets = (sorted({pair[k] for pair in arrows}) for k in (0, 1))
        zero = self.ring.number(0)
        table = np.zeros((len(zero), len(sources), len(targets)), dtype=zero.dtype)
        for (p, q), weight in arrows.items():
            table[:, sources.index(p), targets.index(q)] = self.tables.weight(weight)
        return sources, targets, table

    def stepped(self, arrows: Iterable[tuple[Monomial, list[int], list[int], Array]], values: Array, t: int,
                apart: Array | None = None) -> Array:
        """The values at t from those at t + 1."""
        result = np.zeros_like(values)
        for letter, sources, targets, weights in arrows:
            image = self.applied(letter, self.matrix(letter, t, apart), values[:, targets])
            part = self.ring.product(weights, image)
            result = widened(result, len(part))
            result[:, sources] = self.ring.reduced(result[:, sources] + part)
        return result

    def _solved(self, one: Automaton) -> Array:
        """The values at every step, (B, Q, S), where all steps are alike and there is no last one.

        But for loops at one state there is no cycle (``kernel.closure``): a state is solved when those that it leads
        to are. Whether the sums converge is the caller's to know.
        """
        n, leads = self.tables.states, dict[int, list[tuple[Monomial, int, Weight]]]()
        for letter, matrix in one.letters.items():
            for (p, q), weight in by_key(matrix).items():
                leads.setdefault(p, []).append((letter, q, weight))
        values = np.zeros((1, max(1, len(one.states)), n))
        for q, weight in by_key(one.ends.get((), {})).items():
            values[:, q] += self.tables.weight(weight)[:, None]
        waiting = set(leads)
        while waiting:
            ready = {p for p in waiting if not any(q in waiting and q != p for _, q, _ in leads[p])}
            if not ready:
                raise OutsideFragment("a cycle that is no loop, at an infinite horizon")
            for p in ready:
                right, loop = values[:, p], np.zeros((1, n, n))
                for letter, q, weight in leads[p]:
                    w, entries = self.tables.weight(weight), self.matrix(letter, 0)
                    if q != p:
                        right = right + w[:, None] * self.applied(letter, entries, values[:, q, None])[:, 0]
                        continue
                    steps, square = self.steps(letter), np.zeros((len(entries), n, n))
                    square[:, steps.pair_s, steps.pair_x] = entries
                    loop = loop + w[:, None, None] * square
                found = self.ring.solved(loop, right)
                values = widened(values, len(found))
                values[:, p] = found
            waiting -= ready
        return values

    def _squares(self, one: Automaton, letters: int) -> bool:
        """Whether squaring the matrix of all states is less work than walking through the steps."""
        if any(moves(f) for letter in one.letters for f, _ in letter):
            return False
        n, last = self.tables.states, self.tables.horizon + 1
        return 2 * log2(last + 1) * (len(one.states) * n) ** 3 < last * letters * (A_STEP + n * n)

    def _powered(self, arrows: list[tuple[Any, ...]], values: Array) -> Array:
        """T^(H+1) times the ends, T[(p, s), (q, x)] = sum over letters of weight(p, q) [letter](s, x)."""
        size, n = values.shape[1:]
        self._work(2 * log2(self.tables.horizon + 2) * (size * n) ** 3)
        matrix = np.zeros((1, size, n, size, n), dtype=values.dtype)
        for letter, sources, targets, weights in arrows:
            steps = self.steps(letter)
            square = np.zeros((1, n, n), dtype=values.dtype)
            found = self.matrix(letter, 0)
            square = np.repeat(square, len(found), axis=0)
            square[:, steps.pair_s, steps.pair_x] = found
            block = self.ring.reduced(weights[:, :, None, :, None] * square[:, None, :, None, :])
            matrix = widened(matrix, len(block))
            place = np.ix_(range(len(matrix)), sources, range(n), targets, range(n))
            matrix[place] = self.ring.reduced(matrix[place] + block)
        matrix, vector = matrix.reshape(len(matrix), size * n, size * n), values.reshape(-1, size * n, 1)
        exponent = self.tables.horizon + 1
        while exponent:
            if exponent & 1:
                vector = self.ring.product(matrix, vector)
            exponent >>= 1
            matrix = self.ring.product(matrix, matrix) if exponent else matrix
        return vector.reshape(-1, size, n)

    # -- polynomials in sums ----------------------------------------------------------------------------

    def polynomial(self, poly: Poly, first: int) -> Array:
        """A polynomial {(central, (numbers, monomials))} in sums over all trajectories, from a horizon on, (B,).

        Raises:
            Refused: for what the kernel does not read.
            OutsideFragment, Undefined, WorkLimit: as ``value`` does.
        """
        known: dict[Monomial, Array] = {}
        result = self.ring.number(0)
        for (numbers, sums), weight in by_key(poly).items():
            part = self.tables.weight(weight)
            for f, e in numbers:
                part = self.ring.reduced(part * self.number(f, e))
            for monomial in sums:
                if monomial not in known:
                    known[monomial] = self.sum(monomial, first)
                part = self.ring.reduced(part * known[monomial])
            result = self.ring.reduced(result + part)
        return result

    def sum(self, monomial: Monomial, first: int) -> Array:
        """The sum of a monomial over all trajectories, (B,)."""
        powers = dict(monomial)
        one = plain_automaton(monomial, first, self.tables.infinite)
        return self.value(one, powers.get(("R",), 0), powers.get(MU, 0))

    def number(self, f: tuple[Any, ...], e: int) -> Array:
        """A number to the power e H, [H >= n], or a sum of numbers over times."""
        if f[0] == "ge":
            return self.ring.number(int(self.tables.infinite or self.tables.horizon >= f[1]))
        if f[0] == "power" and f[2] == "H" and not self.tables.infinite:
            return self.tables.weight(to_the(f[1], e * self.tables.horizon))
        if f[0] == "over":
            raise OutsideFragment("a quotient by a sum, whose rounding is not bounded here")
        if f[0] == "sum":
            one, _ = one_atom(self.tables.infinite)
            return self.ring.power(self.sum(joined(one, ((f, 1),)), 0), e, "a sum over times")
        raise OutsideFragment("a free time")


def widened(array: Array, length: int) -> Array:
    """With a first axis of at least this length, where nothing differed before."""
    return np.repeat(array, length, axis=0) if len(array) < length else array
