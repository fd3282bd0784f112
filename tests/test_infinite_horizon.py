"""The evaluator of infinite horizons over rings: by hand, on generic models, what it refuses, slips that are seen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from sympy import Expr
from test_stationary import AT, BY_HAND, FORTH, REST, b, beta, endless, reward, rho, score, u

from derive.errors import NotApplicable, OutsideFragment
from derive.language.expression import as_term
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.vocabulary import (
    A,
    J,
    Q,
    V,
    expect,
    forever,
    gamma,
    grad,
    k,
    log,
    pi,
    prod,
    ratio,
    s,
    t,
    tau,
    total,
)
from derive.semantics import walks
from derive.semantics.concrete import Balls, Rationals, as_fraction, concrete_model
from derive.semantics.generic import generic_model
from derive.semantics.infinite_horizon import InfiniteHorizon
from derive.semantics.modular import residue_model
from derive.semantics.resolvent import Resolvent
from derive.semantics.timeline import Timeline
from derive.semantics.walks import NotKnownToConverge
from derive.stationary.evaluation import Stationary

F = Fraction

NOT_COVERED = {
    "sums of squares of means: 2 1/4", "two means at one time",
    "a long memory: g(s_0, s_3) is 0, 1, 2 or 3",
    "the first state at every time: sum gamma^t (0 + 1 + 2 + 3)/4, but (0 + 3)/2 at t = 0"}
"""What the oracle alone has a value for: products of two means at a time, functions of two steps."""


def value(term: Expr, model: Model, indices: Any = None) -> Fraction:
    return as_fraction(InfiniteHorizon(concrete_model(model, Rationals())).value(term, indices or {}))


@pytest.mark.parametrize(("name", "model", "term", "expected"), BY_HAND, ids=[one[0] for one in BY_HAND])
def test_numbers_by_hand(name: str, model: Model, term: Expr, expected: Any) -> None:
    try:
        found = value(term, model, {index: AT[index] for index in term.free_symbols})
    except OutsideFragment:
        assert name in NOT_COVERED
    else:
        assert found == expected
        assert name not in NOT_COVERED


def test_second_derivatives() -> None:
    # one state, reward 1 for action 0: J = 2 p, and D^2 p = p (1-p) (1-2p) = 3/32 at p = 1/4
    one = Model(shape=Shape(1, 2, 0), mu=(F(1),), P=(((F(1),), (F(1),)),), r=(((F(1),), (F(0),)),), gamma=F(1, 2),
                policies={"pi": ((F(1, 4), F(3, 4)),)}, scores=((F(1), F(0)),))
    again = endless(gamma**t * grad(expect(tau, reward(t))))
    for term in (grad(grad(J)), grad(grad(expect(tau, V(tau.s[1])))), grad(again)):
        assert value(term, one) == F(3, 16)
    # V(0) = (1/2) 3/4 / (1 - p/2) with p' = 1/4, p'' = 0: V = (3/4) p/(1 - p/2), V'' = 2 (3/4) (1/2) p'^2/(1 - p/2)^3
    assert value(grad(grad(J)), REST) == F(3, 4) / 16 / F(27, 64)


@pytest.mark.parametrize("term", [
    grad(J), grad(V(s)), endless(gamma**t * expect(tau, score(t) * Q(tau.s[t], tau.a[t]))),
    endless(gamma**t * expect(tau, prod(k, rho(k), stop=t) * A(tau.s[t], tau.a[t]), policy=beta)),
    expect(tau, b(tau.s[3]) * endless(gamma**t * b(tau.s[t + 1]))), grad(expect(tau, A(tau.s[1], tau.a[0 + 1]))),
    endless(gamma**t * grad(expect(tau, V(tau.s[t]))))], ids=str)
def test_generic_models_at_a_point_are_concrete_ones(term: Expr) -> None:
    """The field element, at the numbers of a model with positive rows."""
    model = replace(
        FORTH, mu=(F(1, 3), F(2, 3)),
        P=(((F(1, 4), F(3, 4)), (F(1, 2), F(1, 2))), ((F(2, 5), F(3, 5)), (F(1, 7), F(6, 7)))),
        policies={"pi": ((F(1, 5), F(4, 5)), (F(2, 3), F(1, 3))), "beta": ((F(1, 2), F(1, 2)), (F(1, 3), F(2, 3)))})
    generic = generic_model(Shape(2, 2, 0), signature(term), additive=True)
    element = InfiniteHorizon(generic).value(term, {index: AT[index] for index in term.free_symbols})
    assert at_model(element, generic.ring.field, model, signature(term)) == value(
        term, model, {index: AT[index] for index in term.free_symbols})


def at_model(element: Any, field: Any, model: Model, speaks: Any) -> Fraction:
    stems = {name: "pi" if name == "pi" else f"q{n}" for n, name in enumerate(sorted(speaks.policies | {"pi"}))}
    numbers = {"gamma": model.gamma, "mu_0": model.mu[0], "f0_0": F(1), "f0_1": F(0)}
    for n in range(2):
        for c in range(2):
            numbers |= {f"P_{n}_{c}_0": model.P[n][c][0], f"phi_{n}_{c}": model.scores[n][c]}
            numbers |= {f"r_{n}_{c}_{m}": model.r[n][c][m] for m in range(2)}
        numbers |= {f"{stem}_{n}_0": model.policies[name][n][0] for name, stem in stems.items()}

    def at(polynomial: Any) -> Fraction:
        result, names = F(0), polynomial.context().names()
        for powers, coefficient in polynomial.to_dict().items():
            part = F(int(coefficient))
            for name, power in zip(names, powers, strict=True):
                part *= numbers[name] ** int(power) if power else 1
            result += part
        return result

    found = at(element.num)
    for number, power in element.exps.items():
        found *= at(field.factor(number)) ** power
    return found


def test_logarithms_in_balls() -> None:
    ball = InfiniteHorizon(concrete_model(FORTH, Balls())).value(
        endless(gamma**t * expect(tau, log(pi(tau.a[t] | tau.s[t])))), {})
    assert abs(float(ball.mid()) + 1.3862943611198906) < 1e-12  # 2 log 1/2


LATER = total(k, gamma ** (k - t) * reward(k), start=t, stop=forever)


def test_only_rational_numbers_can_show_that_a_sum_without_a_discount_converges() -> None:
    dropped = endless(expect(tau, score(t) * LATER))
    assert value(dropped, REST) == F(1, 2)
    with pytest.raises(NotKnownToConverge):
        value(dropped, FORTH)
    for model in (generic_model(Shape(2, 2, 0), signature(dropped), additive=True), concrete_model(REST, Balls()),
                  residue_model(Shape(2, 2, 0), signature(dropped), additive=True, seed=0)):
        with pytest.raises(NotKnownToConverge):
            InfiniteHorizon(model).value(dropped, {})


def _many(count: int) -> Expr:
    """A product of as many sums."""
    body = as_term(1)
    for _ in range(count):
        body = body * endless(gamma**t * b(tau.s[t]))
    return expect(tau, body)


moving = pi(tau.a[t] | tau.s[t])
SHAPES_OF_TERMS = [
    expect(tau, grad(endless(gamma**t * b(tau.s[t]) * moving))),
    expect(tau, grad(b(tau.s[1]) * endless(gamma**t * moving))),
    expect(tau, grad(endless(gamma**t * moving) + b(tau.s[0]) * endless(gamma**t * b(tau.s[t])))),
    expect(tau, grad(b(tau.s[0]) * b(tau.s[2])) + b(tau.s[1])),
    expect(tau, ratio(endless(gamma**t * b(tau.s[t])), 2 + pi(tau.a[0] | tau.s[0]))),
    endless(gamma**t * expect(tau, ratio(moving * b(tau.s[t + 2]), pi(tau.a[t + 1] | tau.s[t + 1]) * moving))),
    endless((gamma**2) ** t * expect(tau, b(tau.s[t]))), endless((gamma * ratio(1, 3)) ** t * expect(tau, b(tau.s[t]))),
    endless(ratio(1, 3) ** t * expect(tau, b(tau.s[t]))),
    endless(ratio(gamma ** (t + 1), 3) * expect(tau, b(tau.s[t]))),
    endless(gamma ** (2 * t) * (-1 * gamma) ** t * expect(tau, b(tau.s[t]))), endless((gamma**t) ** 2),
    expect(tau, prod(k, pi(tau.a[k] | tau.s[k]) + b(tau.s[k]), stop=1) * b(tau.s[2])),
    expect(tau, b(tau.s[u])), expect(tau, endless(gamma**t * b(tau.s[t + 1]), u)),
    endless(gamma**t * J * grad(expect(tau, b(tau.s[t])))), endless(gamma**t * grad(J * expect(tau, b(tau.s[t])))),
    endless(gamma**t * expect(tau, b(tau.s[0]) + b(tau.s[t]) * total(k, b(tau.s[k]), stop=t + 1))),
    endless(gamma**t * expect(tau, total(k, b(tau.s[k]), start=t, stop=t + 2))),
    endless(gamma**t * expect(tau, b(tau.s[t + 1]) * prod(k, rho(k), start=1, stop=t), policy=beta)),
    total(s, expect(tau, endless(gamma**t * b(tau.s[t]) * pi(tau.a[t] | s)))),
    endless(gamma**t * t), endless(gamma**t * expect(tau, (t + 1) * b(tau.s[t]))),
    total(t, expect(tau, b(tau.s[t]) * endless(gamma**k * b(tau.s[k]), time=k)), stop=2)]
RANDOM = replace(
    FORTH, mu=(F(1, 3), F(2, 3)),
    P=(((F(1, 4), F(3, 4)), (F(1, 2), F(1, 2))), ((F(2, 5), F(3, 5)), (F(1, 7), F(6, 7)))),
    policies={"pi": ((F(1, 5), F(4, 5)), (F(2, 3), F(1, 3))), "beta": ((F(1, 2), F(1, 2)), (F(1, 3), F(2, 3)))},
    functions={"b": {(0,): F(2), (1,): F(-3)}})


@pytest.mark.parametrize("term", SHAPES_OF_TERMS, ids=str)
def test_the_oracle_agrees(term: Expr) -> None:
    at = dict.fromkeys(term.free_symbols, 2)
    assert abs(value(term, RANDOM, at) - Stationary(RANDOM).value(term, at)) < F(1, 10**20)


@pytest.mark.parametrize(("term", "error", "says"), [
    (endless(gamma**t * expect(tau, b(tau.s[2 * t]))), OutsideFragment, "no letter plus a number"),
    (endless(gamma ** (t - 1)), OutsideFragment, "exponent may be below 0"),
    (endless(gamma**t * expect(tau, b(tau.s[t])) ** 2), OutsideFragment, "a product of two means"),
    (endless(gamma**t * expect(tau, prod(k, gamma**k * b(tau.s[k]), stop=t))), OutsideFragment, "product of other"),
    (endless(gamma**t * expect(tau, prod(k, b(tau.s[t]), stop=t))), OutsideFragment, "the same at every time"),
    (endless(gamma**t * expect(tau, prod(k, b(tau.s[k]), stop=t - 2))), OutsideFragment, "end is not yet known"),
    (endless((gamma * V(s)) ** t), OutsideFragment, "powers of"),
    (endless((0 * gamma) ** t), OutsideFragment, "a power of 0"),
    (endless(gamma**t * expect(tau, total(k, b(tau.s[k]), start=t + 1, stop=t) * LATER)), OutsideFragment, "with 0 of"),
    (total(t, expect(tau, b(tau.s[t])) * endless(gamma**k, time=k), start=-1, stop=1), NotApplicable, "below 0"),
    (endless(gamma**t * expect(tau, b(tau.s[t - 1]))), NotApplicable, "a time below 0"),
    (expect(tau, V[0](tau.s[0])), OutsideFragment, "a value with time to go"),
    (grad(grad(endless(gamma**t * grad(expect(tau, b(tau.s[t])))))), OutsideFragment, "a third derivative"),
    (grad(grad(grad(J))), OutsideFragment, "a third derivative"),
    (endless(gamma**t * grad(J * grad(expect(tau, b(tau.s[t]))))), OutsideFragment, "a gradient of a gradient"),
    (endless(gamma**t * grad(expect(tau, b(tau.s[t]))) * grad(expect(tau, b(tau.s[t])))), OutsideFragment, "two means"),
    (endless(gamma**t * b(s) ** t), OutsideFragment, "powers of"),
    (endless(gamma**t * expect(tau, b(tau.s[t]) ** t)), OutsideFragment, "a power of what changes"),
    (endless(gamma**t * endless(gamma**k * expect(tau, b(tau.s[t * k])), time=k)), OutsideFragment, "the time"),
    (endless(gamma**t * expect(tau, total(k, b(tau.s[k]), stop=300))), OutsideFragment, "more than 200 instances"),
    (endless(gamma**t * expect(tau, total(k, b(tau.s[k]), stop=99) ** 2)), OutsideFragment, "more than 2000 summands"),
    (endless(gamma**t * expect(tau, grad(moving * endless(gamma**k * moving, time=k)))), OutsideFragment, "gradient"),
    (endless(gamma**t * expect(tau, ratio(1, b(tau.s[t]) + b(tau.s[t + 2])))), OutsideFragment, "a quotient by"),
    (endless(gamma**t * expect(tau, log(endless(gamma**k * b(tau.s[k]), time=k)))), OutsideFragment, "no sum of"),
    (endless(gamma**t * expect(tau, log(b(tau.s[t]) * b(tau.s[t + 2])))), OutsideFragment, "single step"),
    (endless(gamma**t * total(k, gamma**k, start=t, stop=1) * total(k, gamma**k, start=2, stop=t)), OutsideFragment,
     "contradict"),
    (_many(7), OutsideFragment, "more than 6 times"),
    (expect(tau, b(tau.s[u])), NotApplicable, "without a value"),
], ids=lambda case: str(case)[:60])
def test_what_is_refused_by_name(term: Expr, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        value(term, FORTH, dict.fromkeys(term.free_symbols - {u}, 0))


# -- slips that are seen ------------------------------------------------------------------------------------


def wrong(term: Expr, model: Model, expected: Any) -> bool:
    return value(term, model) != expected


def test_a_slip_in_the_derivative_of_a_resolvent_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Resolvent, "_moved", lambda self, found, one, two: [self.ring.zero] * self.size)
    assert wrong(grad(J), FORTH, F(2, 25))


def test_a_slip_in_the_ages_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timeline, "_allowed", lambda self, now, placed: True)
    (model, term, expected), = [one[1:] for one in BY_HAND if one[0].startswith("the times from t on")]
    assert wrong(term, model, expected)


def test_a_slip_in_the_weights_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks.Walk, "_shift", lambda self, growth: 0)
    assert wrong(endless(gamma**t * expect(tau, b(tau.s[t - 1])), 1), FORTH, value(
        gamma * endless(gamma**t * expect(tau, b(tau.s[t]))), FORTH))


def test_a_convergence_that_is_not_asked_for_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the question 1 + 2 + 4 + ... is -1."""
    growing = endless((as_term(2)) ** t)
    with pytest.raises(NotKnownToConverge):
        value(growing, FORTH)
    monkeypatch.setattr(walks.Walk, "_tends_to_0", lambda self, matrix, weight: True)
    assert value(growing, FORTH) == -1
