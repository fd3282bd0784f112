"""An automaton forward and backward in time: its value, and its derivative in every entry of one table.

    y_t = T_t y_{t+1}, y_{H+1} the ends        what follows,  (states of the automaton, states of the model)
    z_{t+1} = z_t T_t, z_0 the start           what leads there
    d value / d table = sum_t sum over letters with that table of  z_t (letter without it) y_{t+1}

Two sweeps give the gradient in all of theta, however many coordinates there are, for the derivative of a sum over
trajectories is linear in the table of derivatives of the policy (reverse accumulation; Griewank and Walther 2008,
chapter 3). Without a last decision both sweeps are linear systems. Everything is done twice, with the numbers and with
their absolute values, so that the rounding of a result is known; but for what is its own absolute value, as a
probability is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from derive.errors import OutsideFragment, WorkLimit
from derive.kernel.closure import Automaton, is_law
from derive.kernel.polynomials import Monomial, Weight, by_key
from derive.kernel.symbols import Symbol
from derive.transfer.arrays import Array
from derive.transfer.automata import MOVED, Steps, steps_of
from derive.transfer.contractions import MOST_AT_ONCE, Operand, at_once
from derive.transfer.cotangents import MOST_NUMBERS, Arrow, Cotangent, Slot
from derive.transfer.steppers import Steppers
from derive.transfer.tables import Tables, moves


class Sweeps:
    """The sweeps of automata over one model, by its tables; ``support`` (S, A, S) says where P is not 0.

    Those with absolute values know the ``signed`` ones of the same model, and take from them what is the same there.
    """

    def __init__(self, tables: Tables, support: Array | None, slot: Slot | None, signed: Sweeps | None = None) -> None:
        self.tables, self.support, self.slot, self.signed = tables, support, slot, signed
        self.times = 1 if tables.infinite else tables.horizon + 1
        self._known: dict[Symbol, Array] = {}
        self._own: dict[Symbol, bool] = {}
        self._last: _Swept | None = None

    # -- tables of all steps at once -------------------------------------------------------------------

    def table(self, one: Symbol) -> Array:
        """The table of a symbol, its first axis the steps, or of length 1 where it is the same at each."""
        if self.signed is not None and self.is_own(one):
            return self.signed.table(one)
        if one[0] != "sum" and (not moves(one) or self.tables.infinite):
            return self.tables.symbol(one, 0)
        if one not in self._known:
            if one[0] == "V":
                self._known[one] = self.tables.values(one[1], one[2][1], self.times)
            else:
                self._known[one] = self.summed(one)
        return self._known[one]

    def is_own(self, one: Symbol) -> bool:
        """Whether no negative number goes into the table of a symbol, so that it is its own absolute value."""
        if one not in self._own:
            self._own[one] = all(self.is_own(f) for f, _ in one[4][1]) if one[0] == "sum" else self.tables.is_own(one)
        return self._own[one]

    def summed(self, one: Symbol) -> Array:
        """The sum over its bound places of the product inside, (steps or 1, places)."""
        bound, monomial = one[4]
        timed = moves(one) and not self.tables.infinite
        found = self.contracted([], monomial, ("t", *one[3]) if timed else one[3], (*one[3], *bound))
        return found if timed else found[None]

    def contracted(self, operands: Sequence[Operand], monomial: Monomial, out: tuple[str, ...],
                   over: Sequence[str]) -> Array:
        """The product of operands and symbols, summed over all places but those of ``out``, pair by pair of arrays."""
        listed = list(operands)
        for f, e in monomial:
            table = self.tables.ring.power(self.table(f), e, f[0])
            listed.append((table, ("t", *f[3])) if len(table) > 1 else (table[0], f[3]))
        listed += [(np.ones(self.tables.size(place)), (place,)) for place in over  # also where nothing depends on it
                   if not any(place in places for _, places in listed)]
        if "t" in out and not any("t" in places for _, places in listed):
            listed.append((np.ones(self.times), ("t",)))
        timed = self.times > 1 and any("t" in places for _, places in listed)
        chunk = max(1, MOST_AT_ONCE // self.tables.states**2) if timed else self.times
        if timed and chunk < self.times:
            parts = [at_once([(array[k:k + chunk], places) if "t" in places else (array, places)
                              for array, places in listed], out) for k in range(0, self.times, chunk)]
            return np.concatenate(parts) if "t" in out else np.asarray(sum(parts))
        return at_once(listed, out)

    def product(self, monomial: Monomial, places: dict[str, Array], size: int,
                table: Callable[[Symbol], Array] | None = None) -> Array:
        """A product of symbols at places, (steps or 1, size)."""
        read, result = table or self.table, np.ones((1, size))
        for f, e in monomial:
            factor = self.tables.ring.power(read(f), e, f[0])
            at: tuple[Any, ...] = (slice(None), *(places[place] for place in f[3]))
            part = factor[at] if f[3] else factor[:, None]
            if max(len(part), len(result)) * size > MOST_NUMBERS:
                raise WorkLimit("all steps of a letter at once are more than the work limit")
            result = result * part
        return result

    @cached_property
    def every_step(self) -> Steps:
        """All pairs (s, x); what is summed over them is contracted, so that their steps are not listed."""
        n = self.tables.states
        pairs, none = np.arange(n * n), np.zeros(0, dtype=int)
        return Steps({}, none, pairs // n, pairs % n, np.arange(0, n * n, n), n)

    @cached_property
    def possible_steps(self) -> Steps:
        found = None if self.support is None else steps_of(self.support)
        return self.every_step if found is None or found.dense else found

    def steps(self, letter: Monomial) -> Steps:
        return self.possible_steps if dict(letter).get(MOVED, 0) > 0 else self.every_step

    def matrix(self, letter: Monomial) -> Array:
        """sum_a letter(s, a, x), (steps or 1, pairs)."""
        steps = self.steps(letter)
        if steps.dense:
            timed = any(moves(f) for f, _ in letter) and not self.tables.infinite
            found = self.contracted([], letter, ("t", "s", "x") if timed else ("s", "x"), ("s", "a", "x"))
            return found.reshape(-1, len(steps.pair_s))
        entries = self.product(letter, steps.places, len(steps.places["s"]))
        return np.asarray(np.add.reduceat(entries, steps.first, axis=-1))

    # -- sweeps ------------------------------------------------------------------------------------------

    def run(self, one: Automaton, mu: int) -> tuple[float, Array | None]:
        """The sum over all trajectories, mu(s_0) to a power; or its derivative in the table of the slot, if it has one.

        What follows is swept for the states that are reached behind that table, what leads there for those before it.
        The law of a trajectory from now on sums to 1.

        Raises:
            OutsideFragment: for what is not linear in the table.
            Undefined: for a division by 0 or the logarithm of 0.
            WorkLimit: for arrays that are too large.
        """
        plain, sloped = self._parted(one)
        n, size = self.tables.states, max(1, len(one.states))
        if (self.times + 1) * size * n > MOST_NUMBERS:
            raise WorkLimit("the values at all times are more than the work limit")
        bent = [(e, column) for e, column in one.ends.items() if self.slot and self.slot.degree(e)]
        slopes = [(p, q) for arrows in sloped.values() for p, q, _ in arrows]
        every = [(p, q) for arrows in plain.values() for p, q, _ in arrows]
        single = bool(sloped or bent)
        behind = _closure({q for _, q in slopes} if single else set(by_key(one.start)), every)
        before = _closure({p for p, _ in slopes} | {q for _, column in bent for q in by_key(column)},
                          [(q, p) for p, q in every])
        laws = {q for q, monomial in enumerate(one.states) if is_law(monomial)}
        initial = self.tables.ring.power(self.tables.initial, mu, "mu(s_0)")[0]
        start, end = np.zeros((size, n)), np.zeros((size, n))
        for q, weight in by_key(one.start).items():
            start[q] += self.number(weight) * initial
        flat = [(e, column) for e, column in one.ends.items() if not (self.slot and self.slot.degree(e))]
        for monomial, column in flat:
            values = self._at_end(monomial)
            for q, weight in by_key(column).items():
                end[q] += self.number(weight) * values
        swept = self.same_as_signed(one, start, end, plain)
        if swept is None:
            entries = {letter: self.matrix(letter) for letter in plain}
            y = Steppers(self, entries, plain, size, lambda p, q: p in behind and p not in laws, laws).backward(end)
            z = Steppers(self, entries, plain, size, lambda p, q: q in before).forward(start) if single else None
            swept = self._last = _Swept(one, start, end, y, z)
        y, z = swept.y, swept.z
        if self.slot is None or z is None:
            return float((start * y[0]).sum()), None
        found = Cotangent(self, self.slot)
        for letter, arrows in sloped.items():
            found.through(letter, arrows, z, y)
        for monomial, column in bent:
            found.at_end(monomial, sum((self.number(w) * z[-1, q] for q, w in by_key(column).items()), np.zeros(n)))
        return 0.0, found.table()

    def same_as_signed(self, one: Automaton, start: Array, end: Array,
                       plain: Mapping[Monomial, list[Arrow]]) -> _Swept | None:
        """The sweeps of the signed ones, if all that goes into them is the same.

        Linear systems are not: with absolute values they are solved twice (``Floats.solved``).
        """
        signed = self.signed
        last = None if signed is None or self.tables.infinite else signed._last
        if signed is None or last is None or last.automaton is not one:
            return None
        same = (all(self.is_own(f) for letter in plain for f, _ in letter)
                and all(self.number(w) == signed.number(w) for arrows in plain.values() for _, _, w in arrows)
                and np.array_equal(start, last.start) and np.array_equal(end, last.end))
        return last if same else None

    def number(self, weight: Weight) -> float:
        """A polynomial in the central symbols."""
        return float(self.tables.weight(weight)[0])

    def _at_end(self, monomial: Monomial) -> Array:
        """A function of the last state, (S,)."""
        n = self.tables.states
        places = {p: np.arange(n) for f, _ in monomial for p in f[3]}
        values: Array = self.product(monomial, places, n, lambda f: self.tables.symbol(f, self.times))[0]
        return values

    def _parted(self, one: Automaton) -> tuple[dict[Monomial, list[Arrow]], dict[Monomial, list[Arrow]]]:
        """The arrows of letters without the slot's table, and of those that are linear in it."""
        plain: dict[Monomial, list[Arrow]] = {}
        sloped: dict[Monomial, list[Arrow]] = {}
        for letter, matrix in one.letters.items():
            if any(f[0] == "mark" for f, _ in letter):
                raise OutsideFragment("a free time")
            degree = self.slot.degree(letter) if self.slot else 0
            if degree > 1:
                raise OutsideFragment("a product of two derivatives")
            (sloped if degree else plain)[letter] = [(p, q, w) for (p, q), w in by_key(matrix).items()]
        after = {q for arrows in sloped.values() for _, q, _ in arrows}
        after = _closure(after, [(p, q) for arrows in plain.values() for p, q, _ in arrows])
        if any(p in after for arrows in sloped.values() for p, _, _ in arrows):
            raise OutsideFragment("a product of two derivatives")
        return plain, sloped


@dataclass(frozen=True, slots=True, eq=False)
class _Swept:
    """Both sweeps of an automaton, and where they began; no forward one where no derivative asks for it."""

    automaton: Automaton
    start: Array
    end: Array
    y: Array
    z: Array | None


def _closure(found: set[int], arrows: Sequence[tuple[int, int]]) -> set[int]:
    """The states that arrows lead to from some, these included."""
    while more := {q for p, q in arrows if p in found} - found:
        found = found | more
    return found
