"""Theorems with values, free times, products of sums and infinite horizons, and false claims beside them."""

from __future__ import annotations

from typing import Any

from sympy import Expr

from derive.checking.derivation import Chain, Theorem, by, calc, theorem
from derive.language.assumptions import (
    additive_return,
    discount_below_one,
    dynamics_positive,
    initial_positive,
    policy_positive,
)
from derive.language.terms import Policy
from derive.language.vocabulary import (
    A,
    H,
    J,
    Q,
    R,
    V,
    expect,
    forever,
    function,
    gamma,
    grad,
    k,
    log,
    pi,
    prod,
    r,
    ratio,
    t,
    tau,
    total,
    variance,
)
from derive.rules import automata

b, beta = function("b"), Policy("beta")
ADDITIVE = [additive_return]
ENDLESS = [additive_return, discount_below_one, policy_positive, initial_positive, dynamics_positive]


def score(at: Any) -> Expr:
    return grad(log(pi(tau.a[at] | tau.s[at])))


def reward(at: Any) -> Expr:
    return r(tau.s[at], tau.a[at], tau.s[at + 1])


def endless(body: Any, start: Any = 0) -> Expr:
    return total(t, body, start=start, stop=forever)


def later(first: Any) -> Expr:
    """The discounted rewards from a time on, for ever."""
    return total(k, gamma ** (k - t) * reward(k), start=first, stop=forever)


error = reward(t) + gamma * V(tau.s[t + 1]) - V(tau.s[t])


@theorem("values of a finite horizon", assumes=ADDITIVE)
def values() -> Chain:
    return calc(
        grad(J), by(automata),
        expect(tau, total(t, gamma**t * score(t) * Q[t](tau.s[t], tau.a[t]))), by(automata),
        expect(tau, total(t, gamma**t * score(t) * A[t](tau.s[t], tau.a[t]))))


@theorem("a performance difference", assumes=ADDITIVE)
def difference() -> Chain:
    return calc(
        expect(tau, R(tau), policy=beta) - J, by(automata),
        expect(tau, total(t, gamma**t * A[t](tau.s[t], tau.a[t])), policy=beta))


@theorem("a score at every time", assumes=ADDITIVE)
def at_every_time() -> Chain:
    return calc(expect(tau, score(t) * b(tau.s[t])), by(automata), 0)


@theorem("a variance", assumes=ADDITIVE)
def spread() -> Chain:
    return calc(variance(tau, R(tau)), by(automata), expect(tau, (R(tau) - J) ** 2))


@theorem("squares", assumes=ADDITIVE)
def squares() -> Chain:
    return calc((J + expect(tau, b(tau.s[0]))) ** 2, by(automata), expect(tau, R(tau) + b(tau.s[0])) ** 2)


@theorem("the policy gradient without a last decision", assumes=ENDLESS)
def gradient() -> Chain:
    return calc(
        grad(J), by(automata),
        endless(gamma**t * expect(tau, score(t) * later(t))), by(automata),
        endless(gamma**t * expect(tau, score(t) * Q(tau.s[t], tau.a[t]))), by(automata),
        endless(gamma**t * expect(tau, score(t) * error)))


@theorem("telescoping without a last decision", assumes=ENDLESS)
def telescoping() -> Chain:
    return calc(
        endless(gamma**t * expect(tau, gamma * b(tau.s[t + 1]) - b(tau.s[t]))), by(automata), -expect(tau, b(tau.s[0])))


@theorem("importance ratios without a last decision", assumes=ENDLESS)
def ratios() -> Chain:
    weights = prod(k, ratio(pi(tau.a[k] | tau.s[k]), beta(tau.a[k] | tau.s[k])), stop=t)
    return calc(J, by(automata), endless(gamma**t * expect(tau, weights * reward(t), policy=beta)))


@theorem("the geometric series", assumes=ENDLESS)
def geometric() -> Chain:
    return calc((1 - gamma) * endless(gamma**t), by(automata), 1)


@theorem("a number times a sum", assumes=ADDITIVE)
def number_times_sum() -> Chain:
    return calc(
        expect(tau, gamma**H * R(tau)) * expect(tau, b(tau.s[0])), by(automata),
        J * expect(tau, gamma**H * b(tau.s[0])))


THEOREMS: list[Theorem] = [
    values, difference, at_every_time, spread, squares, gradient, telescoping, ratios, geometric]
UNCERTIFIED: list[Theorem] = [number_times_sum]

ADVANTAGE = A(tau.s[t], tau.a[t])
FALSE: dict[str, tuple[Expr, Any, list[Any]]] = {
    "V is no critic of its action": (grad(J), endless(gamma**t * expect(tau, score(t) * V(tau.s[t]))), ENDLESS),
    "the weight is gamma^t": (
        grad(J), endless(gamma ** (2 * t) * expect(tau, score(t) * Q(tau.s[t], tau.a[t]))), ENDLESS),
    "the own reward counts": (grad(J), endless(gamma**t * expect(tau, score(t) * later(t + 1))), ENDLESS),
    "a baseline of the next state": (
        endless(gamma**t * expect(tau, score(t) * b(tau.s[t + 1]))), 0, ENDLESS),
    "telescoping starts at s_0": (
        endless(gamma**t * expect(tau, gamma * b(tau.s[t + 1]) - b(tau.s[t]))), -expect(tau, b(tau.s[1])), ENDLESS),
    "the advantage is centred under its own law": (
        endless(gamma**t * expect(tau, ADVANTAGE, policy=beta)), 0, ENDLESS),
    "the first action too": (J, endless(gamma**t * expect(tau, reward(t)), 1), ENDLESS),
    "the second reward too": (J, expect(tau, reward(0)) + endless(gamma**t * expect(tau, reward(t)), 2), ENDLESS),
    "a value is not a reward": ((1 - gamma) * endless(gamma**t * expect(tau, V(tau.s[t]))), J, ENDLESS),
    "1 - gamma": ((1 + gamma) * endless(gamma**t), 1, ENDLESS),
    "the square of a mean": (expect(tau, R(tau) ** 2), J**2, ADDITIVE),
    "gamma^H is not 1": (expect(tau, gamma**H * R(tau)) * J, J**2, ADDITIVE),
    "the value of s_1 is discounted": (J, expect(tau, V[1](tau.s[1]) + reward(0)), ADDITIVE),
    "another policy's advantage": (
        expect(tau, A[t](tau.s[t], tau.a[t], policy=beta)), 0, ADDITIVE),
}
