"""A term -> weighted automata over generic steps, or a refusal that names the subterm.

A closed term becomes a ``Form``: a polynomial whose atoms are sums over trajectories,
each an automaton; a term about one free trajectory becomes an automaton to be compared
step by step. What cannot be said so is refused with ``OutsideFragment``: never guessed.
The return R(tau) is additive (then it is written out) or arbitrary, and then a function
of a trajectory is a polynomial in R(tau) with automata as coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Expr, Integer, Rational

from derive.errors import OutsideFragment
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.terms import (
    ActionAt,
    ActionProbability,
    ActionValue,
    Advantage,
    Applied,
    Between,
    Discount,
    Forever,
    Grad,
    Horizon,
    Initial,
    Log,
    Prod,
    Return,
    Reward,
    SampleSize,
    StateAt,
    StateValue,
    Time,
    Total,
    Trajectory,
    TrajectoryProbability,
    Transition,
)
from derive.language.vocabulary import additive_return, trajectory_probability
from derive.procedures import automata
from derive.procedures.automata import ONE, UNIT, Automaton, Monomial
from derive.procedures.convergence import refuse_divergent, vanishes
from derive.procedures.obligations import linear
from derive.procedures.paths import DYNAMICS, Paths, differentiated, multiplied, policy_symbol, summed
from derive.procedures.ranges import (
    MOST_STEPS,
    at_literal,
    before_the_last,
    between,
    discount,
    listed,
    parts,
    product_over,
)


def opened(binder: Any) -> tuple[Any, Expr]:
    """The index of a binder under a readable name, for refusals, and its body."""
    kind = type(binder.index)
    for name in ("tau", "sigma") if kind is Trajectory else ("t", "k", "u", "v"):
        if kind(name) not in binder.free_symbols:
            return kind(name), binder.opened(name)[1]
    index, body = binder.opened()
    return index, body


@dataclass(frozen=True, slots=True)
class Step:
    """A place along the trajectory: symbols at one time, as a monomial, and that time."""

    time: Expr | None
    letter: Monomial


class PathCompiler:
    """Functions of one trajectory, ``path``, as automata."""

    def __init__(self, path: Expr, *, additive: bool, endless: bool = False) -> None:
        self.path, self.additive, self.endless = path, additive, endless

    def compiled(self, term: Expr) -> Paths:
        """The automaton of a term about this trajectory.

        Raises:
            OutsideFragment: naming the subterm that has no automaton.
        """
        match term:
            case Rational():
                return {0: automata.constant({(0, 0): Fraction(int(term.p), int(term.q))})}
            case SampleSize():
                return {0: automata.constant({(0, 1): Fraction(1)})}
            case Discount():
                return {0: automata.constant({(1, 0): Fraction(1)})}
            case Plus():
                return summed([self.compiled(argument) for argument in term.args])
            case Times():
                factors = [self.compiled(argument) for argument in term.args]
                if self.endless and any(map(vanishes, factors)):
                    refuse_divergent(factors)
                return multiplied(factors)
            case Power(args=(Discount(), exponent)):
                return {0: discount(self.time(exponent))}
            case Power(args=(base, Integer() as exponent)) if int(self.endless) <= int(exponent) <= 4:
                return multiplied([self.compiled(base)] * int(exponent))
            case Ratio(args=(above, below)):
                return multiplied([self.compiled(above), {0: self._reciprocal(below)}])
            case TrajectoryProbability(args=(policy, path)) if path == self.path:
                return {0: self.probability(policy, 1)}
            case Return(args=(path,)) if path == self.path:
                return self.compiled(additive_return(path)) if self.additive else {1: automata.along(UNIT)}
            case Grad(args=(inner,)):
                function = self.compiled(inner)
                if self.endless:
                    refuse_divergent([function])
                return differentiated(function)
            case Log(args=(inside,)):
                return {0: self._logarithm(inside)}
            case Total(index=Time()):
                return self._over_time(term, self.compiled)
            case Prod(index=Time()):
                return {0: self._product(term)}
            case ActionValue(args=(policy, time, s, a)):
                return self.compiled(Plus(StateValue(policy, time, s), Advantage(policy, time, s, a)))
        if isinstance(term, (Initial, Transition, ActionProbability, Reward, Applied, StateValue, Advantage)):
            return {0: self._local(term)}
        raise OutsideFragment(f"{term} is outside the fragment that is decided for every horizon")

    def probability(self, policy: Expr, sign: int) -> Automaton:
        """P(tau; theta) or its reciprocal: mu(s_0), and P pi on every step."""
        letter = automata.monomial((DYNAMICS, sign), (policy_symbol(policy), sign))
        return automata.along(letter, start=sign)

    # -- times ----------------------------------------------------------------------------------

    def time(self, term: Expr) -> dict[Any, int]:
        """A time as {index or H: coefficient, None: number}."""
        parts = linear(term)
        if parts is None:
            raise OutsideFragment(f"{term} is not linear in the times")
        return parts

    def limits(self, binder: Any) -> tuple[dict[Any, int], dict[Any, int]]:
        """The first and the last time of a sum or product."""
        if not isinstance(binder.domain, Between):
            raise OutsideFragment(f"{binder} has no limits")
        first, last = ({limit: 1} if isinstance(limit, Forever) else self.time(limit) for limit in binder.domain.args)
        return first, last

    def _over_time(self, binder: Any, compiled: Callable[[Expr], Paths]) -> Paths:
        """The sum over a time: over a mark where the range stays in 0..H, else value by value."""
        first, last = self.limits(binder)
        values = listed(first, last)
        if values is not None:
            return summed([multiplied([{0: when}, compiled(binder.instantiated(value))]) for value, when in values])
        index, body = opened(binder)
        inside = between(index, first, last)
        return {power: automata.forgotten(automata.times(inside, one), index) for power, one in compiled(body).items()}

    def _product(self, binder: Any, *, inverted: bool = False) -> Automaton:
        """The product of a letter over a time, or the reciprocal of it."""
        first, last = self.limits(binder)
        index, body = opened(binder)
        letter = self.letter_at(body, index)
        letter = automata.inverse(letter) if inverted else letter
        base, number = parts(last)
        if base is not None or dict(first) or letter == UNIT:
            return product_over(letter, first, last)
        result = automata.constant(ONE)
        for j in range(number + 1):
            result = automata.times(result, self._placed(Step(Integer(j), letter)))
        return result

    # -- symbols at a step ------------------------------------------------------------------------

    def _local(self, term: Expr) -> Automaton:
        if isinstance(term, Initial):
            if term.args[0] != StateAt(self.path, 0):
                raise OutsideFragment(f"{term} is not at the start of the trajectory")
            return automata.along(UNIT, start=1)
        return self._placed(self.step(term))

    def step(self, term: Expr) -> Step:
        """The symbol that a factor is at its step."""
        match term:
            case Transition(args=(x, s, a)):
                time = self._same_step(term, [(s, 0), (a, 0), (x, 1)])
                return Step(time, ((DYNAMICS, 1),))
            case ActionProbability(args=(policy, a, s)):
                return Step(self._same_step(term, [(s, 0), (a, 0)]), ((policy_symbol(policy), 1),))
            case Reward(args=(s, a, x)):
                return Step(self._same_step(term, [(s, 0), (a, 0), (x, 1)]), ((("sax", "r", ""), 1),))
            case Applied(args=(function, *places)):
                return self._function(term, ("f", str(function.label)), places)
            case StateValue(args=(policy, time, s)) | Advantage(args=(policy, time, s, _)):
                self._same_time(term, time, s)
                letter = "V" if isinstance(term, StateValue) else "A"
                return self._function(term, (letter, str(policy.label)), list(term.args[2:]))
        raise OutsideFragment(f"{term} is not a factor of one step")

    def _same_step(self, term: Expr, places: Iterable[tuple[Expr, int]]) -> Expr:
        """The time t at which the places are s_t or a_t (0) and s_{t+1} (1)."""
        found: dict[Any, int] | None = None
        time: Expr | None = None
        for place, ahead in places:
            if not isinstance(place, (StateAt, ActionAt)) or place.args[0] != self.path:
                raise OutsideFragment(f"{place} is not on the trajectory at hand")
            here = self.time(place.args[1])
            here = {**here, None: here.get(None, 0) - ahead}
            here = {key: value for key, value in here.items() if value}
            if found is None:
                found, time = here, place.args[1]
            elif found != here:
                raise OutsideFragment(f"{term} joins different steps")
        if time is None:
            raise OutsideFragment(f"{term} has no place on the trajectory")
        return time

    def _same_time(self, term: Expr, time: Expr, place: Expr) -> None:
        """V_t is a function of s_t; at another index it is another function, which has no symbol."""
        timed = not isinstance(time, Forever)
        if not isinstance(place, StateAt) or (timed and self.time(time) != self.time(place.args[1])):
            raise OutsideFragment(f"{term} is a value at another time than its own")

    def _function(self, term: Expr, name: tuple[str, str], places: list[Expr]) -> Step:
        """A function of the state, of state and action, or of the next state."""
        match places:
            case [StateAt(args=(path, time))] if path == self.path:
                here = self.time(time)
                if any(isinstance(key, Time) for key in here) and here.get(None, 0) == 1:
                    now = Plus(time, -1)
                    return Step(now, ((("x", *name), 1),))
                return Step(time, ((("s", *name), 1),))
            case [StateAt() as s, ActionAt() as a]:
                return Step(self._same_step(term, [(s, 0), (a, 0)]), ((("sa", *name), 1),))
            case [StateAt() as s, ActionAt() as a, StateAt() as x]:
                return Step(self._same_step(term, [(s, 0), (a, 0), (x, 1)]), ((("sax", *name), 1),))
        raise OutsideFragment(f"{term} is not a function of one step")

    def _placed(self, step: Step) -> Automaton:
        """A letter at a free time, at a literal time, or at the end."""
        time = self.time(step.time) if step.time is not None else {}
        number, others = time.get(None, 0), [key for key in time if key is not None]
        if len(others) == 1 and number == 0 and isinstance(others[0], Time) and time[others[0]] == 1:
            return automata.local(step.letter, others[0])
        of_state = all(symbol[0] == "s" for symbol, _ in step.letter)
        if not others and 0 <= number <= MOST_STEPS:
            here = at_literal(step.letter, number)  # s_n is the last state where H = n - 1
            may_be_last = of_state and number and not self.endless
            return automata.total([here, automata.final(step.letter, after=number)]) if may_be_last else here
        if len(others) == 1 and isinstance(others[0], Horizon) and time[others[0]] == 1:
            if number == 1 and of_state:
                return automata.final(step.letter)
            if -MOST_STEPS <= number <= 0:
                return before_the_last(step.letter, -number)
        raise OutsideFragment(f"{step.time} is not a step of the trajectory")

    def letter_at(self, term: Expr, index: Expr) -> Monomial:
        """A product of factors that all stand at the step ``index``."""
        match term:
            case Times():
                letter: Monomial = UNIT
                for argument in term.args:
                    letter = automata.multiplied(letter, self.letter_at(argument, index))
                return letter
            case Ratio(args=(above, below)):
                return automata.multiplied(self.letter_at(above, index), automata.inverse(self.letter_at(below, index)))
            case Power(args=(base, Integer() as exponent)):
                return tuple((symbol, e * int(exponent)) for symbol, e in self.letter_at(base, index) if exponent)
            case Rational() if term == 1:
                return UNIT
        step = self.step(term)
        if step.time is None or self.time(step.time) != {index: 1}:
            raise OutsideFragment(f"{term} does not stand at the step of the product")
        return step.letter

    def _reciprocal(self, below: Expr) -> Automaton:
        """One over a product along the trajectory."""
        match below:
            case Rational() if below != 0:
                return automata.constant({(0, 0): Fraction(int(below.q), int(below.p))})
            case SampleSize():
                return automata.constant({(0, -1): Fraction(1)})
            case TrajectoryProbability(args=(policy, path)) if path == self.path:
                return self.probability(policy, -1)
            case Times():
                result = automata.constant(ONE)
                for argument in below.args:
                    result = automata.times(result, self._reciprocal(argument))
                return result
            case Prod(index=Time()):
                return self._product(below, inverted=True)
            case Initial(args=(state,)) if state == StateAt(self.path, 0):
                return automata.along(UNIT, start=-1)
        if isinstance(below, (Transition, ActionProbability, Reward, Applied)):
            step = self.step(below)
            return self._placed(Step(step.time, automata.inverse(step.letter)))
        raise OutsideFragment(f"{below} is not a product along the trajectory, so it has no reciprocal here")

    # -- logarithms ---------------------------------------------------------------------------------

    def _logarithm(self, inside: Expr) -> Automaton:
        """log of a product along the trajectory: the sum of the logarithms of its factors."""
        match inside:
            case TrajectoryProbability(args=(policy, path)) if path == self.path:
                return self._logarithm(trajectory_probability(policy, path))
            case Times():
                return automata.total([self._logarithm(argument) for argument in inside.args])
            case Ratio(args=(above, below)):
                return automata.total([self._logarithm(above), _negative(self._logarithm(below))])
            case Power(args=(base, Integer() as exponent)):
                return automata.scaled(self._logarithm(base), {(0, 0): Fraction(int(exponent))})
            case Prod(index=Time()):
                logs = self._over_time(inside, lambda body: {0: self._logarithm(body)})
                return logs.get(0, automata.constant({}))
            case Rational() if inside == 1:
                return automata.constant({})
            case Initial(args=(StateAt(args=(path, time)),)) if path == self.path and time == 0:
                return self._placed(Step(time, ((("s", "log mu", ""), 1),)))
        if isinstance(inside, (StateValue, Advantage)):
            raise OutsideFragment(f"the logarithm of {inside}")
        step = self.step(inside)
        ((symbol, _),) = step.letter
        return self._placed(Step(step.time, (((symbol[0], "log", "/".join(symbol[1:])), 1),)))


def _negative(one: Automaton) -> Automaton:
    return automata.scaled(one, {(0, 0): Fraction(-1)})
