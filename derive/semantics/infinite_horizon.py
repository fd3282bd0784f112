"""The evaluator of terms without a last decision: V, Q and A by one linear system, sums over all times by walks.

Everything else is as in ``evaluate``. The automata that decide such equations have no part
in it, so that the shapes are a second opinion.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from sympy import Expr

from derive.errors import NotApplicable, OutsideFragment
from derive.language.definitions import resolved
from derive.language.dependence import depends_on_theta
from derive.language.horizons import is_endless
from derive.language.terms import Between, Defined, Expect, Forever, Grad, Objective, Time, Total, Trajectory
from derive.semantics import jets
from derive.semantics.evaluate import Evaluator
from derive.semantics.indices import Environment, Whole
from derive.semantics.jets import Jet
from derive.semantics.remembering import Meaning
from derive.semantics.resolvent import stationary_values
from derive.semantics.rings import RingModel, Way
from derive.semantics.summands import Function, Summand
from derive.semantics.time_sums import TimeSums
from derive.semantics.values import Values
from derive.semantics.walks import Walk

HIGHEST_ORDER = 2

Summands = dict[tuple[Expr, tuple[Any, ...]], list[Summand]]
"""Sums over time, with the values of their free times -> what they fall into."""


class Step(Way):
    """The part of a trajectory that a function of one step asks for: s, a and the state x after it."""

    __slots__ = ("at",)

    def __init__(self, at: int, s: int, a: int, x: int) -> None:
        super().__init__((s, a, x), (s, x), (a,))
        self.at = at

    def state(self, t: int) -> Any:
        return super().state(t - self.at)

    def action(self, t: int) -> Any:
        return super().action(t - self.at)


class InfiniteHorizon(Evaluator):
    """The meaning of terms without a last decision on one model; its shape's horizon is not read.

    ``summands`` may be shared with evaluators of other models: how a sum over time falls apart is a matter of the term.
    """

    def __init__(self, model: RingModel, summands: Summands | None = None) -> None:
        super().__init__(model)
        self._summands: Summands = {} if summands is None else summands

    def _row(self, term: Expr, order: int, low: int) -> Meaning:
        match term:
            case Expect(index=Trajectory()) | Total(index=Time(), domain=Between(args=(_, Forever()))):
                return self._in_time(term, order, low)
            case Objective(args=(policy,)):
                return self._mean_value(policy.label, order, low)
            case Defined():
                additive = self.model.arbitrary_return is None
                return self.meaning(resolved(term, additive=additive, infinite=True), order, low)
            case Trajectory():
                raise OutsideFragment(f"{term} is a whole trajectory")
            case Grad() if order >= HIGHEST_ORDER:
                raise OutsideFragment("a third derivative of the policy")
        return super()._row(term, order, low)

    def _constant_or_row(self, term: Expr, order: int, low: int) -> Meaning:
        """A sum without end has to converge also where only its derivative is asked for, which is 0."""
        meaning = super()._constant_or_row(term, order, low)
        if low == 0 or depends_on_theta(term) or not is_endless(term):
            return meaning
        value = self.meaning(term, 0, 0)

        def checked(environment: Environment) -> Jet:
            value(environment)
            return meaning(environment)

        return checked

    def moment(self, time: Expr) -> Whole:
        """There is one time that values have."""
        if not isinstance(time, Forever):
            raise OutsideFragment("a value with time to go, at an infinite horizon")
        return lambda environment: 0

    def values_from(self, policy: str, order: int) -> Values:
        """V, Q and A of a policy."""
        return stationary_values(self.model, policy, order)

    def _mean_value(self, policy: str, order: int, low: int) -> Meaning:
        """J = sum_s mu(s) V(s)."""
        def expected(environment: Environment) -> Jet:
            values = self._values_of(policy, order)
            return jets.above(jets.summed([jets.scaled(self.model.mu[s], values.state(0, s))
                                           for s in range(self.model.shape.states)], order, self.ring), low)

        return expected

    def _in_time(self, term: Expr, order: int, low: int) -> Meaning:
        times = [index for index in term.free_symbols if isinstance(index, Time)]

        def added(environment: Environment) -> Jet:
            if any(time not in environment for time in times):
                raise NotApplicable(f"{term} has a time without a value")
            at = tuple(environment[time] for time in times)
            if (term, at) not in self._summands:
                self._summands[term, at] = TimeSums(dict(zip(times, at, strict=True))).summands(term)
            parts = [self._summand(one, environment, order) for one in self._summands[term, at]]
            return jets.above(jets.summed(parts, order, self.ring), low)

        return added

    def _summand(self, one: Summand, environment: Environment, order: int) -> Jet:
        inner = order + one.derived
        if inner > HIGHEST_ORDER:
            raise OutsideFragment("a third derivative of the policy")

        def value_at(function: Function, s: int, a: int, x: int) -> Jet:
            here = dict(environment)
            here |= dict.fromkeys(one.letters, 0) | {run.letter: 0 for run in one.runs}
            here[one.path] = Step(function.step.number, s, a, x)  # type: ignore[index]
            return self.meaning(function.term, inner, 0)({self._same(index): place for index, place in here.items()})

        mean = Walk(one, self.model, inner, value_at).mean()
        inside = [self.meaning(number, inner, 0)(environment) for number in one.inside]
        outside = [self.meaning(number, order, 0)(environment) for number in one.outside]
        return reduce(jets.product, outside, reduce(jets.product, inside, mean)[one.derived :])
