"""Hypothesis strategies for numbers and for terms over the whole vocabulary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from sympy import Expr, Rational

from derive.language.binding import Index
from derive.language.expression import Ratio
from derive.language.terms import Action, Between, Policy, Prod, State, Time, Total, Trajectory
from derive.language.vocabulary import H, J, P, R, expect, function, gamma, grad, log, mu, pi, r, total

NUMBERS = tuple(Fraction(n, d) for n, d in ((0, 1), (1, 1), (-1, 1), (2, 1), (1, 2), (-1, 2), (3, 1), (2, 3), (-3, 1)))

b, q, beta = function("b"), function("q"), Policy("beta")
FUNCTIONS: Mapping[str, tuple[str, ...]] = {"b": ("state",), "q": ("state", "action")}
"""The free functions that ``terms`` speaks of: a baseline b(s) and a critic q(s, a)."""


def numbers() -> st.SearchStrategy[Fraction]:
    """Small fractions, 0 first.

    >>> numbers().example()  # doctest: +SKIP
    Fraction(1, 2)
    """
    return st.sampled_from(NUMBERS)


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
