"""What the kernel does not read is refused with the reason, also where both sides are the same but for a factor."""

from __future__ import annotations

from typing import Any

import pytest
from identities import reward, value
from random_pairs import decision
from random_sums import POSITIVE, Pair

from derive.language.assumptions import additive_return, iid_samples
from derive.language.expression import as_term
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    V,
    expect,
    function,
    gamma,
    grad,
    i,
    k,
    log,
    mu,
    pi,
    r,
    ratio,
    s,
    same,
    samples,
    t,
    tau,
    total,
)
from derive.procedures.decision import Outside

b, w = function("b"), function("w")
law, choice = P(tau), pi(tau.a[t] | tau.s[t])
rewards = total(t, reward(t))

REFUSED: dict[str, tuple[Any, str]] = {
    "two steps joined": (expect(tau, total(t, r(tau.s[t], tau.a[t + 1], tau.s[t + 1]))), "outside of the trajectory"),
    "a state two steps on": (expect(tau, total(t, b(tau.s[t + 2]))), "outside of the trajectory"),
    "a function of other steps": (expect(tau, w(tau.s[0], tau.s[2])), "joins steps"),
    "a number of states": (total(s, J), "the number of states"),
    "a product of sums of one state": (
        total(s, expect(tau, same(tau.s[1], s)) * expect(tau, same(tau.s[2], s))), "products of sums that depend on"),
    "a square of a free sum over draws": (total(i, R(samples[i])) ** 2, "functions of several samples"),
    "division by a free sum over draws": (ratio(1, total(i, R(samples[i]))), "division by a function of several"),
    "a free batch beside a free trajectory": (R(tau) * R(samples[1]), "free batch"),
    "mu elsewhere": (expect(tau, mu(tau.s[1])), "initial law of a later state"),
    "division by a sum": (expect(tau, ratio(reward(0), 1 + reward(0))), "division by a sum"),
    "division by a sum over a time": (expect(tau, ratio(R(tau), rewards)), "reciprocal of a sum"),
    "rewards beyond H": (expect(tau, total(t, reward(t), stop=H + 1)), "outside of the trajectory"),
    "a range before 0": (expect(tau, total(t, gamma**t, start=-1)), "lower limit of a sum"),
    "a range before another time": (expect(tau, total(t, total(k, gamma**k, start=t - 1))), "lower limit of a sum"),
    "a range beyond another time": (
        expect(tau, total(t, total(k, reward(k), stop=t + 1))), "outside of the trajectory"),
    "from H to a number": (expect(tau, total(t, reward(t), start=H, stop=2)), "lower limit of a sum"),
    "a log of a sum": (log(J + J), "the logarithm of +"),
    "a log of an expectation": (log(J), "the logarithm of E"),
    "a log of a value": (expect(tau, log(value(0))), "the logarithm of V"),
    "a value at another time": (expect(tau, total(t, V[t](tau.s[t + 1]))), "a value at another time"),
    "the gradient of a value": (grad(expect(tau, value(0) * reward(0))), "the gradient of a value"),
    "a growing weight": (expect(tau, total(t, gamma ** (-1 * t))), "a negative power"),
    "weights that do not vanish": (expect(tau, ratio(R(tau), law)), "do not vanish"),
    "an unsymmetric matrix": (grad(choice * grad(choice)), "symmetric"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_with_the_reason(name: str) -> None:
    term, reason = REFUSED[name]
    known = frozenset({additive_return, iid_samples}) | (POSITIVE if name != "weights that do not vanish" else set())
    found = decision(Pair(as_term(term), as_term(2 * term), known, name))
    assert isinstance(found, Outside)
    assert reason in found.why
