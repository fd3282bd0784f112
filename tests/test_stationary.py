"""The oracle of infinite horizons: sums that converge and sums that do not, numbers by hand, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import log as ln
from typing import Any

import pytest
from sympy import Expr

from derive.errors import NotApplicable, OutsideFragment, Undefined
from derive.language.models import Model, Shape
from derive.language.terms import Policy, Time
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    R,
    V,
    a,
    expect,
    forever,
    function,
    gamma,
    grad,
    k,
    log,
    mu,
    pi,
    prod,
    r,
    ratio,
    s,
    t,
    tau,
    total,
    variance,
    x,
)
from derive.stationary.evaluation import Stationary
from derive.stationary.systems import Diverges, LinearEquation, components, eliminated, solved

F = Fraction
HALF = F(1, 2)
CLOSE = F(1, 10**25)
b, g, beta, j, u = function("b"), function("g"), Policy("beta"), Time("j"), Time("u")


def score(at: Any) -> Expr:
    return grad(log(pi(tau.a[at] | tau.s[at])))


def reward(at: Any) -> Expr:
    return r(tau.s[at], tau.a[at], tau.s[at + 1])


def rho(at: Any) -> Expr:
    return ratio(pi(tau.a[at] | tau.s[at]), beta(tau.a[at] | tau.s[at]))


def endless(body: Any, start: Any = 0, time: Time = t) -> Expr:
    return total(time, body, start=start, stop=forever)


# -- systems --------------------------------------------------------------------------------------------------


def system(*rows: tuple[Any, dict[int, Any]]) -> list[LinearEquation]:
    """x_n = constant + sum of weights; a number is (number, its absolute value)."""
    found = []
    for constant, weights in rows:
        equation = LinearEquation()
        equation.add(None, (F(constant), abs(F(constant))))
        for unknown, weight in weights.items():
            equation.add(unknown, (F(weight), abs(F(weight))))
        found.append(equation)
    return found


def test_a_system_that_converges() -> None:
    # x = 1 + y/2, y = x/2: x = 4/3, y = 2/3; z = x - 2 y = 0
    assert solved(system((1, {1: HALF}), (0, {0: HALF}), (0, {0: 1, 1: -2}))) == [F(4, 3), F(2, 3), 0]
    assert solved(system((1, {0: -HALF}))) == [F(2, 3)]  # 1 - 1/2 + 1/4 - ...


@pytest.mark.parametrize("rows", [
    [(1, {0: 2})],  # 1 + 2 + 4 + ..., not -1
    [(1, {0: 1})],  # 1 + 1 + ...
    [(1, {0: -1})],  # 1 - 1 + 1 - ..., not 1/2
    [(1, {1: 2}), (0, {0: HALF})],  # round and round, by 1
    [(1, {0: HALF, 1: -1}), (0, {0: 1, 1: HALF})],  # the powers tend to infinity: the eigenvalues are 1/2 +- i
    [(0, {1: 0}), (1, {0: 0, 1: 1})],  # 0 times what does not converge
    [(0, {1: 1}), (1, {1: 3}), (0, {0: 1})],
])
def test_a_system_that_has_a_solution_but_no_value(rows: list[Any]) -> None:
    with pytest.raises(Diverges, match="does not converge absolutely"):
        solved(system(*rows))


def test_a_bare_system_has_a_solution_all_the_same() -> None:
    assert eliminated([[F(1 - 2)]], [[F(1)]]) == [[-1]]


def test_nothing_added_up_for_ever_is_nothing() -> None:
    assert solved(system((0, {0: 1}), (3, {0: 5}), (0, {0: 1, 2: 2}))) == [0, 3, 0]


def test_what_cancels_is_something() -> None:
    # 1 - 1 at every step: the constant is 0, but it was added up from two numbers
    equation = LinearEquation()
    equation.add(None, (F(1), F(1)))
    equation.add(None, (F(-1), F(1)))
    equation.add(0, (F(1), F(1)))
    with pytest.raises(Diverges):
        solved([equation])


def test_components_come_after_what_they_lead_to() -> None:
    ahead = [[1], [2, 3], [0], [4], [4, 3], [5]]
    assert [set(one) for one in components(ahead)] == [{3, 4}, {0, 1, 2}, {5}]


# -- by hand --------------------------------------------------------------------------------------------------


def chain(first: Any, second: Any, *, policy: Any, rewards: dict[tuple[int, int, int], Any], scores: Any,
          start: int = 0) -> Model:
    """Two states, two actions that lead to the states given, gamma = 1/2."""
    return Model(
        shape=Shape(2, 2, 0), mu=tuple(F(n == start) for n in range(2)),
        P=tuple(tuple(tuple(F(n == to) for n in range(2)) for to in row) for row in (first, second)),
        r=tuple(tuple(tuple(F(rewards.get((n, c, m), 0)) for m in range(2)) for c in range(2)) for n in range(2)),
        gamma=HALF, policies={"pi": policy, "beta": ((HALF, HALF), (HALF, HALF))}, scores=scores,
        functions={"b": {(0,): F(1), (1,): F(0)}, "g": {(0, 0): F(0), (0, 1): F(1), (1, 0): F(2), (1, 1): F(3)}})


EVEN = ((HALF, HALF), (HALF, HALF))
FORTH = chain((0, 1), (0, 0), policy=EVEN, rewards={(1, 1, 0): 1}, scores=((F(0), F(1)), (F(0), F(0))))
"""Action 1 leads from 0 to 1, from where all leads back; action 1 pays 1 at state 1.

V(0) = V(1)/4 + V(0)/4 and V(1) = 1/2 + V(0)/2, so V(0) = 1/5, V(1) = 3/5. Along pi'(.|0) = (-1/4, 1/4):
V'(0) = 1/4 1/2 (3/5 - 1/5) + V'(1)/4 + V'(0)/4 and V'(1) = V'(0)/2, so V'(0) = 1/20 8/5 = 2/25.
"""
REST = chain((0, 1), (1, 1), policy=EVEN, rewards={(0, 0, 0): F(3, 4)}, scores=((F(1), F(0)), (F(0), F(0))))
"""Action 0 stays at 0 and pays 3/4, action 1 leads to rest at 1, where nothing is paid.

V(0) = 1/2 (3/4 + V(0)/2) = 1/2. Along pi'(.|0) = (1/4, -1/4) V'(0) = 1/4 (3/4 + 1/4) + V'(0)/4 = 1/3. Without the
weights gamma^t the policy gradient theorem says sum_t (1/2)^t 1/4 = 1/2.
"""
THERE_AND_BACK = chain((1, 1), (0, 0), policy=EVEN, rewards={}, scores=EVEN)
"""0, 1, 0, 1, ..., and b = 1, 0: b(s_t) is 1 at even times."""
FAIR = replace(THERE_AND_BACK, mu=(HALF, HALF), P=(((HALF, HALF),) * 2,) * 2)
"""Each state and action by a fair coin."""

LATER = total(k, gamma ** (k - t) * reward(k), start=t, stop=forever)
BY_HAND: list[tuple[str, Model, Expr, Any]] = [
    ("V(0)", FORTH, V(s), F(1, 5)),
    ("J", FORTH, J, F(1, 5)),
    ("J from the rewards", FORTH, endless(gamma**t * expect(tau, reward(t))), F(1, 5)),
    ("Q(0,1) = V(1)/2", FORTH, Q(s, a), F(3, 10)),
    ("A(0,1) = 3/10 - 1/5", FORTH, A(s, a), F(1, 10)),
    ("E V(s_1)", FORTH, expect(tau, V(tau.s[1])), F(2, 5)),
    ("grad J", FORTH, grad(J), F(2, 25)),
    ("grad V", FORTH, grad(V(s)), F(2, 25)),
    ("the policy gradient theorem", FORTH, endless(gamma**t * expect(tau, score(t) * LATER)), F(2, 25)),
    ("the own reward only: it is 0 where pi moves", FORTH, endless(gamma**t * expect(tau, score(t) * reward(t))), 0),
    ("grad J at rest", REST, grad(J), F(1, 3)),
    ("gamma^t dropped", REST, endless(expect(tau, score(t) * LATER)), HALF),
    ("rewards without a discount: 3/8 (1 + 1/2 + ...)", REST, endless(expect(tau, reward(t))), F(3, 4)),
    ("even times: 1 + 1/4 + ...", THERE_AND_BACK, endless(gamma**t * expect(tau, b(tau.s[t]))), F(4, 3)),
    ("odd times: 1/2 + 1/8 + ...", THERE_AND_BACK, endless(gamma**t * expect(tau, b(tau.s[t + 1]))), F(2, 3)),
    ("one step back: 1/2 + 1/8 + ...", THERE_AND_BACK, endless(gamma**t * expect(tau, b(tau.s[t - 1])), 1), F(2, 3)),
    ("at even t sum_k gamma^k b(s_{t+k+1}) = 2/3, and 4/3 2/3", THERE_AND_BACK, expect(tau, endless(
        gamma**t * b(tau.s[t]) * total(k, gamma ** (k - t) * b(tau.s[k + 1]), start=t, stop=forever))), F(8, 9)),
    ("sum_t gamma^t (t/2 + 1 at even t, (t+1)/2 at odd t): 16/9 + 8/9", THERE_AND_BACK, endless(gamma**t * expect(
        tau, total(k, b(tau.s[k]), stop=t))), F(8, 3)),
    ("the times from t on: (1/16)^m 4/3 at t = 2 m, an eighth of it at t = 2 m + 1: 9/8 4/3 16/15", THERE_AND_BACK,
     endless(gamma**t * expect(tau, total(k, gamma**k * b(tau.s[k]), start=t, stop=forever))), F(8, 5)),
    ("an empty sum at t = 0, inside of a sum whose weight stands with it: 2 1/2 sum_t 2^-t (2 - 2 2^-t)", FAIR, endless(
        total(k, expect(tau, total(j, gamma ** (t + k + j) * b(tau.s[j]), stop=t - 1)), stop=forever)), F(4, 3)),
    ("two sums multiplied: 4/3 2/3", THERE_AND_BACK, expect(tau, endless(gamma**t * b(tau.s[t])) * endless(
        gamma**k * b(tau.s[k + 1]), time=k)), F(8, 9)),
    ("sum t gamma^t = gamma/(1 - gamma)^2", FORTH, endless(t * gamma**t), 2),
    ("sum (gamma/3)^t", FORTH, endless((gamma * ratio(1, 3)) ** t), F(6, 5)),
    ("gamma^0 = 1, also at 0", replace(FORTH, gamma=F(0)), endless(gamma**t), 1),
    ("sums of squares of means: 2 1/4", FAIR, endless(gamma**t * expect(tau, b(tau.s[t])) ** 2), HALF),
    ("two means at one time", FAIR, endless(gamma**t * expect(tau, b(tau.s[t])) * expect(tau, b(tau.s[t]))), HALF),
    ("sums of means of squares: 2 1/2", FAIR, endless(gamma**t * expect(tau, b(tau.s[t]) ** 2)), 1),
    ("a square of a sum: 4 1/4", FAIR, endless(gamma**t * expect(tau, b(tau.s[t]))) ** 2, 1),
    ("two times of one chain: E b(s_0) b(s_2)", FAIR, expect(tau, b(tau.s[0]) * b(tau.s[2])), F(1, 4)),
    ("a long memory: g(s_0, s_3) is 0, 1, 2 or 3", FAIR, expect(tau, g(tau.s[0], tau.s[3])), F(3, 2)),
    ("the first state at every time: sum gamma^t (0 + 1 + 2 + 3)/4, but (0 + 3)/2 at t = 0", FAIR, endless(
        gamma**t * expect(tau, g(tau.s[0], tau.s[t]))), 3),
    ("P(s_2 = s_0)", FORTH, expect(tau, b(tau.s[2])), F(3, 4)),
    ("products to t: E 1/2 every step", FAIR, endless(gamma**t * expect(tau, prod(k, b(tau.s[k]), stop=t))), F(2, 3)),
    ("products to t - 1: sum (1/4)^t", FAIR, endless(gamma**t * expect(
        tau, prod(k, b(tau.s[k]), stop=t - 1))), F(4, 3)),
    ("products between two times: sum_t 2^-t sum_{k>=t} 2^-(k-t) 2^-(k-t)", FAIR, endless(gamma**t * expect(
        tau, total(k, gamma ** (k - t) * prod(j, b(tau.s[j]), start=t + 1, stop=k), start=t, stop=forever))), F(8, 3)),
    ("ratios to t", FORTH, endless(gamma**t * expect(tau, prod(k, rho(k), stop=t) * reward(t), policy=beta)), F(1, 5)),
    ("sums over actions", FORTH, endless(gamma**t * expect(tau, total(a, grad(pi(a | tau.s[t])) * Q(tau.s[t], a)))),
     F(2, 25)),
    ("sums over states", FORTH, total(x, mu(x) * V(x)), F(1, 5)),
    ("a quotient of sums", FORTH, ratio(1, pi(a | s) + HALF) * P(x | s, a) + ratio(0, 3), 1),
    ("what is one half at every step", FORTH, endless(gamma**t * expect(tau, ratio(pi(tau.a[t] | tau.s[t]), 1))), 1),
    ("1/(1/2 + 1/2) at every step", FORTH, endless(gamma**t * expect(
        tau, ratio(1, pi(tau.a[t] | tau.s[t]) + pi(tau.a[t] | tau.s[t])))), 2),
    ("a power 0", FORTH, expect(tau, b(tau.s[1]) ** 0), 1),
]
AT = {s: 0, a: 1, x: 1}


@pytest.mark.parametrize(("model", "term", "expected"), [one[1:] for one in BY_HAND], ids=[one[0] for one in BY_HAND])
def test_numbers_by_hand(model: Model, term: Expr, expected: Any) -> None:
    indices = {index: AT[index] for index in term.free_symbols}
    assert abs(Stationary(model.validate()).value(term, indices) - expected) < CLOSE


def test_values_without_a_gradient_are_exact() -> None:
    assert Stationary(FORTH).value(J) == F(1, 5)
    assert Stationary(FORTH).value(endless(gamma**t * expect(tau, reward(t)))) == F(1, 5)


def test_a_free_time() -> None:
    # P(s_t = 0) from 0: 1, 1/2, 3/4, 5/8
    found = [Stationary(FORTH).value(expect(tau, b(tau.s[t])), {t: at}) for at in range(4)]
    assert found == [1, HALF, F(3, 4), F(5, 8)]


def test_a_second_derivative() -> None:
    # one state, reward 1 for action 0: J = 2 p, and D^2 p = p (1-p) (1-2p) = 3/32 at p = 1/4
    one = Model(shape=Shape(1, 2, 0), mu=(F(1),), P=(((F(1),), (F(1),)),), r=(((F(1),), (F(0),)),), gamma=HALF,
                policies={"pi": ((F(1, 4), F(3, 4)),)}, scores=((F(1), F(0)),))
    assert abs(Stationary(one).value(grad(grad(J))) - F(3, 16)) < CLOSE


def test_logarithms() -> None:
    entropy = endless(gamma**t * expect(tau, log(pi(tau.a[t] | tau.s[t]))))
    assert float(Stationary(FORTH).value(entropy)) == pytest.approx(2 * ln(1 / 2))


def test_the_step_of_the_difference_quotient_is_what_separates_it_from_the_derivative() -> None:
    errors = [Stationary(FORTH, step=step).value(grad(J)) - F(2, 25) for step in (F(1, 10**3), F(1, 10**6))]
    assert all(errors)
    assert 990 < errors[0] / errors[1] < 1010


# -- what has no value ------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", [
    endless(expect(tau, reward(t))), endless(gamma**0 * gamma**0), endless(expect(tau, reward(t))) * 0,
    endless(expect(tau, reward(t))) - endless(expect(tau, reward(t))), endless(t * 2**t),
    endless(expect(tau, b(tau.s[0]))), endless(3**t * gamma**t), endless(expect(tau, reward(t))) ** 0,
    grad(endless(expect(tau, reward(t), policy=beta))), expect(tau, b(tau.s[1]) * endless(reward(t))),
    endless(gamma**t * expect(tau, endless(b(tau.s[k]), time=k)))], ids=str)
def test_a_sum_that_does_not_converge(term: Expr) -> None:
    with pytest.raises(Diverges):
        Stationary(FORTH).value(term)


def test_nothing_at_every_time_is_nothing() -> None:
    assert Stationary(FORTH).value(endless(0 * gamma**t * expect(tau, b(tau.s[t])))) == 0
    with pytest.raises(Diverges):
        Stationary(FORTH).value(endless(0 * gamma**t * expect(tau, endless(b(tau.s[k]), time=k))))


def test_a_value_of_rewards_that_are_not_discounted() -> None:
    assert Stationary(replace(REST, gamma=F(1))).value(J) == F(3, 4)  # 3/8 (1 + 1/2 + ...)
    with pytest.raises(Diverges):
        Stationary(replace(FORTH, gamma=F(1))).value(J)


@pytest.mark.parametrize(("term", "error", "says"), [
    (variance(tau, b(tau.s[0])), OutsideFragment, "has no meaning at an infinite horizon"),
    (expect(tau, R(tau)), OutsideFragment, "has no meaning at an infinite horizon"),
    (total(tau, P(tau)), OutsideFragment, "has no meaning at an infinite horizon"),
    (expect(tau, b(tau.s[H])), OutsideFragment, "no time of an infinite horizon"),
    (V[0](s), OutsideFragment, "has no meaning at an infinite horizon"),
    (endless(gamma**t * expect(tau, b(tau.s[2 * t]))), OutsideFragment, "the time"),
    (expect(tau, endless(gamma**t * b(tau.s[2 * t]))), OutsideFragment, "the time"),
    (prod(t, gamma, stop=forever), OutsideFragment, "a product over times"),
    (endless(gamma**t * expect(tau, prod(k, gamma**k * b(tau.s[k]), stop=t))), OutsideFragment, "a product over times"),
    (endless(gamma**t * expect(tau, prod(k, b(tau.s[t]), stop=t))), OutsideFragment, "a product over times"),
    (endless(gamma**t * prod(k, expect(tau, b(tau.s[k])), stop=t)), OutsideFragment, "a product over times"),
    (endless(gamma**t * ratio(1, expect(tau, b(tau.s[t])))), OutsideFragment, "changes with time"),
    (endless(expect(tau, b(tau.s[t]) ** t)), OutsideFragment, "a power of what changes"),
    (endless(gamma ** (t - 1)), OutsideFragment, "exponent may be below 0"),
    (endless(gamma**t * endless(gamma ** (k - 2 * t), time=k)), OutsideFragment, "exponent may be below 0"),
    (total(t, gamma**t, stop=1000), OutsideFragment, "more than 200 instances"),
    (expect(tau, b(tau.s[1]) ** 30), OutsideFragment, "a power of what changes"),
    (total(t, gamma ** (t - 1), stop=3), NotApplicable, "the exponent of"),
    (endless(gamma**t * expect(tau, b(tau.s[t - 1]))), NotApplicable, "does not exist"),
    (expect(tau, b(tau.s[u])), NotApplicable, "the free index u has no value"),
    (expect(tau, ratio(1, b(tau.s[1]))), Undefined, "is 0 here"),
    (ratio(1, endless(gamma**t) - 2), Undefined, "is 0 here"),
    (expect(tau, log(b(tau.s[1]))), Undefined, "log is asked of"),
], ids=lambda value: str(value)[:60])
def test_what_is_refused_by_name(term: Expr, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        Stationary(FORTH).value(term, dict.fromkeys(term.free_symbols - {u}, 0))


def test_what_cannot_happen_is_not_asked() -> None:
    # b(1) = 0, and state 1 is never reached from 0 by action 0
    stays = replace(FORTH, policies={**FORTH.policies, "pi": ((F(1), F(0)), (HALF, HALF))})
    assert Stationary(stays).value(endless(gamma**t * expect(tau, ratio(1, b(tau.s[t]))))) == 2
