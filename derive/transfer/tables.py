"""The symbols of one step as tables of numbers: those of a model, and what is made of them.

A table has the ring's first axis, then one axis for each place of its symbol, in the order of the places. Sums over
states and actions inside a step are taken here; so are values with time to go, by Bellman's equations (Sutton and
Barto 2018, 3.5), backward from V_{H+1} = 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from derive.errors import NotApplicable, OutsideFragment, WorkLimit
from derive.kernel.local_sums import LOG_OF, LOG_PRIME
from derive.kernel.polynomials import NAMED, Weight
from derive.kernel.symbols import Symbol
from derive.transfer.arrays import Array, Ring

MOST_ENTRIES = 50_000_000
"""Entries of one table."""


class Tables(ABC):
    """The numbers of one model. ``gamma`` and ``m`` are (B,), ``initial`` is (B, S)."""

    ring: Ring
    states: int
    actions: int
    horizon: int
    gamma: Array
    m: Array
    infinite: bool = False
    """Whether there is no last decision; the horizon is not read then."""

    def __init__(self) -> None:
        self._known: dict[Symbol, Array] = {}
        self._values: dict[str, Array] = {}
        self._weights: dict[tuple[tuple[object, object], ...], Array] = {}

    @abstractmethod
    def given(self, what: str, name: str, sorts: str) -> Array:
        """The table of mu, P, pi, dpi, d2pi, r or f, whose arguments have these sorts: a word in s and a.

        Raises:
            OutsideFragment: for a symbol that has no numbers here.
        """

    def returned(self, t: int) -> Array:
        """What the step t gives to R(tau), a product of its steps, (B, S, A, S).

        Raises:
            OutsideFragment: where it has no numbers.
        """
        raise OutsideFragment("a power of an arbitrary return")

    def is_own(self, one: Symbol) -> bool:
        """Whether no negative number goes into the table of a symbol that is no sum."""
        return False

    def logarithm(self, table: Array, what: str) -> Array:
        """Entry by entry.

        Raises:
            OutsideFragment: for a ring without logarithms.
            Undefined: for an argument that is not positive.
        """
        raise OutsideFragment("logarithms have no numbers here")

    @cached_property
    def initial(self) -> Array:
        return self.given("mu", "", "s")

    def weight(self, weight: Weight) -> Array:
        """A polynomial in gamma and m, (B,)."""
        key = tuple(sorted(weight.items()))
        if key not in self._weights:
            result = self.ring.number(0)
            for powers, value in weight.items():
                part = self.ring.number(value)
                for name, e in powers:
                    base, what = {"gamma": (self.gamma, "the discount"), "m": (self.m, "m")}.get(str(name)) or (
                        self._named(str(name)), "a number without a value")
                    part = self.ring.reduced(part * self.ring.power(base, e, what))
                result = self.ring.reduced(result + part)
            self._weights[key] = result
        return self._weights[key]

    def _named(self, name: str) -> Array:
        """A number without a value, or its logarithm, or that of a prime, (B,)."""
        if name.startswith(LOG_PRIME):
            return self.logarithm(self.ring.number(int(name.removeprefix(LOG_PRIME))), "a number")
        if name.startswith(LOG_OF):
            return self.logarithm(self.given("f", name.removeprefix(LOG_OF), ""), "a number without a value")
        return self.given("f", name.removeprefix(NAMED), "")

    def symbol(self, one: Symbol, t: int) -> Array:
        """The table of a symbol at the step t."""
        if moves(one):
            return self._made(one, t)
        if one not in self._known:
            self._known[one] = self._made(one, t)
        return self._known[one]

    def _made(self, one: Symbol, t: int) -> Array:
        what, name, when, places, _ = one
        if what == "V":
            return self.value(name, when[1] + {"rel": t, "H": self.horizon}.get(when[0], 0))
        if what == "sum":
            return self.summed(one, lambda f: self.symbol(f, t))
        if what == "same":
            return np.repeat(np.eye(self.size(places[0]))[None], len(self.gamma), axis=0).astype(self.gamma.dtype)
        if what.startswith("log "):
            return self.logarithm(self.given(what[4:], name, sorts_of(places)), what[4:])
        if what not in ("mu", "P", "pi", "dpi", "d2pi", "r", "f"):
            raise OutsideFragment(f"the symbol {what} has no numbers here")
        return self.given(what, name, sorts_of(places))

    def summed(self, one: Symbol, read: Callable[[Symbol], Array]) -> Array:
        """The sum over its bound places of the product inside, whose tables are ``read``."""
        bound, monomial = one[4]
        order = [*one[3], *bound]
        sizes = [self.size(place) for place in order]
        if np.prod([float(size) for size in sizes]) > MOST_ENTRIES:
            raise WorkLimit("a sum over states and actions of too many terms")
        places = dict(zip(order, np.ogrid[tuple(slice(size) for size in sizes)], strict=True))
        result = np.ones_like(self.ring.number(1)).reshape(-1, *[1] * len(order))
        for f, e in monomial:  # one place may stand twice, r(s, a, s)
            at: tuple[Any, ...] = (slice(None), *(places[place] for place in f[3]))
            result = self.ring.reduced(result * self.ring.power(read(f), e, f[0])[at])
        result = np.broadcast_to(result, (len(result), *sizes))  # also along places that no factor depends on
        for _ in bound:
            result = self.ring.total(result, -1)
        return result

    def size(self, place: str) -> int:
        return self.actions if place[0] == "a" else self.states

    def value(self, policy: str, t: int) -> Array:
        """V_t of a policy, (B, S)."""
        return self.values(policy, t, 1)

    def values(self, policy: str, first: int, count: int) -> Array:
        """V_t of a policy at so many times, (times B, S); without a last decision they are one.

        Raises:
            NotApplicable: for a time that there is not.
        """
        if self.infinite:
            first, count = 0, 1
        elif not 0 <= first <= first + count - 1 <= self.horizon + 1:
            raise NotApplicable(f"V_{first if first < 0 else first + count - 1}, where H = {self.horizon}")
        if policy not in self._values:
            self._values[policy] = self.backward(policy)
        found: Array = self._values[policy][first:first + count]
        return found.reshape(-1, self.states)

    def backward(self, policy: str) -> Array:
        """V_0, ..., V_{H+1}, (H + 2, B, S); without a last decision V alone."""
        ring, n = self.ring, self.states
        if not self.infinite and (self.horizon + 2) * n * len(self.gamma) > MOST_ENTRIES:
            raise WorkLimit(f"values at {self.horizon + 2} times in {n} states")
        matrix, gain, _ = self.bellman(policy)
        choice = np.moveaxis(self.given("pi", policy, "as"), 1, 2)
        reward = ring.total(ring.reduced(choice * gain), -1)
        if self.infinite:
            return ring.solved(ring.reduced(self.gamma[:, None, None] * matrix), reward)[None]
        values = [np.zeros((max(len(reward), len(self.gamma)), n), dtype=reward.dtype)]
        for _ in range(self.horizon + 1):
            ahead = ring.product(matrix, values[-1][..., None])[..., 0]
            values.append(ring.reduced(reward + ring.reduced(self.gamma[:, None] * ahead)))
        return np.stack(values[::-1])

    def bellman(self, policy: str) -> tuple[Array, Array, Array]:
        """sum_a pi(a|s) P(x|s, a) as (B, S, S), the mean reward (B, S, A), and P(x|s, a) as (B, S, A, S)."""
        ring = self.ring
        moves = np.moveaxis(self.given("P", "", "ssa"), 1, 3)
        choice = np.moveaxis(self.given("pi", policy, "as"), 1, 2)
        gain = ring.total(ring.reduced(moves * self.given("r", "", "sas")), -1)
        return ring.total(ring.reduced(choice[..., None] * moves), 2), gain, moves


def moves(one: Symbol) -> bool:
    """Whether the table of a symbol depends on the step."""
    return (one[0] in ("V", "dV") and one[2][0] == "rel") or (one[0] == "sum" and any(moves(f) for f, _ in one[4][1]))


def sorts_of(places: tuple[str, ...]) -> str:
    """A word in s and a."""
    return "".join("a" if place[0] == "a" else "s" for place in places)
