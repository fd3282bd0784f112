"""Polynomials in sums over trajectories at one instance in floats: numbers, gradients, functions of free places.

A gradient is the derivative of the polynomial in the table of D pi, carried to theta by the softmax; a function of free
states and actions is the derivative of its sum against a test function, in the table of the test function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from derive.errors import NotApplicable, OutsideFragment, Undefined
from derive.kernel.atoms import one_atom
from derive.kernel.closure import Automaton
from derive.kernel.contexts import Context
from derive.kernel.factors import MU, joined
from derive.kernel.polynomials import Monomial, Poly, Refused, Weight, by_key, put, to_the
from derive.kernel.reading import TEST
from derive.kernel.terms import Malformed, Term, Tuple, subterms
from derive.numeric.instances import Instance
from derive.numeric.tabular import FloatArray, softmax
from derive.procedures.refusals import missing
from derive.transfer.arrays import Array
from derive.transfer.cotangents import Cotangent, Slot
from derive.transfer.floats import SPARSE, Amount, AtInstance
from derive.transfer.sweeps import Sweeps
from derive.transfer.unfolding import plain_automaton, plain_automaton_of, polynomial_of

Pair = Array
"""(2, ...): a value, and the sum of the absolute values that went into it."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A side as the kernel reads it, for any instance: automata for the powers of mu(s_0) of a combination of sums,

    and what else there is, a polynomial in sums {(central, (numbers, monomials))}.
    """

    context: Context
    rank: int
    places: tuple[Tuple, ...]
    first: int
    samples: int
    combined: tuple[tuple[int, Automaton], ...]
    rest: Mapping[Any, Any]
    automata: Mapping[Monomial, Automaton]

    def at(self, instance: Instance) -> Amount:
        """The values at an instance: (), or the gradient (S, A), for each value of the free ``places`` in front.

        Raises:
            OutsideFragment: for what has no numbers.
            NotApplicable: where the term asks for a time or a sample that there is not.
            Undefined: for a division by 0 or the logarithm of 0.
            WorkLimit: for arrays that are too large.
        """
        infinite = self.context.infinite
        if (not infinite and self.first > instance.mdp.horizon) or self.samples > instance.samples:
            raise NotApplicable(f"it is defined from H = {self.first} and m = {self.samples} on")
        mdp, letters = instance.mdp, sorted(self.places, key=lambda x: f"{x[0][0]}.{x[1]}")
        sizes = tuple(mdp.actions if x[0] == "action" else mdp.states for x in letters)
        sorts, order = tuple(x[0] for x in letters), [letters.index(x) for x in self.places]
        slope = Slot(is_slope, (mdp.actions, mdp.states)) if self.rank else None  # the places of D pi(a|s) are (a, s)
        try:
            if not letters:
                return Sums(instance, self, slope).amount()
            if not self.rank:
                tested = _with_test(instance, sorts, np.ones(sizes))  # it is differentiated in the test function
                found = Sums(tested, self, Slot(is_test, sizes)).amount()
                return Amount(found.value.transpose(order), found.size.transpose(order))
            parts = [Sums(_with_test(instance, sorts, one), self, slope).amount() for one in _each(sizes)]
        except (Refused, Malformed) as refused:
            raise OutsideFragment(missing(str(refused)).says) from None
        kept = [*order, len(sizes), len(sizes) + 1]
        value, size = (np.stack([getattr(part, name) for part in parts]).reshape(*sizes, *parts[0].value.shape)
                       .transpose(kept) for name in ("value", "size"))
        return Amount(value, size)


def formula(context: Context, side: Term, *, rank: int, places: Sequence[Tuple] = ()) -> Formula:
    """Read a side once; what it owes is the caller's to ask, and so is whether an instance is one of the context's.

    Raises:
        OutsideFragment: for what the kernel does not read as a polynomial in sums, for rank 2, and for traces.
    """
    if rank > 1:
        raise OutsideFragment("a matrix of second derivatives")
    if any(x[0] == "trace" for x in subterms(side)):
        raise OutsideFragment("an inner product of gradients")
    try:
        poly, found = polynomial_of(context, side, places)
        parts: dict[int, Poly] = {}
        rest: Poly = {}
        for (c, (numbers, sums)), v in poly.items():
            if numbers or len(sums) != 1:
                put(rest, (c, (numbers, sums)), v)
            else:
                put(parts.setdefault(dict(sums[0]).get(MU, 0), {}), (c, sums[0]), v)
        combined = tuple((mu, plain_automaton_of(part, mu, found.first, context.infinite))
                         for mu, part in sorted(parts.items()))
        asked = {one for _, (_, sums) in rest for one in sums}
        automata = {one: plain_automaton(one, found.first, context.infinite) for one in sorted(asked)}
    except (Refused, Malformed) as refused:
        raise OutsideFragment(missing(str(refused)).says) from None
    return Formula(context, rank, tuple(places), found.first, found.samples, combined, MappingProxyType(rest),
                   MappingProxyType(automata))


def _each(sizes: tuple[int, ...]) -> Iterator[FloatArray]:
    """The tables with one entry 1 and no other, in the order of the entries."""
    for place in np.ndindex(*sizes):
        table = np.zeros(sizes)
        table[place] = 1.0
        yield table


def is_test(symbol: Tuple) -> bool:
    return bool(symbol[0] == "f" and symbol[1].startswith(TEST))


def is_slope(symbol: Tuple) -> bool:
    return symbol[0] in ("dpi", "dV")


def _with_test(instance: Instance, sorts: tuple[str, ...], table: FloatArray) -> Instance:
    return replace(instance, functions={**instance.functions, (f"{TEST}0", sorts): table})


class Sums:
    """The sums of a formula at one instance, each once, and the polynomial in them."""

    def __init__(self, instance: Instance, of: Formula, slot: Slot | None) -> None:
        possible = instance.mdp.P > 0
        support = possible if possible.mean() < SPARSE else None
        none = np.zeros((0, instance.mdp.states, instance.mdp.actions))
        self.instance, self.formula, self.slot, self.infinite = instance, of, slot, of.context.infinite
        signed = AtInstance(instance, none, infinite=self.infinite)
        absolute = AtInstance(instance, none, infinite=self.infinite, absolute=True, signed=signed)
        first = Sweeps(signed, support, slot)
        self.sweeps = [first, Sweeps(absolute, support, slot, first)]
        self._known: dict[Monomial, tuple[Pair, Pair | None]] = {}

    def amount(self) -> Amount:
        """The formula, or its derivative in the slot's table; that in the table of D pi as a gradient in theta."""
        value, slope = self.polynomial(dict(self.formula.rest))
        for mu, one in self.formula.combined:
            found, table = _paired([sweeps.run(one, mu) for sweeps in self.sweeps])
            value = value + found
            if table is not None:
                slope = slope + table
            elif self.slot is not None and found[1]:
                raise OutsideFragment("a gradient that is no derivative")
        if self.slot is None:
            return Amount(value[0], value[1])
        if not self.slot.holds(("dpi", "", (), (), ())):
            return Amount(slope[0], slope[1])
        # D pi(b|s) / D theta(s, a) = pi(b|s) ([a = b] - pi(a|s)): the sum over b != a of pi_a pi_b (G_a - G_b)
        policy, (found, size) = softmax(self.instance.theta), (part.T for part in slope)
        both = policy[:, :, None] * policy[:, None, :] * (1 - np.eye(policy.shape[1]))
        return Amount((both * (found[:, :, None] - found[:, None, :])).sum(axis=2),
                      (both * (size[:, :, None] + size[:, None, :])).sum(axis=2))

    def polynomial(self, poly: Poly) -> tuple[Pair, Pair]:
        """The value (2,) and the slope (2, *slot); a polynomial with a slope is one throughout.

        Raises:
            OutsideFragment: for a summand with no slope, or with two.
        """
        value = np.zeros(2)
        slope = np.zeros((2, *self.slot.shape)) if self.slot else value
        for (numbers, sums), weight in by_key(poly).items():
            part, bent = self.weight(weight), list[Pair]()
            for found, table in [*(self.number(f, e) for f, e in numbers), *(self.sum(one) for one in sums)]:
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

    def sum(self, monomial: Monomial) -> tuple[Pair, Pair | None]:
        """The sum of a monomial over all trajectories and its slope, if it has one."""
        if monomial not in self._known:
            one = self.formula.automata.get(monomial) or plain_automaton(monomial, 0, self.infinite)
            self._known[monomial] = _paired([sweeps.run(one, dict(monomial).get(MU, 0)) for sweeps in self.sweeps])
        return self._known[monomial]

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
            found, _ = self.sum(joined(one, ((f, 1),)))
            return (found if e > 0 else inverse(found)) ** abs(e), None
        if f[0] == "over":
            return self.quotient(dict(f[1])) ** e, None
        raise OutsideFragment("a free time")

    def quotient(self, below: Poly) -> Pair:
        """1 over a polynomial. Raises as ``inverse`` does."""
        poly: Any = {(c, (numbers, tuple(one for one, _ in atoms))): v for (c, (numbers, atoms)), v in below.items()}
        aside = Sums(self.instance, self.formula, None) if self.slot else self
        return inverse(aside.polynomial(poly)[0])

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

