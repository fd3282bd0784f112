"""From finitely many shapes to every number of states and actions.

**Theorem (states and actions, H fixed).** Let both sides of an identity expand to sums
over state and action variables of products of mu(s), P(x|s,a), pi(a|s), its derivative
pi'(a|s) (a row with sum 0), free functions of the variables (r, R, b), and coefficients
that do not mention |S| or |A|; let every bound variable be the target of a probability
factor or an argument of a free function (class W). For a variable v of a product let
T(v) be the number of probability factors with target v. If the identity holds for
|S| = n* and |A| = k*, with n* = 1 + max over products of sum_v max(1, T(v)) over state
variables and k* likewise over action variables, it holds for all |S| and |A|.

*Proof.* (Down.) Take any model with n < N states. Add N - n dummy states: no row gives
them probability, so their own rows are irrelevant (let them lead to an old state), and
every free function is 0 when one of its arguments is a dummy. A product in which a
variable has a dummy value is 0: the variable is the target of a probability factor,
which vanishes, or the argument of a free function, which vanishes. So both sides keep
their values, and the identity at N implies the identity at n. Dummy actions get
probability and derivative 0.

(Up.) Let N > n*, and let (N states) the difference of the sides be the polynomial D in
the entries of the rows and the values of the free functions. Eliminate the outcome x* of
every row, mu(x*) = 1 - sum of the others and so on (for pi': minus the sum of the
others); what remains is free, so the identity says that every coefficient of D is 0.
Fix a monomial M that occurs. It arises from some product under some assignment of values
to its variables, after choosing in each factor with target x* either 1 or one of the
other outcomes. A variable whose value is not x* contributes that label. A variable with
value x* contributes, for each of the T(v) factors that have it as target, at most one
other label; if T(v) = 0 none but x* itself. So M mentions at most sum_v max(1, T(v))
labels besides x*, at most n* with it. Let L be those labels, padded to n* in number. Set
every free variable to 0 that mentions a label outside L. This keeps the coefficient of M
in D, since M does not contain those variables, and turns the model into the dummy
extension of the generic model on the n* states L: there D is the difference of the sides
at n* states, by (Down), which is 0 by hypothesis. So the coefficient is 0. The same for
actions, with the states fixed. QED

Sharpness: ``tr M^2 = 1 + (tr M - 1)^2`` for the state chain M of a policy holds for
|S| <= 2, fails at 3, and the count gives n* = 3 (``tests/test_cutoff.py``).

This file computes n* and k* from the terms as written, or says that a term is outside
the class. It is a walk with products kept as exponents of probability factors;
a score pi'/pi must be multiplied by its pi before its variables are bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple

from sympy import Expr, Integer, Rational

from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.terms import (
    Action,
    ActionAt,
    ActionProbability,
    Applied,
    Discount,
    Expect,
    Function,
    Grad,
    Horizon,
    Initial,
    Log,
    Objective,
    Prod,
    Return,
    Reward,
    State,
    StateAt,
    Time,
    Total,
    Trajectory,
    TrajectoryProbability,
    Transition,
)
from derive.language.vocabulary import additive_return, pi
from derive.procedures.linear_times import linear

MOST_PRODUCTS = 4_000


class _Outside(Exception):
    """The term is not in class W, or has too many products to look at."""


Variable = tuple[Any, ...]
"""Free: ("s", trajectory, t) or ("s", index); summed: ("s", number); the same with "a"."""

Factor = tuple[Any, ...]
"""("mu", target), ("P", target, s, a), ("pi", policy, target, s), ("dpi", policy, target, s)."""


class _Product(NamedTuple):
    """Exponents of probability factors, variables in free functions, summed variables."""

    factors: frozenset[tuple[Factor, int]]
    seen: frozenset[Variable]
    bound: frozenset[Variable]


_ONE = _Product(frozenset(), frozenset(), frozenset())


def sufficient_shape(before: Expr, after: Expr, horizon: int, *, additive: bool = False,
                     possible_only: bool = False) -> tuple[int, int] | None:
    """(n*, k*) at this horizon, or None if a side is outside class W or has free indices.

    Sums over a support are sums over everything, as the theorem needs them, only if each
    product keeps all factors of the trajectory's probability; others are outside.
    """
    if before.free_symbols or after.free_symbols:
        return None
    try:
        expansion = _Expansion(horizon, additive=additive, possible_only=possible_only)
        counts = [_counts(one) for side in (before, after) for one in expansion.products(side, {})]
    except _Outside:
        return None
    states, actions = (max((count[kind] for count in counts), default=0) for kind in (0, 1))
    return 1 + states, 1 + actions


def _counts(one: _Product) -> tuple[int, int]:
    """sum_v max(1, T(v)) over the state variables and over the action variables."""
    targets: Counter[Variable] = Counter()
    for factor, exponent in one.factors:
        if exponent < 0:
            raise _Outside  # a score that is not multiplied by its pi
        targets[factor[2] if factor[0] in ("pi", "dpi") else factor[1]] += exponent
    if any(variable not in targets and variable not in one.seen for variable in one.bound):
        raise _Outside  # a bare count of states or actions
    sizes = {kind: sum(max(1, targets[v]) for v in one.bound if v[0] == kind) for kind in "sa"}
    return sizes["s"], sizes["a"]


class _Expansion:
    """The products that a term expands to, at one horizon."""

    def __init__(self, horizon: int, *, additive: bool, possible_only: bool) -> None:
        self.horizon, self.additive, self.possible_only = horizon, additive, possible_only

    def products(self, term: Expr, times: dict[Expr, int]) -> frozenset[_Product]:
        found = frozenset(self._products(term, times))
        if len(found) > MOST_PRODUCTS:
            raise _Outside
        return found

    def _products(self, term: Expr, times: dict[Expr, int]) -> Iterable[_Product]:
        match term:
            case Rational() | Discount() | Power(args=(Discount(), _)):
                return [_ONE]
            case Plus():
                return [one for argument in term.args for one in self.products(argument, times)]
            case Times():
                return self._multiplied([self.products(argument, times) for argument in term.args])
            case Power(args=(base, Integer() as exponent)) if 0 <= exponent <= 4:
                return self._multiplied([self.products(base, times)] * int(exponent))
            case Ratio(args=(above, below)):
                return self._multiplied([self.products(above, times), [self._inverse(below, times)]])
            case Initial(args=(s,)):
                return [_factor(("mu", self._variable(s, times)))]
            case Transition(args=(x, s, a)):
                return [_factor(("P", *(self._variable(v, times) for v in (x, s, a))))]
            case ActionProbability(args=(policy, a, s)):
                return [_factor(("pi", policy, self._variable(a, times), self._variable(s, times)))]
            case TrajectoryProbability(args=(policy, path)):
                return [self._path(policy, path)]
            case Reward() | Applied():
                places = [v for v in term.args if not isinstance(v, Function)]
                return [_ONE._replace(seen=frozenset(self._variable(v, times) for v in places))]
            case Return(args=(path,)) if self.additive:
                return self.products(additive_return(path), times)
            case Return(args=(path,)):
                return [_ONE._replace(seen=frozenset(self._along(path)))]
            case Grad(args=(inner,)):
                return self._derivatives(inner, times)
            case Total() | Prod() | Expect():
                return self._summed(term, times)
            case Objective(args=(policy,)):
                path = Trajectory("_")
                return [self._bound(_joined(self._path(policy, path), one), path, times)
                        for one in self.products(Return(path), times)]
        raise _Outside

    # -- binders ------------------------------------------------------------------------------------

    def _summed(self, binder: Any, times: dict[Expr, int]) -> Iterable[_Product]:
        index, body = binder.opened()
        if isinstance(index, Time) and isinstance(binder, (Total, Prod)):
            parts = [self.products(body, inner) for inner in self._instants(binder, index, times)]
            return self._multiplied(parts) if isinstance(binder, Prod) else frozenset[_Product]().union(*parts)
        if isinstance(binder, Prod):
            raise _Outside
        products: Iterable[_Product] = self.products(body, times)
        if isinstance(binder, Expect):
            law = self._path(binder.domain.args[0], index)
            products = [_joined(law, one) for one in products]
            self._keep_the_law(products, law)
        elif isinstance(index, Trajectory) and self.possible_only:
            self._keep_the_law(products, self._path(pi, index))
        return [self._bound(one, index, times) for one in products]

    def _keep_the_law(self, products: Iterable[_Product], law: _Product) -> None:
        """Every product vanishes with every factor of the law, a pi possibly differentiated."""
        for one in products:
            exponents = dict(one.factors)
            for factor, _ in law.factors:
                derived = exponents.get(("dpi", *factor[1:]), 0) if factor[0] == "pi" else 0
                if exponents.get(factor, 0) + derived < 1:
                    raise _Outside

    def _instants(self, binder: Any, index: Expr, times: dict[Expr, int]) -> list[dict[Expr, int]]:
        first, last = (self._time(limit, times) for limit in binder.domain.args)
        return [{**times, index: t} for t in range(first, last + 1)]

    def _bound(self, one: _Product, index: Expr, times: dict[Expr, int]) -> _Product:
        """The product with the variables of ``index`` renamed apart from all bound so far."""
        match index:
            case Trajectory():
                own = list(self._along(index))
            case State() | Action():
                own = [self._variable(index, times)]
            case _:
                raise _Outside
        start = len(one.bound)
        fresh = {variable: (variable[0], start + place) for place, variable in enumerate(own)}
        renamed = _renamed(one, fresh)
        return renamed._replace(bound=renamed.bound | frozenset(fresh.values()))

    # -- factors ---------------------------------------------------------------------------------------

    def _inverse(self, below: Expr, times: dict[Expr, int]) -> _Product:
        one = self._single(below, times)
        return one._replace(factors=frozenset((factor, -exponent) for factor, exponent in one.factors))

    def _single(self, term: Expr, times: dict[Expr, int]) -> _Product:
        """The term as one bare product of probability factors."""
        parts = self.products(term, times)
        if len(parts) != 1:
            raise _Outside
        one = next(iter(parts))
        if one.seen or one.bound:
            raise _Outside
        return one

    def _derivatives(self, inner: Expr, times: dict[Expr, int]) -> Iterable[_Product]:
        """The product rule; a logarithm of products becomes its scores."""
        match inner:
            case Log(args=(inside,)):
                return self._scores(inside, times)
            case Plus():
                return [one for argument in inner.args for one in self._derivatives(argument, times)]
            case Total(index=Time()):
                index, body = inner.opened()
                return [one for instant in self._instants(inner, index, times)
                        for one in self._derivatives(body, instant)]
        return [derived for one in self.products(inner, times) for derived in _derived(one)]

    def _scores(self, inside: Expr, times: dict[Expr, int]) -> Iterable[_Product]:
        """grad log of a product of probability factors: one dpi/pi for each pi."""
        scores = []
        for factor, _ in self._single(inside, times).factors:
            if factor[0] == "dpi":
                raise _Outside
            if factor[0] == "pi" and factor[1].learned:
                scores.append(_ONE._replace(factors=frozenset({(factor, -1), (("dpi", *factor[1:]), 1)})))
        return scores

    def _path(self, policy: Expr, path: Expr) -> _Product:
        """P(tau; theta) as its factors."""
        factors: list[tuple[Factor, int]] = [(("mu", ("s", path, 0)), 1)]
        for t in range(self.horizon + 1):
            now, act, then = ("s", path, t), ("a", path, t), ("s", path, t + 1)
            factors += [(("pi", policy, act, now), 1), (("P", then, now, act), 1)]
        return _ONE._replace(factors=frozenset(factors))

    def _along(self, path: Expr) -> Iterator[Variable]:
        for t in range(self.horizon + 2):
            yield ("s", path, t)
        for t in range(self.horizon + 1):
            yield ("a", path, t)

    def _variable(self, place: Expr, times: dict[Expr, int]) -> Variable:
        match place:
            case State():
                return ("s", place)
            case Action():
                return ("a", place)
            case StateAt(args=(Trajectory() as path, at)):
                return ("s", path, self._within(self._time(at, times), self.horizon + 1))
            case ActionAt(args=(Trajectory() as path, at)):
                return ("a", path, self._within(self._time(at, times), self.horizon))
        raise _Outside

    def _within(self, t: int, last: int) -> int:
        if not 0 <= t <= last:
            raise _Outside
        return t

    def _time(self, term: Expr, times: dict[Expr, int]) -> int:
        parts = linear(term)
        if parts is None:
            raise _Outside
        values: dict[Any, int] = {None: 1, **times, Horizon(): self.horizon}
        return sum(coefficient * values[key] for key, coefficient in parts.items())

    def _multiplied(self, parts: Iterable[Iterable[_Product]]) -> Iterable[_Product]:
        result: frozenset[_Product] = frozenset({_ONE})
        for part in parts:
            result = frozenset(_joined(left, right) for left, right in product(result, part))
            if len(result) > MOST_PRODUCTS:
                raise _Outside
        return result


def _factor(factor: Factor) -> _Product:
    return _ONE._replace(factors=frozenset({(factor, 1)}))


def _renamed(one: _Product, names: dict[Variable, Variable]) -> _Product:
    def new(value: Any) -> Any:
        return names.get(value, value) if isinstance(value, tuple) else value

    return _Product(
        frozenset(((factor[0], *map(new, factor[1:])), exponent) for factor, exponent in one.factors),
        frozenset(map(new, one.seen)),
        frozenset(map(new, one.bound)),
    )


def _joined(left: _Product, right: _Product) -> _Product:
    """The product of two products; what the right one has summed is renamed apart."""
    shift = len(left.bound)
    apart = _renamed(right, {variable: (variable[0], variable[1] + shift) for variable in right.bound})
    exponents = dict(left.factors)
    for factor, exponent in apart.factors:
        exponents[factor] = exponents.get(factor, 0) + exponent
    factors = frozenset((factor, exponent) for factor, exponent in exponents.items() if exponent)
    return _Product(factors, left.seen | apart.seen, left.bound | apart.bound)


def _derived(one: _Product) -> Iterator[_Product]:
    """pi^e becomes e pi^(e-1) dpi; a second derivative is outside the class."""
    if any(factor[0] == "dpi" for factor, _ in one.factors):
        raise _Outside
    exponents = dict(one.factors)
    for factor, exponent in one.factors:
        if factor[0] == "pi" and factor[1].learned:
            changed = {**exponents, factor: exponent - 1, ("dpi", *factor[1:]): 1}
            yield one._replace(factors=frozenset((f, e) for f, e in changed.items() if e))
