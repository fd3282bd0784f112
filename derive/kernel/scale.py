"""The automata on large shapes at random points, backward in time: cost at most linear in the horizon.

A sum over all trajectories is a product of matrices, one a step, so nobody walks through
10^400 trajectories. Here the entries are residues at random points modulo random primes:
any shape, and never a proof. ``backward`` does the same exactly on small shapes.

Where the return is arbitrary, each trajectory is a question of its own. Then R(tau) is
replaced by a product of independent indeterminates rho_t(s_t, a_t, s_{t+1}): different
trajectories get different monomials, so a combination of trajectories vanishes with
these if and only if each coefficient does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log2
from random import Random
from typing import Any

import numpy as np
from sympy import Expr

from derive.assumptions import Assumption
from derive.errors import OutsideFragment
from derive.kernel.automata import Monomial, Symbol
from derive.kernel.closure import Difference
from derive.kernel.compile import DYNAMICS
from derive.kernel.coordinates import REWARD, VALUES, advantage_symbol, value_symbol
from derive.kernel.everywhere import differences
from derive.kernel.modular import Residues, random_primes
from derive.language.horizons import is_endless
from derive.models import Shape

POINTS = 8
"""(prime, point) pairs of 31 bits; 8 of them are worth more than 4 of 61."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Both sides agreed at random points; a false identity does so with probability at most 2^-bits.

    ``bits`` is 0 where nothing was left to compare: both sides are one polynomial in one set of sums.
    """

    shape: Shape
    points: int
    bits: int

    def __str__(self) -> str:
        where = f"S={self.shape.states} A={self.shape.actions} H={self.shape.horizon}"
        if not self.bits:
            return f"the same combination of the same sums over trajectories, {where} and every other shape"
        return (f"not proved: equal at {self.points} random points modulo random 31-bit primes, {where}; "
                f"a false identity passes with probability at most 2^-{self.bits}")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The sides differ at a random point, hence on the generic model of this shape."""

    shape: Shape

    def __str__(self) -> str:
        return f"different on the generic model S={self.shape.states} A={self.shape.actions} H={self.shape.horizon}"


def probe(before: Expr, after: Expr, assumptions: Iterable[Assumption], shape: Shape, *,
          points: int = POINTS, seed: int = 0) -> Agreement | Disagreement:
    """Compare two terms at random points of one shape, however many trajectories it has.

    Raises:
        OutsideFragment: if the claim has no automaton.
    """
    if is_endless(before, after):
        raise OutsideFragment("an infinite horizon is not probed; its shapes are checked by resolvents")
    found = differences(before, after, frozenset(assumptions))
    primes = random_primes(Random(f"probe/{seed}/{shape}"), points)
    source = np.random.default_rng(seed)
    for difference in found:
        if _residue(difference, shape, source, primes).any():
            return Disagreement(shape)
    return Agreement(shape, points, min((_bits(one, shape, points) for one in found), default=0))


def _bits(difference: Difference, shape: Shape, points: int) -> int:
    """The error bound: degree over prime, plus the chance that a random prime divides the gap.

    The gap is a polynomial of degree at most D = (H + 2) d, d the largest degree of a
    letter with its weight. Its coefficients are sums of at most N = (L S A)^(H+1) products
    of at most H + 2 weights of height h, so a nonzero one has at most
    log2(N h^(H+2)) / 30 prime factors above 2^30, of the 5 * 10^7 primes drawn from.
    """
    value = 3 * (shape.horizon + 1) + 1  # of V_t in pi, P, gamma and r
    degree = max((sum(abs(e) * (value if symbol[1] in VALUES else 1) for symbol, e in letter)
                  for letter in difference.letters), default=1) + 4
    steps = shape.horizon + 2
    height = 1 + max((abs(int(c)).bit_length() for arrows in difference.letters.values()
                      for w in arrows.values() for c in w.to_dict().values()), default=1)
    terms = max(2, len(difference.letters)) * shape.states * shape.actions
    divisors = steps * (log2(terms) + height) / 30
    once = steps * degree / 2**30 + divisors / 5e7
    return int(-points * log2(once))


# -- modulo primes ----------------------------------------------------------------------------------------


def _residue(difference: Difference, shape: Shape, source: np.random.Generator, primes: np.ndarray) -> np.ndarray:
    """The value at random points, (points,): v_t = T v_{t+1} on pairs (automaton state, s)."""
    tables = _Tables(difference, shape, source, primes)
    n = shape.states
    values = np.zeros((len(primes), tables.size, n), dtype=np.uint64)
    for end, column in difference.ends.items():
        for q, weight in column.items():
            values[:, q] = (values[:, q] + tables.weight(weight) * tables.of_state(end)) % primes
    vector = values.reshape(len(primes), tables.size * n, 1)
    if difference.each or tables.valued:
        for _ in range(shape.horizon + 1):
            tables.step_back()
            vector = _matrix_times(tables.transfer(), vector, primes)
    else:
        vector = _powered(tables.transfer(), shape.horizon + 1, vector, primes)
    values = vector.reshape(len(primes), tables.size, n)
    result = np.zeros((len(primes), n), dtype=np.uint64)
    for q, weight in difference.start.items():
        result = (result + tables.weight(weight) * values[:, q]) % primes
    return (result * tables.initial % primes).sum(axis=1, dtype=np.uint64) % primes[:, 0]


def _powered(matrix: np.ndarray, exponent: int, vector: np.ndarray, primes: np.ndarray) -> np.ndarray:
    """T^e v: step by step where that is less work, by squaring T where the horizon is long."""
    if exponent < matrix.shape[-1]:
        for _ in range(exponent):
            vector = _matrix_times(matrix, vector, primes)
        return vector
    while exponent:
        if exponent & 1:
            vector = _matrix_times(matrix, vector, primes)
        exponent >>= 1
        matrix = _matrix_times(matrix, matrix, primes) if exponent else matrix
    return vector


def _matrix_times(matrix: np.ndarray, vector: np.ndarray, primes: np.ndarray) -> np.ndarray:
    """T v modulo each prime without overflow: T in 16-bit halves times 31 bits, at most 2^17 columns."""
    modulus = primes.reshape(-1, 1, 1)
    low = np.matmul(matrix & np.uint64(0xFFFF), vector)
    high = np.matmul(matrix >> np.uint64(16), vector) % modulus
    return ((high << np.uint64(16)) + low) % modulus


class _Tables:
    """Random tables for the symbols of a difference, rows normalised, modulo each prime."""

    def __init__(self, difference: Difference, shape: Shape, source: np.random.Generator, primes: np.ndarray) -> None:
        self.difference, self.shape, self.source, self.primes = difference, shape, source, primes
        n, k = shape.states, shape.actions
        self.sizes: dict[str, tuple[int, ...]] = {"s": (n,), "sa": (n, k), "sax": (n, k, n)}
        self.known: dict[Symbol, np.ndarray] = {}
        self.powers: dict[tuple[Symbol, int], np.ndarray] = {}
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
            self.powers = {key: table for key, table in self.powers.items()
                           if key[0] not in (value, advantage_symbol(policy))}

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

    def transfer(self) -> np.ndarray:
        """T[(p, s), (q, x)] = sum over letters of weight(p, q) [letter](s, x) for one step of time."""
        n = self.shape.states
        extra = self._draw(*self.sizes["sax"]) if self.difference.each else None
        result = np.zeros((len(self.primes), self.size, n, self.size, n), dtype=np.uint64)
        modulus = self.primes.reshape(-1, 1, 1)
        for letter, arrows in self.difference.letters.items():
            matrix = self._matrix(letter, extra)
            for (p, q), weight in arrows.items():
                block = result[:, p, :, q] + self.weight(weight)[..., None] * matrix % modulus
                result[:, p, :, q] = block % modulus
        return result.reshape(len(self.primes), self.size * n, self.size * n)

    def _matrix(self, letter: Monomial, extra: np.ndarray | None) -> np.ndarray:
        """[letter](s, x) = sum_a letter(s, a, x), (points, S, S)."""
        modulus = self.primes.reshape(-1, 1, 1, 1)
        table = np.ones((len(self.primes), *self.sizes["sax"]), dtype=np.uint64)
        for symbol, exponent in letter:
            values = self.power(symbol, exponent)
            table = table * values.reshape(*values.shape, *[1] * (4 - values.ndim)) % modulus
        if extra is not None:
            table = table * extra % modulus
        return table.sum(axis=2, dtype=np.uint64) % self.primes.reshape(-1, 1, 1)
