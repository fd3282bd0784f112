"""Brute force in ``fractions.Fraction``: the oracle that shares no arithmetic with the kernel.

Every sum is a loop over everything it ranges over; an expectation walks through every
trajectory of positive probability, samples are enumerated jointly. No product rule is
known here: a gradient is a difference quotient, exact in rationals, along the policies

    pi_e(a|s)  proportional to  pi(a|s) (1 + e phi + e^2 phi^2 / 2),

whose first two derivatives at e = 0 are those of the softmax of logits e phi. The step
is 10^-30 (10^-60 inside another gradient), so a first derivative is right to some 28
digits; logarithms are decimals of 200 digits. Infinite horizons are for ``stationary``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from sympy import Expr, Integer, Rational

from derive.errors import NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.binding import Binder, Index
from derive.language.definitions import resolved
from derive.language.expression import Plus, Power, Ratio, Times, as_term
from derive.language.models import Model, Path
from derive.language.terms import (
    Action,
    ActionAt,
    ActionProbability,
    ActionValue,
    Advantage,
    Applied,
    Batch,
    Discount,
    Draw,
    Drawn,
    Expect,
    Grad,
    Horizon,
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
from derive.language.typing import refuse_foreign

STEP = Fraction(1, 10**30)
MOST_NUMBERS = 2_000_000
"""Numbers that one value may take: the rest of a search is not to wait for it."""
_PRECISE = Context(prec=200)
Environment = dict[Index, Any]


class Enumeration:
    """The meaning of terms at one rational model, by the definitions and nothing else.

    Args of ``value``: free indices as State, Action, Time, Draw -> int, Trajectory ->
    path tuple, Batch -> {i: path}. A gradient is its part along the model's direction; a
    covariance matrix its quadratic form there.
    """

    def __init__(self, model: Model, *, possible_only: bool = False, step: Fraction = STEP) -> None:
        self.model, self.possible_only, self.step = model, possible_only, step
        self._logarithms: dict[Fraction, Fraction] = {}
        self._values_to_go: dict[Any, Fraction] = {}
        self._tilted: dict[tuple[int, Fraction], list[Fraction]] = {}
        self._constants: dict[tuple[Expr, Fraction, int], Fraction] = {}
        self._left = MOST_NUMBERS

    def value(self, term: Expr, environment: Environment | None = None) -> Fraction:
        """The number that ``term`` denotes.

        Raises:
            Undefined: a denominator is 0, or the argument of a logarithm is not positive.
            NotApplicable: the term asks for an index that this shape does not have.
            NotATerm: a part is not of this language.
            OutsideFragment: a node has no meaning here, such as an infinite horizon.
            WorkLimit: for more than ``MOST_NUMBERS``.
        """
        term = as_term(term)
        refuse_foreign(term)
        term = resolved(term, additive=self.model.returns is None, infinite=False)
        self._left = MOST_NUMBERS
        return self._value(term, dict(environment or {}), Fraction(0), 1)

    def _value(self, term: Expr, env: Environment, at: Fraction, level: int) -> Fraction:
        """What is the same for all values of the letters, such as J in an expectation, is computed once."""
        if not isinstance(term, (Binder, Objective, Grad)) or term.free_symbols:
            return self._computed(term, env, at, level)
        key = (term, at, level)
        if key not in self._constants:
            self._constants[key] = self._computed(term, env, at, level)
        return self._constants[key]

    def _computed(self, term: Expr, env: Environment, at: Fraction, level: int) -> Fraction:
        self._left -= 1
        if self._left < 0:
            raise WorkLimit(f"more than {MOST_NUMBERS:,} numbers by enumeration")

        def inner(part: Expr) -> Fraction:
            return self._value(part, env, at, level)

        match term:
            case Rational():
                return Fraction(int(term.p), int(term.q))
            case Plus():
                return sum(map(inner, term.args), Fraction(0))
            case Trace(args=(matrix,)):  # theta is one number where there is one direction
                return inner(matrix)
            case Times() | Outer():
                return _product(map(inner, term.args))
            case Power(args=(base, exponent)):
                return self._power(inner(base), self._whole(exponent, env))
            case Ratio(args=(above, below)):
                divisor = inner(below)
                if divisor == 0:
                    raise Undefined(f"{below} is 0 here, and {term} divides by it")
                return inner(above) / divisor
            case Log(args=(inside,)):
                return self._log(inner(inside), inside)
            case Grad(args=(inside,)):
                return self._quotient(inside, env, at, level)
            case Total() | Prod():
                return self._looped(term, env, inner)
            case Expect(body=body):
                return self._mean(term, env, at, level, lambda: inner(body))
            case Var(body=body):
                mean = self._mean(term, env, at, level, lambda: inner(body))
                return self._mean(term, env, at, level, lambda: (inner(body) - mean) ** 2)
            case Objective(args=(policy,)):
                return sum(
                    (self._weight(path, policy.label, at) * self.model.reward_of(path)
                     for path in self._possible_paths(policy.label)), Fraction(0))
        return self._atom(term, env, at)

    def _atom(self, term: Expr, env: Environment, at: Fraction) -> Fraction:
        def place(part: Expr) -> int:
            return self._place(part, env)

        match term:
            case Initial(args=(s,)):
                return self.model.mu[place(s)]
            case Transition(args=(x, s, a)):
                return self.model.P[place(s)][place(a)][place(x)]
            case ActionProbability(args=(policy, a, s)):
                return self._policy(policy.label, place(s), place(a), at)
            case TrajectoryProbability(args=(policy, path)):
                return self._weight(self._path(path, env), policy.label, at)
            case Reward(args=(s, a, x)):
                return self.model.r[place(s)][place(a)][place(x)]
            case Return(args=(path,)):
                return self.model.reward_of(self._path(path, env))
            case Same(args=(one, two)):
                return Fraction(place(one) == place(two))
            case Applied(args=(function, *places)):
                return self.model.functions[str(function.label)][tuple(map(place, places))]
            case StateValue(args=(policy, time, s)):
                return self._to_go(policy.label, self._moment(term, time, 1, env), place(s), None, at)
            case ActionValue(args=(policy, time, s, a)):
                return self._to_go(policy.label, self._moment(term, time, 0, env), place(s), place(a), at)
            case Advantage(args=(policy, time, s, a)):
                t = self._moment(term, time, 0, env)
                return (self._to_go(policy.label, t, place(s), place(a), at)
                        - self._to_go(policy.label, t, place(s), None, at))
            case Discount():
                return self.model.gamma
        return Fraction(self._whole(term, env))

    # -- operators ------------------------------------------------------------------------------

    def _quotient(self, inside: Expr, env: Environment, at: Fraction, level: int) -> Fraction:
        step = self.step**level
        ahead = self._value(inside, dict(env), at + step, level + 1)
        return (ahead - self._value(inside, dict(env), at, level + 1)) / step

    def _looped(self, binder: Any, env: Environment, inner: Callable[[Expr], Fraction]) -> Fraction:
        values = []
        for choice in self._choices(binder, env):
            env[binder.index] = choice
            values.append(inner(binder.body))
        return _product(values) if isinstance(binder, Prod) else sum(values, Fraction(0))

    def _choices(self, binder: Any, env: Environment) -> Iterable[Any]:
        match binder.index:
            case State():
                return range(self.model.shape.states)
            case Action():
                return range(self.model.shape.actions)
            case Trajectory():
                return self._possible_paths("pi") if self.possible_only else self.model.shape.paths()
        first, last = (self._whole(limit, env) for limit in binder.domain.args)
        return range(first, last + 1)

    def _mean(self, binder: Any, env: Environment, at: Fraction, level: int, body: Callable[[], Fraction]) -> Fraction:
        policy = str(binder.domain.args[0].label)
        result = Fraction(0)
        for outcome, weight in self._outcomes(binder.index, policy, at):
            env[binder.index] = outcome
            result += weight * body()
        return result

    def _outcomes(self, index: Index, policy: str, at: Fraction) -> Iterator[tuple[Any, Fraction]]:
        possible = self._possible_paths(policy)
        if isinstance(index, Trajectory):
            for path in possible:
                yield path, self._weight(path, policy, at)
            return
        for draws in product(possible, repeat=self.model.shape.samples):
            yield dict(enumerate(draws, 1)), _product(self._weight(path, policy, at) for path in draws)

    def _log(self, value: Fraction, inside: Expr) -> Fraction:
        if value <= 0:
            raise Undefined(f"log is asked of {inside}, which is {value} here")
        if value not in self._logarithms:  # 200 digits take their time, and samples that are alike ask again
            quotient = _PRECISE.divide(Decimal(value.numerator), Decimal(value.denominator))
            self._logarithms[value] = Fraction(_PRECISE.ln(quotient))
        return self._logarithms[value]

    def _power(self, base: Fraction, exponent: int) -> Fraction:
        if exponent < 0:
            raise NotApplicable(f"an exponent is {exponent} here")
        return base**exponent

    # -- the model ------------------------------------------------------------------------------

    def _policy(self, name: str, s: int, a: int, at: Fraction) -> Fraction:
        row = self.model.policy(name)[s]
        if name != "pi" or at == 0:
            return row[a]
        if (s, at) not in self._tilted:
            tilted = [p * (1 + at * phi + (at * phi) ** 2 / 2)
                      for p, phi in zip(row, self.model.scores[s], strict=True)]
            self._tilted[s, at] = [weight / sum(tilted) for weight in tilted]
        return self._tilted[s, at][a]

    def _weight(self, path: Path, policy: str, at: Fraction) -> Fraction:
        weight = self.model.mu[path[0]]
        for t in range(self.model.shape.horizon + 1):
            s, a, x = path[2 * t : 2 * t + 3]
            weight *= self.model.P[s][a][x] * self._policy(policy, s, a, at)
        return weight

    def _possible_paths(self, policy: str) -> list[Path]:
        """Those of positive probability, which no step along the direction changes: a factor 0 stays 0."""
        return list(self.model.feasible_paths([policy]))

    def _moment(self, term: Expr, time: Expr, beyond: int, env: Environment) -> int:
        t = self._whole(time, env)
        if not 0 <= t <= self.model.shape.horizon + beyond:
            raise NotApplicable(f"{term} does not exist at the time {t} for H = {self.model.shape.horizon}")
        return t

    def _to_go(self, policy: str, t: int, s: int, a: int | None, at: Fraction) -> Fraction:
        """E[sum_{k >= t} gamma^(k-t) r_k] from s, and with the first action a if given, over all ways to go on."""
        steps = self.model.shape.horizon + 1 - t
        key, result = (policy, t, s, a, at), Fraction(0)
        if key in self._values_to_go:
            return self._values_to_go[key]
        for path in self._ways_on(policy, s, a, steps):
            weight, gain = Fraction(1), Fraction(0)
            for j in range(steps):
                now, act, then = path[2 * j : 2 * j + 3]
                weight *= self.model.P[now][act][then]
                weight *= 1 if j == 0 and a is not None else self._policy(policy, now, act, at)
                gain += self.model.gamma**j * self.model.r[now][act][then]
            result += weight * gain
        self._values_to_go[key] = result
        return result

    def _ways_on(self, policy: str, s: int, a: int | None, steps: int) -> Iterator[Path]:
        """From s, so many steps under the policy; the first action is a, whether it would take that or not."""
        if a is None or not steps:
            sure = tuple(Fraction(x == s) for x in range(self.model.shape.states))
            shape = replace(self.model.shape, horizon=steps - 1)
            yield from replace(self.model, mu=sure, shape=shape).feasible_paths([policy])
            return
        for x, probability in enumerate(self.model.P[s][a]):
            if probability:
                yield from ((s, a, *path) for path in self._ways_on(policy, x, None, steps - 1))

    # -- indices --------------------------------------------------------------------------------

    def _path(self, term: Expr, env: Environment) -> Path:
        match term:
            case Trajectory():
                found = env[term]
            case Drawn(args=(Batch() as batch, number)):
                draw = self._whole(number, env)
                if draw not in env[batch]:
                    raise NotApplicable(f"τ^{{({draw})}} does not exist for m = {self.model.shape.samples}")
                found = env[batch][draw]
            case _:
                raise OutsideFragment(f"{term} is not a trajectory")
        path: Path = found
        return path

    def _place(self, term: Expr, env: Environment) -> int:
        match term:
            case State() | Action():
                return int(env[term])
            case StateAt(args=(path, time)):
                return self._along(self._path(path, env)[::2], self._whole(time, env), "s")
            case ActionAt(args=(path, time)):
                return self._along(self._path(path, env)[1::2], self._whole(time, env), "a")
        raise OutsideFragment(f"{term} is neither a state nor an action")

    def _along(self, places: Path, t: int, letter: str) -> int:
        if not 0 <= t < len(places):
            raise NotApplicable(f"{letter}_{t} does not exist for H = {self.model.shape.horizon}")
        return places[t]

    def _whole(self, term: Expr, env: Environment) -> int:
        match term:
            case Integer():
                return int(term)
            case Time() | Draw():
                return int(env[term])
            case Horizon():
                return self.model.shape.horizon
            case SampleSize():
                return self.model.shape.samples
            case Plus():
                return sum(self._whole(argument, env) for argument in term.args)
            case Times():
                return int(_product(Fraction(self._whole(argument, env)) for argument in term.args))
        raise OutsideFragment(f"{term} has no value by enumeration")


def _product(numbers: Iterable[Fraction]) -> Fraction:
    result = Fraction(1)
    for number in numbers:
        result *= number
    return result
