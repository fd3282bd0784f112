"""Hypothesis strategies for anybody's tests: shapes, MDPs, policies, trajectories, terms, mutants.

Numbers are drawn from short lists, simplest first, and rows of probabilities from small
integer weights, so nothing is filtered and failures shrink to few states, few actions
and small fractions. Hypothesis is imported here and by what draws from here, ``derive
fuzz``; ``derive check`` does not load it.

>>> from hypothesis import given
>>> from derive.testing.strategies import models
>>> @given(models(additive=True))
... def test_constant_policy_has_no_gradient(model): ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st
from sympy import Expr, Rational

from derive.checking.theorems import Theorem
from derive.language.binding import Index
from derive.language.expression import Ratio
from derive.language.models import Model, Path, Shape, Table
from derive.language.terms import Action, Between, Policy, Prod, State, Time, Total, Trajectory
from derive.language.vocabulary import H, J, P, R, expect, function, gamma, grad, log, mu, pi, r, total
from derive.numeric.tabular import FloatArray, TabularMDP, from_model
from derive.testing.mutants import Mutant
from derive.testing.mutants import chain_mutants as all_mutants

NUMBERS = tuple(Fraction(n, d) for n, d in ((0, 1), (1, 1), (-1, 1), (2, 1), (1, 2), (-1, 2), (3, 1), (2, 3), (-3, 1)))
LEAST = Shape(1, 1, 0)
DISCOUNTS = tuple(Fraction(n, d) for n, d in ((1, 2), (1, 1), (0, 1), (1, 3), (9, 10)))

b, q, beta = function("b"), function("q"), Policy("beta")
FUNCTIONS: Mapping[str, tuple[str, ...]] = {"b": ("state",), "q": ("state", "action")}
"""The free functions that ``terms`` speaks of: a baseline b(s) and a critic q(s, a)."""


def numbers() -> st.SearchStrategy[Fraction]:
    """Small fractions, 0 first.

    >>> numbers().example()  # doctest: +SKIP
    Fraction(1, 2)
    """
    return st.sampled_from(NUMBERS)


@st.composite
def shapes(draw: st.DrawFn, *, max_states: int = 3, max_actions: int = 3, max_horizon: int = 2, max_samples: int = 1,
           most: int = 100, least: Shape = LEAST, favour: str = "") -> Shape:
    """Shapes (|S|, |A|, H) with m samples and at most ``most`` trajectories, or joint samples.

    None is below ``least`` in any part. ``favour`` names a part that is drawn before the
    others, and every other time as large as it may be: "states", "actions" or "horizon".

    >>> shapes(max_horizon=0).example()  # doctest: +SKIP
    Shape(states=1, actions=2, horizon=0, samples=1)
    """
    def largest(shape: Shape, part: str, top: int) -> int:
        sizes = range(getattr(shape, part) + 1, top + 1)
        return max((size for size in sizes if replace(shape, **{part: size}).trajectories**shape.samples <= most),
                   default=getattr(shape, part))

    shape = replace(least, samples=draw(st.integers(least.samples, max(least.samples, max_samples))))
    parts = (("states", max_states), ("actions", max_actions), ("horizon", max_horizon))
    for part, top in sorted(parts, key=lambda one: one[0] != favour):
        low, high = getattr(shape, part), largest(shape, part, top)
        sizes = st.sampled_from([*range(low, high + 1), *[high] * (high - low + 1)])  # the last shrink as numbers do
        shape = replace(shape, **{part: draw(sizes if part == favour else st.integers(low, high))})
    return shape


@st.composite
def rows(draw: st.DrawFn, size: int, *, zeros: bool = False) -> tuple[Fraction, ...]:
    """A row of ``size`` probabilities, with exact zeros if allowed.

    >>> rows(2).example()  # doctest: +SKIP
    (Fraction(1, 2), Fraction(1, 2))
    """
    weight = st.sampled_from((1, 0, 2, 3) if zeros else (1, 2, 3, 5))
    weights = [draw(weight) for _ in range(size)]
    weights[0] += not any(weights)
    return tuple(Fraction(weight, sum(weights)) for weight in weights)


@st.composite
def policies(draw: st.DrawFn, shape: Shape, *, zeros: bool = False) -> Table:
    """A table [s][a] of action probabilities, exact.

    >>> policies(Shape(2, 2, 0)).example()  # doctest: +SKIP
    ((Fraction(1, 2), Fraction(1, 2)), (Fraction(1, 3), Fraction(2, 3)))
    """
    return tuple(draw(rows(shape.actions, zeros=zeros)) for _ in range(shape.states))


@st.composite
def thetas(draw: st.DrawFn, shape: Shape) -> FloatArray:
    """Parameters (S, A) of a softmax policy in floats, between -3 and 3.

    >>> thetas(Shape(1, 2, 0)).example()  # doctest: +SKIP
    array([[0. , 0.5]])
    """
    entries = [[float(draw(numbers())) for _ in range(shape.actions)] for _ in range(shape.states)]
    return np.array(entries)


@st.composite
def models(draw: st.DrawFn, shape: Shape | st.SearchStrategy[Shape] | None = None, *, additive: bool | None = None,
           zeros: bool = False, initial_zeros: bool | None = None, policy_zeros: bool = False,
           fixed_policies: Sequence[str] = ("beta",), functions: Mapping[str, tuple[str, ...]] = FUNCTIONS,
           discounts: Sequence[Fraction] = DISCOUNTS) -> Model:
    """Exact finite MDPs with policies, a direction and tables of free functions.

    ``additive`` chooses the return: additive, arbitrary, or (None) either. ``zeros``
    allows zeros in mu and P, ``initial_zeros`` in mu if it is not to be as in P,
    ``policy_zeros`` in every policy. ``functions`` maps a name to the sorts of its
    arguments.

    >>> models(Shape(1, 2, 0), additive=True).example().returns is None
    True
    """
    if not isinstance(shape, Shape):
        shape = draw(shapes() if shape is None else shape)
    n, k = range(shape.states), range(shape.actions)
    sizes = {"state": n, "action": k}
    tables = {name: draw(policies(shape, zeros=policy_zeros)) for name in fixed_policies if name != "pi"}
    is_additive = draw(st.booleans()) if additive is None else additive
    return Model(
        shape=shape, mu=draw(rows(len(n), zeros=zeros if initial_zeros is None else initial_zeros)),
        P=tuple(tuple(draw(rows(len(n), zeros=zeros)) for _ in k) for _ in n),
        r=tuple(tuple(tuple(draw(numbers()) for _ in n) for _ in k) for _ in n),
        gamma=draw(st.sampled_from(discounts)),
        policies={"pi": draw(policies(shape, zeros=policy_zeros)), **tables},
        scores=tuple(tuple(draw(numbers()) for _ in k) for _ in n),
        returns=None if is_additive else {path: draw(numbers()) for path in shape.paths()},
        functions={name: {places: draw(numbers()) for places in product(*(sizes[sort] for sort in sorts))}
                   for name, sorts in functions.items()},
    ).validate()


@st.composite
def trajectories(draw: st.DrawFn, where: Shape | Model) -> Path:
    """A trajectory (s_0, a_0, ..., s_{H+1}) of a shape; of a model, one that is possible under pi.

    >>> trajectories(Shape(1, 1, 0)).example()
    (0, 0, 0)
    """
    if isinstance(where, Model):
        return draw(st.sampled_from([path for path in where.shape.paths() if where.probability_of(path) > 0]))
    places = [where.states, *(where.actions, where.states) * (where.horizon + 1)]
    return tuple(draw(st.integers(0, size - 1)) for size in places)


def float_mdps(shape: Shape | st.SearchStrategy[Shape] | None = None, *,
               zeros: bool = False) -> st.SearchStrategy[TabularMDP]:
    """Finite MDPs in floats, for the numeric side.

    >>> float_mdps(Shape(2, 2, 1)).example().P.shape
    (2, 2, 2)
    """
    return models(shape, additive=True, zeros=zeros, functions={}).map(from_model)


def chain_mutants(theorem: Theorem) -> st.SearchStrategy[Mutant]:
    """One-step mutants of a theorem's chain.

    >>> from proofs.gradient_of_probability import gradient_of_probability
    >>> chain_mutants(gradient_of_probability).example().theorem.name
    'gradient_of_probability'
    """
    return st.sampled_from(list(all_mutants(theorem)))


# -- terms ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a subterm may speak of: the indices around it, and how much more may be nested."""

    depth: int
    states: tuple[Any, ...] = ()
    actions: tuple[Any, ...] = ()
    times: tuple[Index, ...] = ()
    paths: tuple[Any, ...] = ()
    sums_over_paths: int = 1

    def deeper(self) -> _Scope:
        return replace(self, depth=self.depth - 1)

    def with_state(self, state: Any) -> _Scope:
        return replace(self, states=(*self.states, state))

    def with_action(self, action: Any) -> _Scope:
        return replace(self, actions=(*self.actions, action))

    def with_path(self, path: Any) -> _Scope:
        return replace(
            self, paths=(*self.paths, path), states=(*self.states, path.s[0], path.s[H + 1]),
            actions=(*self.actions, path.a[0], path.a[H]), sums_over_paths=self.sums_over_paths - 1)

    def with_time(self, time: Any) -> _Scope:
        scope = replace(self, times=(*self.times, time))
        for path in self.paths:
            scope = scope.with_state(path.s[time]).with_state(path.s[time + 1]).with_action(path.a[time])
        return scope


@st.composite
def terms(draw: st.DrawFn, *, rank: int = 0, depth: int = 3, free: Sequence[Index] = (), logs: bool = False) -> Expr:
    """Well-typed terms of rank 0 (scalars) or 1 (gradients) over the whole vocabulary but samples.

    ``free`` are the indices that may occur free; times that are looked up exist on every
    shape. Logarithms stand under a gradient only, where they have exact meanings, unless
    ``logs``. Denominators and arguments of logarithms are products of probabilities, so
    a term is defined on every model without zeros.

    >>> from derive.language.ranks import rank
    >>> rank(terms(rank=1, depth=1).example())
    1
    """
    scope = _Scope(depth)
    for index in free:
        scope = {State: scope.with_state, Action: scope.with_action, Time: scope.with_time,
                 Trajectory: scope.with_path}[type(index)](index)
    return draw(_gradient(scope) if rank else _scalar(scope, logs))


@st.composite
def _positive(draw: st.DrawFn, scope: _Scope) -> Expr:
    """A probability, or a product of two."""
    kinds = ["two"] if scope.depth > 1 else []
    kinds = (["trajectory"] if scope.paths else []) + kinds
    if scope.states:
        kinds = ["initial"] + (["choice", "fixed choice", "transition"] if scope.actions else []) + kinds
    match draw(st.sampled_from(kinds or ["sum"])):
        case "sum":
            return total(State("x"), mu(State("x")))
        case "initial":
            return mu(draw(st.sampled_from(scope.states)))
        case "trajectory":
            return P(draw(st.sampled_from(scope.paths)), policy=draw(st.sampled_from((pi, beta))))
        case "two":
            return draw(_positive(replace(scope, depth=1))) * draw(_positive(replace(scope, depth=1)))
        case kind:
            state, action = draw(st.sampled_from(scope.states)), draw(st.sampled_from(scope.actions))
            if kind == "transition":
                return P(draw(st.sampled_from(scope.states)) | state, action)
            return (pi if kind == "choice" else beta)(action | state)


@st.composite
def _leaf(draw: st.DrawFn, scope: _Scope) -> Expr:
    kinds = ["number", "discount", "objective", "probability"]
    kinds += ["baseline"] if scope.states else []
    kinds += ["critic", "reward"] if scope.states and scope.actions else []
    kinds += ["return"] if scope.paths else []
    kinds += ["power"] if scope.times else []
    match draw(st.sampled_from(kinds)):
        case "number":
            number = draw(numbers())
            return Rational(number.numerator, number.denominator)
        case "discount":
            return gamma
        case "objective":
            return J
        case "probability":
            return draw(_positive(scope))
        case "baseline":
            return b(draw(st.sampled_from(scope.states)))
        case "return":
            return R(draw(st.sampled_from(scope.paths)))
        case "power":
            return gamma ** draw(st.sampled_from(scope.times))
        case kind:
            state, action = draw(st.sampled_from(scope.states)), draw(st.sampled_from(scope.actions))
            return q(state, action) if kind == "critic" else r(state, action, draw(st.sampled_from(scope.states)))


@st.composite
def _scalar(draw: st.DrawFn, scope: _Scope, logs: bool) -> Expr:
    if scope.depth <= 0:
        return draw(_leaf(scope))
    inner = scope.deeper()
    kinds = ["leaf", "plus", "times", "square", "ratio", *_binders(scope), "product"] + (["log"] if logs else [])
    match draw(st.sampled_from(kinds)):
        case "leaf":
            return draw(_leaf(scope))
        case "plus":
            return draw(_scalar(inner, logs)) + draw(_scalar(inner, logs))
        case "times":
            return draw(_scalar(inner, logs)) * draw(_scalar(inner, logs))
        case "square":
            return draw(_scalar(inner, logs)) ** 2
        case "ratio":
            return Ratio(draw(_scalar(inner, logs)), draw(_positive(inner)))
        case "log":
            return log(draw(_positive(inner)))
        case "product":
            time = _fresh(Time, scope)
            return Prod(time, Between(0, H), draw(_leaf(inner.with_time(time))))
        case kind:
            return draw(_bound(kind, scope, lambda inside: _scalar(inside, logs)))


@st.composite
def _gradient(draw: st.DrawFn, scope: _Scope) -> Expr:
    if scope.depth <= 0:
        return grad(log(draw(_positive(scope))))
    inner = scope.deeper()
    match draw(st.sampled_from(["grad", "score", "plus", "times", "ratio", *_binders(scope)])):
        case "grad":
            return grad(draw(_scalar(inner, logs=False)))
        case "score":
            return grad(log(draw(_positive(inner))))
        case "plus":
            return draw(_gradient(inner)) + draw(_gradient(inner))
        case "times":
            return draw(_scalar(inner, logs=False)) * draw(_gradient(inner))
        case "ratio":
            return Ratio(draw(_gradient(inner)), draw(_positive(inner)))
        case kind:
            return draw(_bound(kind, scope, _gradient))


def _binders(scope: _Scope) -> list[str]:
    over_paths = ["expectation", "off-policy expectation", "trajectories"] if scope.sums_over_paths > 0 else []
    return ["states", "actions", "times", *over_paths]


def _fresh(kind: type[Index], scope: _Scope) -> Any:
    """An index that no other binder of the term has; binding renames it anyway."""
    return kind(f"{kind.sort}{scope.depth}")


@st.composite
def _bound(draw: st.DrawFn, kind: str, scope: _Scope, body: Any) -> Expr:
    inner = scope.deeper()
    match kind:
        case "states":
            state = _fresh(State, scope)
            return total(state, draw(body(inner.with_state(state))))
        case "actions":
            action = _fresh(Action, scope)
            return total(action, draw(body(inner.with_action(action))))
        case "times":
            time = _fresh(Time, scope)
            first, last = draw(st.sampled_from(((0, H), (1, H), (0, H - 1))))
            return Total(time, Between(first, last), draw(body(inner.with_time(time))))
    path = _fresh(Trajectory, scope)
    inside = draw(body(inner.with_path(path)))
    if kind == "trajectories":
        return total(path, inside)
    return expect(path, inside, policy=pi if kind == "expectation" else beta)
