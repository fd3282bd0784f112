"""Means given a state, or a state and an action, beside one another: products, squares, sums over the states."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from kernel_letters import ADD, ALL, f
from sympy import Expr
from test_parts import certified, examined

from derive import G, p
from derive.checking.verdict import NeedsCondition, Refuted
from derive.language.assumptions import Assumption, discount_below_one
from derive.language.vocabulary import (
    A,
    P,
    Q,
    V,
    a,
    expect,
    forever,
    function,
    gamma,
    k,
    pi,
    r,
    s,
    same,
    t,
    tau,
    total,
    variance,
    x,
)

S, ACTION, g = tau.s, tau.a, function("g")
STATE, TAKEN = same(S[t], s), same(ACTION[t], a)
KNOWN = [*ADD, *ALL]


def given(body: Expr, *events: Expr) -> Expr:
    return expect(tau, body, given=list(events))


VALUE, PAIR, NEXT = given(G[t](tau), STATE), f(S[t]) * g(ACTION[t]), total(x, P(x | s, a) * f(x))
NOISE = given(G[t](tau) ** 2, STATE) - VALUE**2
ENDLESS = given(total(k, gamma**k * r(S[k], ACTION[k], S[k + 1]), stop=forever), same(S[0], s))
CHOICES = total(a, pi(a | s) * g(a))

TRUE: dict[str, tuple[Expr, Expr, Iterable[Assumption]]] = {
    "two of one state": (VALUE * given(G[t](tau), STATE, TAKEN), V[t](s) * Q[t](s, a), KNOWN),
    "a square over the states": (total(s, p[t](s) * VALUE**2), expect(tau, V[t](S[t]) ** 2), KNOWN),
    "total variance": (variance(tau, G[t](tau)), total(s, p[t](s) * NOISE) + total(s, p[t](s) * VALUE**2)
                       - expect(tau, G[t](tau)) ** 2, KNOWN),
    "the variance given a state": (NOISE, given((G[t](tau) - V[t](s)) ** 2, STATE), KNOWN),
    "without end": (ENDLESS**2, V(s) ** 2, [*KNOWN, discount_below_one]),
    "of one step": (given(PAIR, STATE) ** 2, f(s) ** 2 * CHOICES**2, ALL),
    "of the next state": (given(f(S[t + 1]), STATE) * given(f(S[t + 1]), STATE, TAKEN),
                          total(a, pi(a | s) * NEXT) * NEXT, ALL),
    "on both sides": (VALUE * given(PAIR, STATE), given(PAIR, STATE) * VALUE * 1, KNOWN)}
FALSE: dict[str, tuple[Expr, Expr, Iterable[Assumption]]] = {
    "two of one state": (VALUE * given(G[t](tau), STATE, TAKEN), V[t](s) ** 2, KNOWN),
    "a square over the states": (total(s, p[t](s) * VALUE**2), expect(tau, V[t](S[t])) ** 2, KNOWN),
    "total variance": (variance(tau, G[t](tau)), total(s, p[t](s) * NOISE), KNOWN),
    "the variance given a state": (NOISE, given((G[t](tau) - Q[t](s, ACTION[t])) ** 2, STATE), KNOWN),
    "without end": (ENDLESS**2, ENDLESS, [*KNOWN, discount_below_one]),
    "of one step": (given(PAIR, STATE) ** 2, f(s) ** 2 * total(a, pi(a | s) * g(a) ** 2), ALL),
    "of the next state": (given(f(S[t + 1]), STATE) * given(f(S[t + 1]), STATE, TAKEN), NEXT**2, ALL),
    "of another state": (total(s, p[t](s) * given(f(S[t + 1]), STATE) ** 2), expect(tau, f(S[t + 1]) ** 2), ALL),
    "an advantage": (VALUE * given(G[t](tau), STATE, TAKEN), VALUE * A[t](s, a), KNOWN)}


@pytest.mark.parametrize("name", TRUE)
def test_true_ones_are_proved_and_certified(name: str) -> None:
    found = examined(*TRUE[name])
    certified(found)


@pytest.mark.parametrize("name", FALSE)
def test_false_ones_are_refuted(name: str) -> None:
    assert isinstance(examined(*FALSE[name]).claim, Refuted)


def test_a_state_that_may_have_no_probability_is_owed() -> None:
    assert isinstance(examined(*TRUE["two of one state"][:2], ADD).claim, NeedsCondition)
