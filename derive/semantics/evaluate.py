"""term x model x indices -> ring element: the exact meaning of every node.

A term is turned once per model into nested closures; one row of ``_ROWS`` a node.
``order`` is the highest derivative that is asked for and ``low`` the lowest: below a
gradient the value of a logarithm is never asked, so it need not exist in the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

from sympy import Expr, Integer, Rational

from derive.errors import NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.binding import Index
from derive.language.definitions import resolved
from derive.language.dependence import depends_on_theta
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.horizons import is_endless
from derive.language.terms import (
    Action,
    ActionAt,
    ActionProbability,
    ActionValue,
    Advantage,
    Applied,
    Batch,
    Defined,
    Discount,
    Expect,
    Grad,
    Initial,
    Log,
    Objective,
    Outer,
    Prod,
    Return,
    Reward,
    Same,
    SampleSize,
    State,
    StateAt,
    StateValue,
    Time,
    Total,
    Trace,
    Trajectory,
    TrajectoryProbability,
    Transition,
    Var,
)
from derive.language.typing import TIME, refuse_foreign, sort_of
from derive.semantics import jets
from derive.semantics.indices import Environment
from derive.semantics.jets import Jet
from derive.semantics.quantities import Quantities
from derive.semantics.remembering import Meaning, computed_once, reads
from derive.semantics.rings import RingModel
from derive.semantics.samples import Sampling
from derive.semantics.values import Values

MOST_EXPONENT = 1_000
MOST_WORDS = 8_000_000
"""Words of memory for the values of a term at all places of its free indices; the work takes some times more."""


class Evaluator(Quantities):
    """The meaning of terms on one model; ``possible_only`` narrows sums over trajectories."""

    def __init__(self, model: RingModel, *, possible_only: bool = False) -> None:
        self.model, self.ring, self.possible_only = model, model.ring, possible_only
        self._compiled: dict[tuple[Expr, int, int], Meaning] = {}
        self._indices: dict[Index, Index] = {}
        self._values: dict[tuple[str, int], Values] = {}

    def value(self, term: Expr, environment: Environment) -> Any:
        """The ring element that ``term`` denotes; of a gradient, its part along the direction.

        Raises:
            NotApplicable: the term asks for an index that this shape does not have.
            Undefined: a denominator is 0 at this model.
            OutsideFragment: a node has no meaning in this ring.
            NotATerm: a part is not of this language.
        """
        return self.values(term, list(environment), [tuple(environment.values())])[0]

    def values(self, term: Expr, indices: Sequence[Index], places: Iterable[tuple[Any, ...]]) -> list[Any]:
        """``value`` at each of ``places``, the values of the ``indices``: they are looked up once."""
        if (term, 0, 0) not in self._compiled:
            refuse_foreign(term)  # below a gradient it would be a constant: theta does not occur in it
        keys, meaning = [self._same(index) for index in indices], self.meaning(term, 0, 0)
        found, size = [], 0
        for place in places:
            self.ring.begin()
            try:
                found.append(meaning(dict(zip(keys, place, strict=True)))[0])
            except ZeroDivisionError:
                raise Undefined(f"{term} divides by 0 here") from None
            size += self.ring.size(found[-1])
            if size > MOST_WORDS:
                raise WorkLimit(f"its values at all places exceed {MOST_WORDS:,} words")
        return found

    def meaning(self, term: Expr, order: int, low: int) -> Meaning:
        """The closure that computes the jet of ``term``, remembered."""
        key = (term, order, low)
        if key not in self._compiled:
            meaning = self._constant_or_row(term, order, low)
            self._compiled[key] = meaning if term.free_symbols or not term.args else computed_once(meaning)
        return self._compiled[key]

    def _constant_or_row(self, term: Expr, order: int, low: int) -> Meaning:
        if order == 0 or depends_on_theta(term):
            return self._row(term, order, low)
        padding = (self.ring.zero,) * order
        if low > 0:
            return lambda environment: (None, *padding)
        value = self.meaning(term, 0, 0)
        return lambda environment: (value(environment)[0], *padding)

    def _row(self, term: Expr, order: int, low: int) -> Meaning:
        for kind in type(term).__mro__:
            row = _ROWS.get(kind)
            if row is not None:
                return row(self, term, order, low)
        if sort_of(term) == TIME:
            return self._number(term, order)
        raise OutsideFragment(f"{term} has no exact value here")

    # -- numbers ---------------------------------------------------------------------------------

    def _number(self, term: Expr, order: int) -> Meaning:
        if isinstance(term, Rational) and not isinstance(term, Integer):
            constant = self.ring.integer(int(term.p)) / self.ring.integer(int(term.q))
            return self._padded(order, lambda environment: constant)
        whole = self.whole(term)
        return self._padded(order, lambda environment: self.ring.integer(whole(environment)))

    # -- ring operations -----------------------------------------------------------------------

    def _plus(self, term: Expr, order: int, low: int) -> Meaning:
        parts = [self.meaning(argument, order, low) for argument in term.args]
        return lambda environment: jets.summed([part(environment) for part in parts], order, self.ring)

    def _times(self, term: Expr, order: int, low: int) -> Meaning:
        fixed = [self.meaning(a, 0, 0) for a in term.args if not depends_on_theta(a)]
        thetas = [argument for argument in term.args if depends_on_theta(argument)]
        moving = [self.meaning(a, order, low if len(thetas) == 1 else 0) for a in thetas]
        padding = (self.ring.zero,) * order
        one = (self.ring.one, *padding)

        def multiplied(environment: Environment) -> Jet:
            jet = reduce(jets.product, [factor(environment) for factor in moving]) if moving else one
            for factor in fixed:
                jet = jets.scaled(factor(environment)[0], jet)
            return jet

        return multiplied

    def _power(self, term: Expr, order: int, low: int) -> Meaning:
        base, exponent = self.meaning(term.args[0], order, 0), self.whole(term.args[1])
        one = (self.ring.one, *(self.ring.zero,) * order)

        def raised(environment: Environment) -> Jet:
            count, factor = exponent(environment), base(environment)
            if count < 0:
                raise NotApplicable(f"{term} has the exponent {count} here")
            if count > MOST_EXPONENT:
                raise WorkLimit(f"the exponent {count} exceeds {MOST_EXPONENT}")
            return reduce(jets.product, [factor] * count, one)

        return raised

    def _ratio(self, term: Expr, order: int, low: int) -> Meaning:
        above, below = (self.meaning(argument, order, 0) for argument in term.args)
        return lambda environment: jets.quotient(above(environment), below(environment))

    # -- operators -------------------------------------------------------------------------------

    def _defined(self, term: Expr, order: int, low: int) -> Meaning:
        additive = self.model.arbitrary_return is None
        return self.meaning(resolved(term, additive=additive, infinite=is_endless(term)), order, low)

    def _grad(self, term: Expr, order: int, low: int) -> Meaning:
        inner = self.meaning(term.args[0], order + 1, low + 1)
        return lambda environment: inner(environment)[1:]

    def _log(self, term: Expr, order: int, low: int) -> Meaning:
        inner = self.meaning(term.args[0], order, 0)

        def logarithm(environment: Environment) -> Jet:
            jet = inner(environment)
            return (None if low else self.ring.log(jet[0]), *jets.log_derivatives(jet)[1:])

        return logarithm

    def _refuse_second_axis(self, binder: Any) -> None:
        """A ring of arrays has one axis of trajectories; two at once would run in lockstep."""
        arrays = any(way.count > 1 for way in self.model.ways)
        others = {i for i in binder.body.free_symbols if isinstance(i, (Trajectory, Batch))} - {binder.index}
        if arrays and isinstance(binder.index, Trajectory) and others:
            raise OutsideFragment("two trajectories at once have no array of residues")

    def _remembered(self, binder: Any, body: Meaning) -> Meaning:
        """The body of a sum over time, computed once for the states, actions and times that it reads."""
        read = reads(binder.body)
        known_by_number = all(isinstance(term, (StateAt, ActionAt, State, Action, Time)) for term in read)
        if not (isinstance(binder.index, Time) and known_by_number and self.model.ways[0].path):
            return body
        entries = [self.whole(term) if sort_of(term) == TIME else self.place(term) for term in read]
        return jets.remembered(body, lambda environment: tuple([entry(environment) for entry in entries]))

    def _total(self, term: Expr, order: int, low: int) -> Meaning:
        index, body = self._same(term.index), self._remembered(term, self.meaning(term.body, order, low))
        values, over_ways = self.choices(index, term.domain), isinstance(index, Trajectory)
        self._refuse_second_axis(term)

        def added(environment: Environment) -> Jet:
            parts = []
            for value in values(environment):
                environment[index] = value
                parts.append(body(environment))
            return self._collapsed(parts, order, self.ways()) if over_ways else jets.summed(parts, order, self.ring)

        return added

    def _prod(self, term: Expr, order: int, low: int) -> Meaning:
        if isinstance(term.index, Trajectory):
            raise OutsideFragment("a product over trajectories")
        index, body = self._same(term.index), self._remembered(term, self.meaning(term.body, order, 0))
        values = self.choices(index, term.domain)
        one = (self.ring.one, *(self.ring.zero,) * order)

        def multiplied(environment: Environment) -> Jet:
            jet = one
            for value in values(environment):
                environment[index] = value
                jet = jets.product(jet, body(environment))
            return jet

        return multiplied

    def _expect(self, term: Expr, order: int, low: int) -> Meaning:
        policy, index = term.domain.args[0].label, self._same(term.index)
        if not isinstance(index, Trajectory):
            return Sampling(self, index, policy).expectation(term.body, order)
        self._refuse_second_axis(term)
        body = self.meaning(term.body, order, 0)

        def averaged(environment: Environment) -> Jet:
            ways, parts = self.model.possible(policy), []
            for way in ways:
                environment[index] = way
                parts.append(jets.product(way.probability(self.model, policy, order), body(environment)))
            return self._collapsed(parts, order, ways)

        return averaged

    def _var(self, term: Expr, order: int, low: int) -> Meaning:
        policy, index = term.domain.args[0].label, term.index
        bodies = (term.body, Times(term.body, term.body))
        if isinstance(index, Trajectory):
            first, second = (self._expect(Expect(index, term.domain, body), order, 0) for body in bodies)
        else:
            sampling = Sampling(self, index, policy)
            first, second = (sampling.expectation(body, order) for body in bodies)
        minus = self.ring.integer(-1)

        def spread(environment: Environment) -> Jet:
            mean = first(environment)
            return jets.summed(
                [second(environment), jets.scaled(minus, jets.product(mean, mean))], order, self.ring)

        return spread


_ROWS: dict[type, Callable[[Evaluator, Any, int, int], Meaning]] = {
    Plus: Evaluator._plus,
    Times: Evaluator._times,
    Power: Evaluator._power,
    Ratio: Evaluator._ratio,
    Rational: lambda self, term, order, low: self._number(term, order),
    Initial: Evaluator._initial,
    Transition: Evaluator._transition,
    ActionProbability: Evaluator._choice,
    TrajectoryProbability: Evaluator._probability,
    Reward: Evaluator._reward,
    Return: Evaluator._return,
    Same: Evaluator._same_places,
    Applied: Evaluator._applied,
    Discount: lambda self, term, order, low: self._padded(order, lambda environment: self.model.gamma),
    StateValue: Evaluator._value_function,
    ActionValue: Evaluator._value_function,
    Advantage: Evaluator._value_function,
    Objective: Evaluator._objective,
    Defined: Evaluator._defined,
    Grad: Evaluator._grad,
    Log: Evaluator._log,
    Outer: Evaluator._times,
    Trace: lambda self, term, order, low: self.meaning(term.args[0], order, low),
    Total: Evaluator._total,
    Prod: Evaluator._prod,
    Expect: Evaluator._expect,
    Var: Evaluator._var,
    SampleSize: lambda self, term, order, low: self._number(term, order),
}
