"""How likely a false identity is to vanish at random points modulo random primes: degrees and norms of automata.

What is asked is a quotient of polynomials in the entries of the tables that are free, with integer coefficients. At a
random point modulo a prime p one that is not 0 vanishes with probability at most degree / p (Schwartz and Zippel); and
an integer that is not 0 has at most log2 of it / 30 prime factors above 2^30.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import log2, prod
from typing import Any

from derive.kernel.closure import Automaton
from derive.kernel.polynomials import Monomial, Poly, Weight, by_key
from derive.kernel.symbols import Symbol, symbol
from derive.language.models import Shape

PRIMES = 5.07e7
"""Primes between 2^30 and 2^31."""
DISTRIBUTIONS = ("mu", "P", "pi", "dpi", "d2pi")


@dataclass(frozen=True, slots=True)
class Bound:
    """``degree`` of the numerator; ``norm``, in bits, bounds the sum of the absolute values of its coefficients."""

    degree: float
    norm: float

    def bits(self, points: int) -> int:
        """-log2 of the probability that all points and primes miss a difference."""
        once = self.degree / 2**30 + self.norm / 30 / PRIMES
        return max(0, int(-points * log2(once)))


def of_automaton(one: Automaton, shape: Shape, mu: int = 1) -> Bound:
    """H + 2 times the largest step, times mu(s_0) to a power; an arbitrary return gives each step another factor.

    A reciprocal counts with its whole table in every step: the common denominator is a product of such entries.
    """
    sizes = Sizes(shape)
    start: Monomial = ((symbol("mu", "", ("s",)), mu),)
    read = [(one.start, start), *((poly, letter) for letter, poly in (*one.letters.items(), *one.ends.items()))]
    below: dict[Symbol, int] = {}
    for f, e in (pair for _, letter in read for pair in letter):
        below[f] = max(below.get(f, 0), -e)
    inverted = sum(e * sizes.degree(f) * sizes.entries(f) for f, e in below.items())
    degree = 1 + inverted + max(sizes.degree_of(letter) + power(by_key(poly).values()) for poly, letter in read)
    terms = _sum_of_powers(log2(number) + sizes.norm_of(letter) for poly, letter in read
                           if (number := size(by_key(poly).values())))
    each_step = _sum_of_powers((1, terms + log2(shape.states * shape.actions)))
    each_step += inverted * log2(2 + shape.states + shape.actions)
    return Bound((shape.horizon + 2) * degree, (shape.horizon + 2) * each_step)


def _sum_of_powers(bits: Iterable[float]) -> float:
    """log2 of the sum of 2^b, where 2^b itself may be too large for a float; at least 0."""
    listed = list(bits)
    largest = max(listed, default=0.0)
    return max(0.0, largest + log2(sum(2 ** (one - largest) for one in listed) or 1))


def of_polynomial(poly: Poly, sums: Mapping[Monomial, Bound], horizon: int) -> Bound:
    """Degrees of a product add up; norms of products are multiplied, of summands added."""
    degree = norm = 0.0
    for (numbers, factors), weight in by_key(poly).items():
        discounts = sum(abs(e) * horizon for f, e in numbers if f[0] == "gamma")
        degree = max(degree, discounts + power([weight]) + sum(sums[one].degree for one in factors))
        norm += 1 + log2(1 + size([weight])) + sum(sums[one].norm for one in factors)
    return Bound(degree, norm)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Degrees and norms of symbols on a shape."""

    shape: Shape

    def length(self, place: str) -> int:
        return self.shape.actions if place[0] == "a" else self.shape.states

    def degree(self, f: Symbol) -> float:
        """V is made of P, pi, gamma and r, once a step."""
        if f[0] == "V":
            return 4 * (self.shape.horizon + 1)
        return self.degree_of(f[4][1]) if f[0] == "sum" else 1

    def norm(self, f: Symbol) -> float:
        """In bits: an entry that closes a row is 1 minus the others, V = sum_a pi (sum_x P (r + gamma V'))."""
        if f[0] == "V":
            return (self.shape.horizon + 1) * (1 + 2 * log2(self.shape.states * self.shape.actions))
        if f[0] == "sum":
            return self.norm_of(f[4][1]) + sum(log2(self.length(place)) for place in f[4][0])
        return log2(max(self.shape.states, self.shape.actions)) if f[0] in DISTRIBUTIONS else 0.0

    def degree_of(self, letter: Monomial) -> float:
        return sum(abs(e) * self.degree(f) for f, e in letter)

    def norm_of(self, letter: Monomial) -> float:
        return sum(abs(e) * self.norm(f) for f, e in letter)

    def entries(self, f: Symbol) -> int:
        return prod(map(self.length, f[3])) * (self.shape.horizon + 2 if f[0] == "V" else 1)


def power(weights: Iterable[Weight]) -> int:
    """The degree in gamma and m, twice where a common denominator adds as much."""
    powers = [(sum(abs(e) for _, e in c), any(e < 0 for _, e in c)) for weight in weights for c in weight]
    return max((degree for degree, _ in powers), default=0) * (1 + any(inverse for _, inverse in powers))


def size(weights: Iterable[Weight]) -> float:
    """The sum of the absolute values of the numbers, denominators multiplied in."""
    numbers: list[Any] = [Fraction(value) for weight in weights for value in weight.values()]
    return float(sum(map(abs, numbers)) * prod(one.denominator for one in numbers) ** 2)
