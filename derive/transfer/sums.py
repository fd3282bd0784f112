"""Polynomials in sums over trajectories at one instance in floats: numbers, gradients, functions of free places.

A gradient is the derivative of the polynomial in the table of D pi, carried to theta by the softmax; a function of free
states and actions is the derivative of its sum against a test function, in the table of the test function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from derive.errors import OutsideFragment, Undefined
from derive.kernel.contexts import Context
from derive.kernel.factors import joined
from derive.kernel.polynomials import Monomial, Poly, Refused, Weight, by_key, to_the
from derive.kernel.reading import TEST, one_atom
from derive.kernel.terms import Malformed, Term, Tuple
from derive.kernel.unfolding import MU
from derive.numeric.instances import Instance
from derive.numeric.tabular import FloatArray, softmax
from derive.transfer.arrays import Array
from derive.transfer.automata import plain_automaton, sums_of
from derive.transfer.cotangents import Cotangent, Slot
from derive.transfer.floats import SPARSE, Amount, AtInstance
from derive.transfer.sweeps import Sweeps

Pair = Array
"""(2, ...): a value, and the sum of the absolute values that went into it."""


def value_at(context: Context, side: Term, instance: Instance, *, rank: int, places: Sequence[Tuple] = ()) -> Amount:
    """The values of a side: (), or the gradient (S, A), for each value of the free ``places`` in front.

    What the side owes is the caller's to ask, and so is whether the instance is one of the context's class.

    Raises:
        OutsideFragment: for what the kernel does not read as a polynomial in sums, and for rank 2.
        NotApplicable: where the term asks for a time or a sample that there is not.
        Undefined: for a division by 0 or the logarithm of 0.
        WorkLimit: for arrays that are too large.
    """
    if rank > 1:
        raise OutsideFragment("a matrix of second derivatives")
    shape = replace(instance.mdp.shape, samples=instance.samples)
    try:
        poly, first = sums_of(context, side, shape, places)
        if not places:
            return _side(instance, context.infinite, rank).amount(poly, first)
        letters = sorted(places, key=lambda x: f"{x[0][0]}.{x[1]}")
        sizes = tuple(instance.mdp.actions if x[0] == "action" else instance.mdp.states for x in letters)
        sorts = tuple(x[0] for x in letters)
        order = [letters.index(x) for x in places]
        if not rank:
            tested = _with_test(instance, sorts, np.ones(sizes))  # it is differentiated in the test function
            found = Sums(tested, context.infinite, Slot(is_test, sizes)).amount(poly, first)
            return Amount(found.value.transpose(order), found.size.transpose(order))
        parts = []
        for place in np.ndindex(*sizes):
            one = np.zeros(sizes)
            one[place] = 1.0
            parts.append(_side(_with_test(instance, sorts, one), context.infinite, rank).amount(poly, first))
        kept = [*order, len(sizes), len(sizes) + 1]
        value, size = (np.stack([getattr(part, name) for part in parts]).reshape(*sizes, *parts[0].value.shape)
                       .transpose(kept) for name in ("value", "size"))
        return Amount(value, size)
    except (Refused, Malformed) as refused:
        raise OutsideFragment(str(refused)) from None


def is_test(symbol: Tuple) -> bool:
    return bool(symbol[:2] == ("f", TEST))


def is_slope(symbol: Tuple) -> bool:
    return symbol[0] in ("dpi", "dV")


def _with_test(instance: Instance, sorts: tuple[str, ...], table: FloatArray) -> Instance:
    return replace(instance, functions={**instance.functions, (TEST, sorts): table})


def _side(instance: Instance, infinite: bool, rank: int) -> Sums:
    # the places of D pi(a|s) are (a, s)
    slot = Slot(is_slope, (instance.mdp.actions, instance.mdp.states)) if rank else None
    return Sums(instance, infinite, slot)


class Sums:
    """Sums over trajectories at one instance, each once, and polynomials in them."""

    def __init__(self, instance: Instance, infinite: bool, slot: Slot | None) -> None:
        possible = instance.mdp.P > 0
        support = possible if possible.mean() < SPARSE else None
        none = np.zeros((0, instance.mdp.states, instance.mdp.actions))
        self.instance, self.infinite, self.slot = instance, infinite, slot
        self.sweeps = [Sweeps(AtInstance(instance, none, absolute=absolute, infinite=infinite), support, slot)
                       for absolute in (False, True)]
        self._known: dict[tuple[Monomial, int], tuple[Pair, Pair | None]] = {}

    def amount(self, poly: Poly, first: int) -> Amount:
        """A polynomial, or its derivative in the slot's table; that in the table of D pi as a gradient in theta."""
        value, slope = self.polynomial(poly, first)
        if self.slot is None:
            return Amount(value[0], value[1])
        if not self.slot.holds(("dpi", "", (), (), ())):
            return Amount(slope[0], slope[1])
        policy = softmax(self.instance.theta)
        found, size = slope[0].T, slope[1].T
        value = policy * (found - (policy * found).sum(axis=1, keepdims=True))
        around = (policy * size).sum(axis=1, keepdims=True) - policy * size
        return Amount(value, policy * ((1 - policy) * size + around))

    def polynomial(self, poly: Poly, first: int) -> tuple[Pair, Pair]:
        """The value (2,) and the slope (2, *slot); a polynomial with a slope is one throughout.

        Raises:
            OutsideFragment: for a summand with no slope, or with two.
        """
        value = np.zeros(2)
        slope = np.zeros((2, *self.slot.shape)) if self.slot else value
        for (numbers, sums), weight in by_key(poly).items():
            part, bent = self.weight(weight), list[Pair]()
            for found, table in [*(self.number(f, e) for f, e in numbers), *(self.sum(one, first) for one in sums)]:
                if table is None:
                    part = part * found
                else:
                    bent.append(table)
            if self.slot is None:
                value = value + part
            elif len(bent) == 1:
                slope = slope + bent[0] * part.reshape(2, *[1] * len(self.slot.shape))
            else:
                raise OutsideFragment("a product of two derivatives" if bent else "a gradient that is no derivative")
        return value, slope

    def weight(self, weight: Weight) -> Pair:
        return np.array([one.number(weight) for one in self.sweeps])

    def sum(self, monomial: Monomial, first: int) -> tuple[Pair, Pair | None]:
        """The sum of a monomial over all trajectories and its slope, if it has one."""
        if (monomial, first) not in self._known:
            one = plain_automaton(monomial, first, self.infinite)
            found = [sweeps.run(one, dict(monomial).get(MU, 0)) for sweeps in self.sweeps]
            self._known[monomial, first] = _paired(found)
        return self._known[monomial, first]

    def number(self, f: Tuple, e: int) -> tuple[Pair, Pair | None]:
        """What depends on no trajectory: [H >= n], a number to the power e H, a quotient, a function of free places."""
        tables = self.sweeps[0].tables
        if f[0] == "ge":
            return np.full(2, float(self.infinite or tables.horizon >= f[1])), None
        if f[0] == "power" and f[2] == "H" and not self.infinite:
            return self.weight(to_the(f[1], e * tables.horizon)), None
        if f[0] == "at":
            monomial = ((f[1], e),)
            if self.slot and self.slot.degree(monomial):
                return np.ones(2), np.stack([self._slope(one, monomial) for one in self.sweeps])
            return np.array([one.product(monomial, {}, 1)[0, 0] for one in self.sweeps]), None
        if f[0] == "sum":
            one, _ = one_atom(self.infinite)
            found, _ = self.sum(joined(one, ((f, 1),)), 0)
            return (found if e > 0 else inverse(found)) ** abs(e), None
        if f[0] == "over":
            return self.quotient(dict(f[1])) ** e, None
        raise OutsideFragment("a free time")

    def quotient(self, below: Poly) -> Pair:
        """1 over a polynomial. Raises as ``inverse`` does."""
        poly: Any = {(c, (numbers, tuple(one for one, _ in atoms))): v for (c, (numbers, atoms)), v in below.items()}
        aside = Sums(self.instance, self.infinite, None) if self.slot else self
        return inverse(aside.polynomial(poly, 0)[0])

    def _slope(self, sweeps: Sweeps, monomial: Monomial) -> Array:
        assert self.slot is not None
        found = Cotangent(sweeps, self.slot)
        found.alone(monomial)
        return found.table()


def inverse(pair: Pair) -> Pair:
    """1 over a number; a relative error of the number is one of the inverse.

    Raises:
        Undefined: where the number is 0, or lost in rounding.
    """
    value, size = pair
    if abs(value) <= np.finfo(float).eps * size:
        raise Undefined("a division by a sum that is 0, or lost in rounding.")
    return np.array([1 / value, size / value**2])


def _paired(found: list[tuple[float, Array | None]]) -> tuple[Pair, Pair | None]:
    (value, slope), (size, slope_size) = found
    if slope is None or slope_size is None:
        return np.array([value, size]), None
    return np.array([value, size]), np.stack([slope, slope_size])

