"""A summand on one model: a walk through time that places one letter after another.

At each step some letters are placed, the functions at this step are multiplied to the law of
the step, and each letter still to come shrinks the weight. So the vector y of a table of ages
(``timeline``) is

    y = sum over the letters placed now of  weight * matrix * (y of the ages after the step),

and the only cycle is that nothing happens and a letter waits: y = (I - w M)^-1 of the rest.

**Convergence.** While something waits, M has to be the matrix of a policy (perhaps by an
importance ratio) and w at most 1 in absolute value but for a positive power of gamma: then
the sum converges absolutely for every gamma in [0, 1). On a model of rational numbers it is
enough that the *majorant*, the same walk with the absolute values of all that is multiplied,
converges: the powers of w M tend to 0 on the states from which anything is reached that is not
0. No automaton is involved, and nothing of ``convergence``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cached_property, reduce
from itertools import product
from typing import Any

from derive.errors import OutsideFragment
from derive.language.expression import Ratio
from derive.language.terms import ActionProbability
from derive.semantics import jets
from derive.semantics.jets import Jet
from derive.semantics.resolvent import Resolvent, Square, applied
from derive.semantics.rings import RingModel
from derive.semantics.summands import Function, Growth, Summand
from derive.semantics.timeline import Ages, Timeline, Turn

UNKNOWN = ("a sum over all times whose terms are not known to shrink like a power of γ, "
           "so that it is not known to converge")

ValueAt = Callable[[Function, int, int, int], Jet]
"""The jet of a function of one step at (s, a, x)."""


class NotKnownToConverge(OutsideFragment):
    """A sum over all times that is not known to converge absolutely."""


class Walk:
    """The mean of one summand on one model, as a jet; numbers around the sum are not part of it."""

    def __init__(self, summand: Summand, model: RingModel, order: int, value_at: ValueAt, *,
                 absolute: bool = False) -> None:
        self.summand, self.model, self.ring, self.order, self.value_at = summand, model, model.ring, order, value_at
        self.absolute = absolute
        self.timeline = Timeline(summand)
        self.states = self._reached() if summand.law else [0]
        self._columns: dict[Ages, list[Jet]] = {}
        self._matrices: dict[tuple[frozenset[int], frozenset[int]], Square] = {}
        self._tables: dict[Function, dict[tuple[int, int, int], Jet]] = {}

    def mean(self) -> Jet:
        """The value, with its derivatives.

        Raises:
            NotKnownToConverge: where the sum is not known to converge absolutely.
            Undefined: a function divides by 0 at a step that can be taken.
        """
        column = self._column(self.timeline.start)
        weight = self._number(self.summand.growths, lambda growth: self._shift(growth))
        chances = [self.model.mu[s] for s in self.states] if self.summand.law else [self.ring.one]
        return jets.summed([jets.scaled(weight * chance, jet) for chance, jet in zip(chances, column, strict=True)],
                           self.order, self.ring)

    def _reached(self) -> list[int]:
        """The states that the law of the trajectory can reach."""
        model, is_zero = self.model, self.ring.is_zero
        n, k = range(model.shape.states), range(model.shape.actions)
        found = [s for s in n if not is_zero(model.mu[s])]
        for s in found:  # grows as it is read
            found += [x for x in n if x not in found and any(self._possible(s, a, x) for a in k)]
        return sorted(found)

    def _possible(self, s: int, a: int, x: int) -> bool:
        is_zero, law = self.ring.is_zero, self.model.policies[str(self.summand.law)]
        return not is_zero(self.model.P[s, a, x]) and not is_zero(law[s, a][0])

    # -- what is left of the sum ----------------------------------------------------------------------

    def _column(self, ages: Ages) -> list[Jet]:
        if ages not in self._columns:
            self._columns[ages] = self._constant() if self.timeline.over(ages) else self._stepped(ages)
        return self._columns[ages]

    def _constant(self) -> list[Jet]:
        return [(self.ring.one, *(self.ring.zero,) * self.order)] * len(self.states)

    def _stepped(self, ages: Ages) -> list[Jet]:
        ring, parts, waits = self.ring, [], None
        for turn in self.timeline.turns(ages):
            if not self.timeline.alive(turn.after):
                continue
            if turn.after == ages:
                waits = turn
                continue
            ahead = applied(self._matrix(turn), self._column(turn.after), self.order, ring)
            parts.append([jets.scaled(self._weight(turn), jet) for jet in ahead])
        rest = [jets.summed(list(column), self.order, ring) for column in zip(*parts, strict=True)] if parts else [
            (ring.zero,) * (self.order + 1) for _ in self.states]
        return rest if waits is None else self._waited(waits, rest)

    def _waited(self, turn: Turn, rest: list[Jet]) -> list[Jet]:
        """The sum over how long nothing happens."""
        matrix, weight = self._matrix(turn), self._weight(turn)
        if self._shrinks(turn):
            return Resolvent(matrix, weight, len(rest), self.ring).solved(rest, self.order)
        lively = self._lively(matrix, rest) if self.absolute else self.majorant.lively_at(turn.after)
        inside = {(i, j): matrix[s, x] for (i, s), (j, x) in product(enumerate(lively), repeat=2)}
        if self.absolute and not self._tends_to_0(inside, weight):
            raise NotKnownToConverge(UNKNOWN)
        solved = Resolvent(inside, weight, len(lively), self.ring).solved([rest[s] for s in lively], self.order)
        return [solved[lively.index(s)] if s in lively else jet for s, jet in enumerate(rest)]

    @cached_property
    def majorant(self) -> Walk:
        """The same walk with absolute values."""
        if not self.ring.ordered:
            raise NotKnownToConverge(UNKNOWN)
        return Walk(self.summand, self.model, self.order, self.value_at, absolute=True)

    def lively_at(self, ages: Ages) -> list[int]:
        """The states at which what is left of the sum is not 0."""
        return [s for s, jet in enumerate(self._column(ages)) if not all(map(self.ring.is_zero, jet))]

    def _lively(self, matrix: Square, rest: list[Jet]) -> list[int]:
        """The states from which something is reached that is not 0."""
        is_zero, states = self.ring.is_zero, range(len(rest))
        found = [s for s in states if not all(map(is_zero, rest[s]))]
        for x in found:  # grows as it is read
            found += [s for s in states if s not in found and not all(map(is_zero, matrix[s, x]))]
        return sorted(found)

    def _tends_to_0(self, matrix: Square, weight: Any) -> bool:
        """Whether the powers of w M do: exactly if u = 1 + w M u has a solution u >= 1, for then w M u < u."""
        size = round(len(matrix) ** 0.5)
        resolvent = Resolvent({place: (abs(jet[0]),) for place, jet in matrix.items()}, abs(weight), size, self.ring)
        return not resolvent.singular and all(jet[0] >= 1 for jet in resolvent.solved([(self.ring.one,)] * size, 0))

    def _shrinks(self, turn: Turn) -> bool:
        """Whether the weights shrink like a power of gamma in every model."""
        number, power = self._growth(turn)
        return self._is_stochastic(turn) and ((abs(number) <= 1 and power >= 1) or (abs(number) < 1 and power >= 0))

    def _is_stochastic(self, turn: Turn) -> bool:
        """Whether the matrix of a step on which nothing happens is that of a policy."""
        if not turn.runs:
            return True
        if len(turn.runs) > 1:
            return False
        (number,) = turn.runs
        match self.summand.runs[number].function.term:
            case Ratio(args=(ActionProbability(args=(_, a, s)), ActionProbability(args=(law, b, z)))):
                return bool((a, s) == (b, z) and str(law.label) == self.summand.law)
        return False

    # -- weights and matrices ------------------------------------------------------------------------------

    def _growth(self, turn: Turn) -> tuple[Fraction, int]:
        waiting = {self.summand.letters[n - 1] for n in turn.waiting}
        number, power = Fraction(1), 0
        for growth in self.summand.growths:
            if growth.letter in waiting:
                number, power = number * growth.number, power + growth.power
        return number, power

    def _weight(self, turn: Turn) -> Any:
        weight = self._power(*self._growth(turn))
        return abs(weight) if self.absolute else weight

    def _shift(self, growth: Growth) -> int:
        """How many steps a letter's weights count before the walk does."""
        if growth.letter is None:
            return 1
        return -self.timeline.offset[1 + self.summand.letters.index(growth.letter)]

    def _number(self, growths: Iterable[Growth], times: Callable[[Growth], int]) -> Any:
        number, power = Fraction(1), 0
        for growth in growths:
            number, power = number * growth.number ** times(growth), power + growth.power * times(growth)
        return self._power(number, power)

    def _power(self, number: Fraction, power: int) -> Any:
        ring = self.ring
        result = ring.integer(number.numerator) / ring.integer(number.denominator)
        for _ in range(abs(power)):
            result = result * self.model.gamma if power > 0 else result / self.model.gamma
        return result

    def _matrix(self, turn: Turn) -> Square:
        key = (turn.functions, turn.runs)
        if key not in self._matrices:
            functions = [self.summand.functions[n] for n in sorted(turn.functions)]
            functions += [self.summand.runs[n].function for n in sorted(turn.runs)]
            entries = range(len(self.states))
            if self.summand.law is None:
                self._matrices[key] = {(0, 0): self._constant()[0]}
            else:
                self._matrices[key] = {(i, j): self._entry(functions, self.states[i], self.states[j])
                                       for i, j in product(entries, entries)}
        return self._matrices[key]

    def _entry(self, functions: list[Function], s: int, x: int) -> Jet:
        law, parts = self.model.policies[str(self.summand.law)], []
        for a in range(self.model.shape.actions):
            if self._possible(s, a, x):
                factors = [law[s, a][: self.order + 1], *(self._value(one, s, a, x) for one in functions)]
                if self.absolute:
                    factors = [tuple(map(abs, jet)) for jet in factors]
                parts.append(jets.scaled(self.model.P[s, a, x], reduce(jets.product, factors)))
        return jets.summed(parts, self.order, self.ring)

    def _value(self, function: Function, s: int, a: int, x: int) -> Jet:
        table = self._tables.setdefault(function, {})
        if (s, a, x) not in table:
            table[s, a, x] = self.value_at(function, s, a, x)
        return table[s, a, x]
