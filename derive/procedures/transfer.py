"""One step of time on a large shape, modulo primes: matrices over (automaton state, state).

Every entry is a residue at a random point, so the value of a sum over 10^400 trajectories
is a product of small matrices. A stationary step is squared again and again; where steps
differ, values with time to go or an arbitrary return, they are walked one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from derive.errors import OutsideFragment, WorkLimit
from derive.models import Shape
from derive.procedures.automata import Monomial, Symbol
from derive.procedures.closure import Difference
from derive.procedures.coordinates import REWARD, VALUES, advantage_symbol, value_symbol
from derive.procedures.modular import Residues
from derive.procedures.paths import DYNAMICS


class Transfer:
    """The steps of one difference on a shape; random tables for its symbols, rows normalised, modulo each prime."""

    def __init__(self, difference: Difference, shape: Shape, source: np.random.Generator, primes: np.ndarray) -> None:
        self.difference, self.shape, self.source, self.primes = difference, shape, source, primes
        n, k = shape.states, shape.actions
        self.sizes: dict[str, tuple[int, ...]] = {"s": (n,), "sa": (n, k), "sax": (n, k, n)}
        self.known: dict[Symbol, np.ndarray] = {}
        self.powers: dict[tuple[Symbol, int], np.ndarray] = {}
        self._letters: dict[Monomial, np.ndarray] = {}
        self._stack: np.ndarray | None = None
        self._listed: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None = None
        self._weights: dict[str, np.ndarray] = {}
        self.gamma, self.m = self._draw(1), self._draw(1)
        self.initial = self._initial()
        symbols = {symbol for letter in (*difference.letters, *difference.ends) for symbol, _ in letter}
        self.valued = sorted({symbol[2] for symbol in symbols if symbol[1] in VALUES})
        if (difference.each and self.valued) or any(symbol[0] == "mark" for symbol in symbols):
            raise OutsideFragment("values along one trajectory, and free times, are not probed")
        for policy in self.valued:
            self.known[value_symbol(policy)] = np.zeros((len(primes), n), dtype=np.uint64)  # V_{H+1}

    def step_back(self) -> None:
        """V and A of the step before, by Bellman's equations, in place of those of this step."""
        modulus = self.primes.reshape(-1, 1, 1)
        for policy in self.valued:
            value, choice = value_symbol(policy), self.symbol(("sa", "pi", policy))
            dynamics, reward = self.symbol(DYNAMICS), self.symbol(REWARD)
            ahead = self.gamma * self.known[value] % self.primes
            gain = dynamics * ((reward + ahead[:, None, None, :]) % modulus[..., None]) % modulus[..., None]
            q = gain.sum(axis=3, dtype=np.uint64) % modulus
            v = (choice * q % modulus).sum(axis=2, dtype=np.uint64) % self.primes
            self.known |= {value: v, advantage_symbol(policy): (q + modulus - v[..., None]) % modulus}
            changed, self._stack = (value, advantage_symbol(policy)), None
            self._letters = {letter: table for letter, table in self._letters.items()
                             if not any(symbol in changed for symbol, _ in letter)}
            self.powers = {key: table for key, table in self.powers.items()
                           if key[0] not in changed}

    def _draw(self, *size: int) -> np.ndarray:
        return np.stack([self.source.integers(1, int(p), size=size, dtype=np.uint64) for p in self.primes[:, 0]])

    def _modulus(self, table: np.ndarray) -> np.ndarray:
        return self.primes.reshape(-1, *[1] * (table.ndim - 1))

    def _closing(self, table: np.ndarray, total: int) -> np.ndarray:
        """The last entry of each row replaced so that the row sums to ``total``."""
        column = self.primes.reshape(-1, *[1] * (table.ndim - 2))
        rest = table[..., :-1].sum(axis=-1, dtype=np.uint64) % column
        table[..., -1] = (column + np.uint64(total) - rest) % column
        return table

    def _initial(self) -> np.ndarray:
        return self._closing(self._draw(self.shape.states), 1)

    def symbol(self, symbol: Symbol) -> np.ndarray:
        """The table of a symbol, drawn once."""
        if symbol not in self.known:
            table = self._draw(*self.sizes[symbol[0]])
            if symbol == DYNAMICS or symbol[1] == "pi":
                table = self._closing(table, 1)
            elif symbol[1] in ("dpi", "d2pi"):
                table = self._closing(table, 0)
            self.known[symbol] = table
        return self.known[symbol]

    def power(self, symbol: Symbol, exponent: int) -> np.ndarray:
        """A table to an integer power."""
        key = (symbol, exponent)
        if key not in self.powers:
            table = self.symbol(symbol)
            modulus = self._modulus(table)
            if exponent < 0:
                table = Residues(table, modulus).inverse().values
            result = table
            for _ in range(abs(exponent) - 1):
                result = result * table % modulus
            self.powers[key] = result
        return self.powers[key]

    def of_state(self, letter: Monomial) -> np.ndarray:
        """A function of the last state."""
        result = np.ones((len(self.primes), self.shape.states), dtype=np.uint64)
        for symbol, exponent in letter:
            result = result * self.power(symbol, exponent) % self.primes
        return result

    def weight(self, polynomial: Any) -> np.ndarray:
        """A polynomial in gamma and m at the random point, (points, 1)."""
        key = str(polynomial)
        if key in self._weights:
            return self._weights[key]
        result = np.zeros((len(self.primes), 1), dtype=np.uint64)
        for (g, m), coefficient in polynomial.to_dict().items():
            values = [
                int(coefficient) * pow(int(gamma), int(g), int(p)) * pow(int(size), int(m), int(p)) % int(p)
                for gamma, size, p in zip(self.gamma[:, 0], self.m[:, 0], self.primes[:, 0], strict=True)
            ]
            result = (result + np.array(values, dtype=np.uint64)[:, None]) % self.primes
        self._weights[key] = result
        return result

    @property
    def size(self) -> int:
        """The number of automaton states."""
        places = [place for arrows in self.difference.letters.values() for pair in arrows for place in pair]
        places += [q for column in self.difference.ends.values() for q in column] + list(self.difference.start)
        return 1 + max(places, default=0)

    def value(self) -> np.ndarray:
        """The value at the random points, (points,)."""
        primes, n = self.primes, self.shape.states
        values = np.zeros((len(primes), self.size, n), dtype=np.uint64)
        for end, column in self.difference.ends.items():
            for q, weight in column.items():
                values[:, q] = (values[:, q] + self.weight(weight) * self.of_state(end)) % primes
        if self.difference.each or self.valued:
            for _ in range(self.shape.horizon + 1):
                self.step_back()
                values = self.stepped(values)
        else:
            vector = values.reshape(len(primes), self.size * n, 1)
            values = powered(self.matrix(), self.shape.horizon + 1, vector, primes).reshape(values.shape)
        result = np.zeros((len(primes), n), dtype=np.uint64)
        for q, weight in self.difference.start.items():
            result = (result + self.weight(weight) * values[:, q]) % primes
        return (result * self.initial % primes).sum(axis=1, dtype=np.uint64) % primes[:, 0]

    def matrix(self) -> np.ndarray:
        """T[(p, s), (q, x)] = sum over letters of weight(p, q) [letter](s, x), one step of time."""
        n, modulus = self.shape.states, self.primes.reshape(-1, 1, 1)
        result = np.zeros((len(self.primes), self.size, n, self.size, n), dtype=np.uint64)
        for letter, arrows in self.difference.letters.items():
            matrix = self._summed(self._table(letter))
            for (p, q), weight in arrows.items():
                block = result[:, p, :, q] + self.weight(weight)[..., None] * matrix % modulus
                result[:, p, :, q] = block % modulus
        return result.reshape(len(self.primes), self.size * n, self.size * n)

    def stepped(self, values: np.ndarray) -> np.ndarray:
        """One step back without the matrix of all states: [letter] v_q for each letter, then the weights."""
        modulus = self.primes.reshape(-1, 1, 1)
        tables = self._stacked()
        if self.difference.each:  # another indeterminate for each step tells the trajectories apart
            tables = tables * self._draw(*self.sizes["sax"])[:, None] % modulus[..., None, None]
        matrices = tables.sum(axis=3, dtype=np.uint64) % modulus[..., None]
        image = times(matrices, values.transpose(0, 2, 1)[:, None], self.primes)
        letters, sources, targets, weights = self._arrows()
        parts = weights * image[:, letters, :, targets].transpose(1, 0, 2) % modulus
        result = np.zeros_like(values)
        for p in range(self.size):
            result[:, p] = parts[:, sources == p].sum(axis=1, dtype=np.uint64) % self.primes
        return result

    def _stacked(self) -> np.ndarray:
        """The tables of all letters, (points, L, S, A, S)."""
        if self._stack is None:
            self._stack = np.stack([self._table(letter) for letter in self.difference.letters], axis=1)
        return self._stack

    def _arrows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(letter, from, to) of every arrow, by number, and its weight (points, arrows, 1)."""
        if self._listed is None:
            listed = [(number, p, q, self.weight(weight))
                      for number, arrows in enumerate(self.difference.letters.values())
                      for (p, q), weight in arrows.items()]
            numbers = np.array([(number, p, q) for number, p, q, _ in listed], dtype=np.intp)
            self._listed = (*numbers.T, np.stack([weight for *_, weight in listed], axis=1))
        return self._listed

    def _table(self, letter: Monomial) -> np.ndarray:
        """letter(s, a, x), (points, S, A, S)."""
        if letter not in self._letters:
            modulus = self.primes.reshape(-1, 1, 1, 1)
            table = np.ones((len(self.primes), *self.sizes["sax"]), dtype=np.uint64)
            for symbol, exponent in letter:
                values = self.power(symbol, exponent)
                table = table * values.reshape(*values.shape, *[1] * (4 - values.ndim)) % modulus
            self._letters[letter] = table
        return self._letters[letter]

    def _summed(self, table: np.ndarray) -> np.ndarray:
        """The sum over the action, (points, S, S)."""
        return table.sum(axis=2, dtype=np.uint64) % self.primes.reshape(-1, 1, 1)


def powered(matrix: np.ndarray, exponent: int, vector: np.ndarray, primes: np.ndarray) -> np.ndarray:
    """T^e v: step by step where that is less work, by squaring T where the horizon is long."""
    if exponent < matrix.shape[-1] // 4:
        for _ in range(exponent):
            vector = times(matrix, vector, primes)
        return vector
    while exponent:
        if exponent & 1:
            vector = times(matrix, vector, primes)
        exponent >>= 1
        matrix = times(matrix, matrix, primes) if exponent else matrix
    return vector


def times(left: np.ndarray, right: np.ndarray, primes: np.ndarray) -> np.ndarray:
    """left @ right modulo each prime, exactly in floating point.

    The left factor is cut into digits so short that a sum over all columns of digit times
    31 bits stays below 2^53, where doubles are exact and matrix products fast.
    """
    modulus, columns = primes.reshape(-1, *[1] * (left.ndim - 1)), right.astype(np.float64)
    width = 22 - int(left.shape[-1]).bit_length()
    if width < 1:
        raise WorkLimit(f"a matrix of {left.shape[-1]} columns")
    result = np.zeros((*left.shape[:-1], right.shape[-1]), dtype=np.uint64)
    for shift in reversed(range(0, 31, width)):
        digit = (left >> np.uint64(shift)) & np.uint64((1 << width) - 1)
        part = np.matmul(digit.astype(np.float64), columns).astype(np.uint64)
        result = ((result << np.uint64(width)) + part) % modulus
    return result
