"""n* and k*: hand counts, sharpness by identities that fail exactly there, and the two steps of the proof."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from sympy import Expr, Integer
from test_models import paper_model

from derive.counterexample.enumerate import Enumeration
from derive.language.expression import Plus, Times
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.terms import Policy, State, Trajectory
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    a,
    expect,
    function,
    gamma,
    grad,
    i,
    log,
    mean,
    mu,
    pi,
    prod,
    r,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    trajectory_probability_of,
    variance,
    x,
)
from derive.procedures.cutoff import sufficient_shape
from derive.semantics.evaluate import Evaluator
from derive.semantics.generic import generic_model

sigma = Trajectory("sigma")
y = State("y")
f = function("f")
score = grad(log(P(tau)))
ZERO = Integer(0)
MANY = Times(*[total(s, mu(s)) + total(s, f(s))] * 11)  # 2^11 products


def step(target: Expr, source: Expr) -> Expr:
    """M(x|s) = sum_a pi(a|s) P(x|s,a), the state chain of the policy."""
    return total(a, pi(a | source) * P(target | source, a))


TRACE = total(s, step(s, s))
TRACE_OF_SQUARE = total(s, total(x, step(x, s) * step(s, x)))
TRACE_OF_CUBE = total(s, total(x, total(y, step(x, s) * step(y, x) * step(s, y))))


def equal_at(shape: Shape, before: Expr, after: Expr) -> bool:
    """Whether the sides are one element of the generic field, by direct evaluation."""
    evaluator = Evaluator(generic_model(shape, signature(before, after), additive=False))
    return evaluator.ring.is_zero(evaluator.value(before, {}) - evaluator.value(after, {}))


# -- counts by hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("horizon", [0, 1, 2])
@pytest.mark.parametrize(("before", "after"), [
    (J, expect(tau, R(tau))),
    (grad(J), expect(tau, score * R(tau))),
    (grad(total(tau, P(tau) * R(tau))), total(tau, P(tau) * score * R(tau))),
    (expect(tau, score), ZERO),
    (grad(J), expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))),
    (grad(J), expect(tau, ratio(grad(P(tau)), P(tau)) * R(tau))),
    (total(tau, trajectory_probability_of(tau) * R(tau)), J),
], ids=str)
def test_closed_trajectory_identities_linear_in_the_score(before: Expr, after: Expr, horizon: int) -> None:
    # every variable s_0..s_{H+1}, a_0..a_H is the target of one factor: 1 + (H + 2), 1 + (H + 1)
    assert sufficient_shape(before, after, horizon) == (horizon + 3, horizon + 2)


COUNTS: tuple[tuple[Expr, tuple[int, int]], ...] = (  # at H = 1
    (Integer(3), (1, 1)),
    (gamma, (1, 1)),
    (total(s, mu(s)), (2, 1)),
    (total(s, mu(s) * mu(s)), (3, 1)),  # T(s) = 2
    (total(s, mu(s) ** 3), (4, 1)),
    (total(s, f(s)), (2, 1)),  # T(s) = 0 counts as 1
    (total(s, total(a, f(s) * pi(a | s) ** 2)), (2, 3)),
    (total(s, mu(s)) * total(s, mu(s)), (3, 1)),  # renamed apart
    (total(s, mu(s)) ** 2, (3, 1)),
    (total(s, mu(s)) + total(s, mu(s)), (2, 1)),
    (total(s, mu(s)) ** 0, (1, 1)),
    (J * J, (7, 5)),  # 1 + 2 (H + 2), 1 + 2 (H + 1)
    (expect(tau, R(tau)) * expect(sigma, R(sigma)), (7, 5)),
    (expect(tau, R(tau)) ** 2, (7, 5)),
    (expect(tau, expect(sigma, R(sigma) * R(tau))), (7, 5)),
    (TRACE, (2, 2)),  # s is the target of P, a of pi
    (TRACE_OF_SQUARE, (3, 3)),
    (TRACE_OF_CUBE, (4, 4)),
    (TRACE**2, (3, 3)),
    (total(t, total(s, mu(s) * f(s))), (2, 1)),
    (prod(t, total(s, mu(s) * f(s))), (3, 1)),  # H + 1 = 2 factors
    (total(s, mu(s)) * gamma**3, (2, 1)),
    (total(tau, P(tau) * pi(tau.a[0] | tau.s[0])), (4, 4)),  # T(a_0) = 2
    (total(tau, P(tau) * R(tau)) - ratio(J, 2), (4, 3)),
    (total(tau, P(tau) * R(tau)) * ratio(1, gamma), (4, 3)),
    (total(s, total(a, total(x, mu(s) * pi(a | s) * P(x | s, a) * r(s, a, x)))), (3, 2)),
    (total(t, total(s, mu(s)), start=1, stop=0), (1, 1)),  # no product at all
    (grad(total(t, total(a, total(s, f(s) * pi(a | s))))), (2, 2)),
    (grad(total(s, f(s)) + total(s, total(a, f(s) * pi(a | s)))), (2, 2)),
    (expect(tau, grad(log(mu(tau.s[0]) * pi(tau.a[0] | tau.s[0])))), (4, 3)),
    (expect(tau, grad(total(t, log(pi(tau.a[t] | tau.s[t])))) * R(tau)), (4, 3)),
    (expect(tau, grad(log(pi(tau.a[0] | tau.s[0])) + log(pi(tau.a[1] | tau.s[1])))), (4, 3)),
    (expect(tau, pi(tau.a[H] | tau.s[H - 1 + 1]), policy=Policy("b")), (4, 4)),
    (grad(expect(tau, R(tau), policy=Policy("b"))), (1, 1)),  # no factor of pi to differentiate
)


@pytest.mark.parametrize(("term", "expected"), COUNTS, ids=[f"{n}: {term}" for n, (term, _) in enumerate(COUNTS)])
def test_counts(term: Expr, expected: tuple[int, int]) -> None:
    assert sufficient_shape(term, ZERO, 1) == expected
    assert sufficient_shape(ZERO, term, 1) == expected


def test_the_larger_side_counts() -> None:
    assert sufficient_shape(total(s, mu(s)), total(s, mu(s) ** 2), 0) == (3, 1)


OUTSIDE: tuple[Expr, ...] = (
    mu(s),  # a free index
    total(s, 1),  # a bare count of states
    total(a, gamma),
    total(tau, 1),
    total(s, total(a, pi(a | s))),  # s is no target and no argument
    total(tau, grad(log(pi(tau.a[0] | tau.s[0])))),  # a score that is not multiplied by its pi
    total(s, total(a, f(s) * grad(log(pi(a | s))))),
    total(s, ratio(mu(s), f(s))),  # an index-dependent denominator
    ratio(1, total(s, mu(s))),
    ratio(J, 1 + J),
    total(s, f(s) * log(mu(s))),
    expect(tau, log(P(tau))),
    expect(samples, mean(i, R(samples[i]))),
    variance(tau, R(tau)),
    total(s, mu(s)) ** 5,
    total(t, total(s, mu(s) ** t)),
    total(s, mu(s) * H),
    prod(s, mu(s)),
    grad(grad(J)),
    grad(expect(tau, score)),
    grad(total(s, total(a, mu(s) * grad(pi(a | s))))),
    total(t, expect(tau, f(tau.s[t * t]))),
    expect(tau, f(tau.s[4])),
    total(i, total(s, mu(s))),
    expect(samples, f(samples[1].s[0])),
    total(s, total(a, mu(s) * grad(log(grad(pi(a | s)))))),  # has no type either
    Plus(MANY, Times(MANY, total(s, f(s)))),  # 2^12 products, each side fewer
    expect(tau, f(tau.s[0 - 1])),
    total(t, expect(tau, f(tau.s[t])), stop=H * H),
    Times(total(s, mu(s)) + total(s, f(s)), *[total(s, f(s)) + gamma * total(s, mu(s))] * 12),  # 2^13 products
)


@pytest.mark.parametrize("term", OUTSIDE, ids=[f"{n}" for n in range(len(OUTSIDE))])
def test_what_is_outside_the_class_has_no_cutoff(term: Expr) -> None:
    assert sufficient_shape(term, ZERO, 1) is None
    assert sufficient_shape(ZERO, term, 1) is None


# -- sharpness -------------------------------------------------------------------------------------


def test_the_bound_is_sharp_at_three_states() -> None:
    """tr M^2 = 1 + (tr M - 1)^2: a stochastic 2 x 2 matrix has the eigenvalues 1 and tr M - 1."""
    left, right = TRACE_OF_SQUARE, 1 + (TRACE - 1) ** 2
    assert sufficient_shape(left, right, 0) == (3, 3)
    for shape in (Shape(1, 1, 0), Shape(1, 3, 0), Shape(2, 1, 0), Shape(2, 2, 0), Shape(2, 3, 0)):
        assert equal_at(shape, left, right)
    assert not equal_at(Shape(3, 1, 0), left, right)
    assert not equal_at(Shape(3, 3, 0), left, right)


def test_the_bound_is_sharp_at_four_states() -> None:
    """Newton's identity for the two eigenvalues of a stochastic 3 x 3 matrix other than 1, of sum e."""
    e = TRACE - 1
    left, right = TRACE_OF_CUBE, 1 + e**3 - ratio(3, 2) * e * (e**2 - TRACE_OF_SQUARE + 1)
    assert sufficient_shape(left, right, 0) == (4, 4)
    for shape in (Shape(1, 2, 0), Shape(2, 2, 0), Shape(3, 1, 0)):
        assert equal_at(shape, left, right)
    assert not equal_at(Shape(4, 1, 0), left, right)


def test_the_bound_is_sharp_for_actions() -> None:
    """With two actions pi(0)pi(1) twice is 1 - sum_a pi(a)^2; the power sums p_1 = 1, p_2, p_3 of two numbers
    obey p_3 = (3 p_2 - 1)/2, of three do not."""
    p2, p3 = (total(a, total(s, mu(s) * pi(a | s) ** n)) for n in (2, 3))
    left, right = p3, ratio(3 * p2 - 1, 2)
    assert sufficient_shape(left, right, 0) == (2, 4)
    assert equal_at(Shape(2, 2, 0), left, right)
    assert not equal_at(Shape(2, 3, 0), left, right)


# -- the two steps of the proof ------------------------------------------------------------------------


def with_dummies(model: Model) -> Model:
    """One more state and action that no row reaches; free functions are 0 there."""
    zero, shape = Fraction(0), model.shape
    larger = Shape(shape.states + 1, shape.actions + 1, shape.horizon)
    row = (*model.mu, zero)
    lost = (Fraction(1), *[zero] * shape.states)
    P = (*(tuple((*entry, zero) for entry in (*table, table[0])) for table in model.P),
         (lost,) * larger.actions)
    policy = tuple((*entry, zero) for entry in (*model.policies["pi"], model.policies["pi"][0]))
    scores = tuple((*entry, Fraction(9)) for entry in (*model.scores, model.scores[0]))
    r = (*(tuple((*entry, zero) for entry in (*table, (zero,) * shape.states)) for table in model.r),
         ((zero,) * larger.states,) * larger.actions)
    old = set(shape.paths())
    return replace(
        model, shape=larger, mu=row, P=P, r=r, policies={"pi": policy}, scores=scores,
        returns={path: model.returns[path] if path in old else zero for path in larger.paths()},
        functions={name: {(n,): table.get((n,), zero) for n in range(larger.states)}
                   for name, table in model.functions.items()},
    ).validate()


IN_THE_CLASS: tuple[Expr, ...] = (
    J, grad(J), expect(tau, score * R(tau)), TRACE_OF_SQUARE, total(s, f(s) * mu(s) ** 2), total(s, f(s)),
    total(s, total(a, total(x, mu(s) * pi(a | s) * P(x | s, a) * r(s, a, x)))), expect(tau, f(tau.s[1])) * J,
)


@pytest.mark.parametrize("term", IN_THE_CLASS, ids=str)
def test_down_a_dummy_state_and_a_dummy_action_change_nothing(term: Expr) -> None:
    assert sufficient_shape(term, ZERO, 1) is not None
    small = paper_model({(0, 0, 1, 1, 0): Fraction(8), (1, 0, 1, 0, 1): Fraction(-2)},
                        functions={"f": {(0,): Fraction(2), (1,): Fraction(-3)}})
    assert Enumeration(with_dummies(small)).value(term) == Enumeration(small).value(term)


@pytest.mark.parametrize("term", [total(s, 1), total(s, total(a, pi(a | s))), total(tau, 1)], ids=str)
def test_down_fails_outside_the_class(term: Expr) -> None:
    small = paper_model({})
    assert sufficient_shape(term, ZERO, 1) is None
    assert Enumeration(with_dummies(small)).value(term) != Enumeration(small).value(term)


def test_an_additive_return_is_no_free_function_of_the_trajectory() -> None:
    # sum_tau R(tau) = |S| |A| (1 + gamma) sum r at H = 1: 12 at (4,3), 4 at (2,2)
    left = total(tau, R(tau))
    right = 12 * (1 + gamma) * total(s, total(a, total(x, r(s, a, x))))
    small = replace(paper_model(), functions={})
    assert Enumeration(small).value(left) != Enumeration(small).value(right)
    assert sufficient_shape(left, right, 1, additive=True) is None
