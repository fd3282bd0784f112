"""Equations from equations of their parts: sums over times of what is read at one time, gradients by way of scores."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any

import pytest
from kernel_letters import ADD, NONE, PP, f, score
from sympy import Expr

from derive.certificates.verify import NotCertified, verified
from derive.checking.derivation import by, calc
from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.checking.theorems import Theorem
from derive.checking.verdict import NeedsCondition, Proved, Refuted
from derive.language.assumptions import Assumption, discount_below_one
from derive.language.terms import Trajectory
from derive.language.vocabulary import (
    A,
    H,
    J,
    Q,
    R,
    a,
    expect,
    forever,
    function,
    gamma,
    grad,
    k,
    pi,
    pi_old,
    t,
    tau,
    total,
    variance,
)
from derive.report.certificate import against, certificate
from derive.rules import automata

S, ACTION, sigma, g = tau.s, tau.a, Trajectory("sigma"), function("g")
AT, HELD_ADVANTAGE = expect(tau, f(S[t])), A[t](S[t], ACTION[t], policy=pi_old)
TRUE: dict[str, tuple[Expr, Expr, Iterable[Assumption]]] = {
    "the variance of a sum of scores": (variance(tau, total(t, score(t))), total(t, variance(tau, score(t))), NONE),
    "squares": (total(t, AT**2), total(t, AT * AT), NONE),
    "one expectation inside another": (total(t, AT**2), total(t, expect(tau, f(S[t]) * expect(sigma, f(sigma.s[t])))),
                                       NONE),
    "variances": (total(t, variance(tau, f(S[t]))), total(t, expect(tau, (f(S[t]) - AT) ** 2)), NONE),
    "covariances": (total(t, expect(tau, f(S[t]) * g(S[t])) - AT * expect(tau, g(S[t]))),
                    total(t, expect(tau, (f(S[t]) - AT) * (g(S[t]) - expect(tau, g(S[t]))))), NONE),
    "a factor with mean 0": (total(t, AT * expect(tau, score(t + 1)), stop=H - 1), 0, NONE),
    "two times": (total(t, total(k, AT * expect(tau, score(k)))), 0, NONE),
    "advantages": (total(t, expect(tau, A[t](S[t], ACTION[t])) * J), 0, ADD),
    "held advantages": (grad(expect(tau, total(t, gamma**t * HELD_ADVANTAGE))), grad(J), ADD),
    "held advantages, summed outside": (grad(total(t, gamma**t * expect(tau, HELD_ADVANTAGE))), grad(J), ADD),
    "a held advantage": (grad(expect(tau, HELD_ADVANTAGE)), expect(tau, score(t) * A[t](S[t], ACTION[t])), ADD),
    "held advantages without end": (
        grad(total(t, gamma**t * expect(tau, A(S[t], ACTION[t], policy=pi_old)), stop=forever)), grad(J),
        [*ADD, discount_below_one]),
    "a second gradient": (grad(grad(J)), grad(expect(tau, total(t, score(t)) * R(tau))), PP),
    "a second gradient in a sum": (2 * grad(grad(J)) + grad(grad(J**2)),
                                   2 * grad(expect(tau, total(t, score(t)) * R(tau))) + grad(grad(J**2)), PP),
    "a summand": (3 + total(t, AT**2), 3 + total(t, AT * expect(tau, total(a, pi(a | S[t]) * f(S[t])))), NONE)}
FALSE: dict[str, tuple[Expr, Expr, Iterable[Assumption]]] = {
    "variances": (total(t, variance(tau, f(S[t]))), total(t, expect(tau, f(S[t]) ** 2)), NONE),
    "a factor with another mean": (total(t, AT * expect(tau, score(t) * f(S[t + 1]))), 0, NONE),
    "held action values": (grad(expect(tau, total(t, gamma**t * Q[t](S[t], ACTION[t], policy=pi_old)))), grad(J), ADD),
    "held advantages without a discount": (grad(expect(tau, total(t, HELD_ADVANTAGE))), grad(J), ADD),
    "a second gradient": (grad(grad(J)), grad(expect(tau, total(t, score(t), start=1) * R(tau))), PP),
    "another range": (total(t, AT**2), total(t, AT**2, start=1), NONE),
    "another time": (total(t, AT * expect(tau, f(S[t + 1]))), total(t, AT**2), NONE)}


def examined(left: Expr, right: Expr, assumes: Iterable[Assumption]) -> Examined:
    claim = Theorem(title="claim", name="claim", assumes=tuple(assumes), file="claim.py", line=1, docstring="",
                    written=calc(left, by(automata), right))
    return Session().examine(claim)


def certified(found: Examined) -> None:
    """It is proved, nothing is trusted, and its certificate is verified and about these very terms."""
    assert isinstance(found.claim, Proved), found.claim
    assert found.claim.equation.trusts == frozenset()
    data = json.loads(json.dumps(certificate([found])))
    (outcome,) = verified(data)
    assert outcome.equation is not None, outcome
    assert (outcome.equation.before, outcome.equation.after) == (
        found.claim.equation.before, found.claim.equation.after)
    assert against(data, [found.theorem]) == []


@pytest.mark.parametrize("name", TRUE)
def test_true_ones_are_proved_and_certified(name: str) -> None:
    found = examined(*TRUE[name])
    certified(found)
    assert found.claim.equation.context.first == 0  # type: ignore[union-attr]


def test_what_a_second_gradient_owes_is_said() -> None:
    """It was undecided, for want of a second direction."""
    found = examined(*TRUE["a second gradient"][:2], NONE)
    assert isinstance(found.claim, NeedsCondition)
    assert found.claim.settled_by == ("policy_positive",)


@pytest.mark.parametrize("name", FALSE)
def test_false_ones_are_refuted(name: str) -> None:
    assert isinstance(examined(*FALSE[name]).claim, Refuted)


def links_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data["theorems"][0]["steps"][0]["claim"]["evidence"]["links"]
    return found


def forged(change: str, data: dict[str, Any]) -> None:
    """One change that makes the parts show something else, or nothing."""
    links, claim = links_of(data), data["theorems"][0]["steps"][0]["claim"]
    match change:
        case "a part less":
            links.pop()
        case "a part twice":
            links.append(copy.deepcopy(links[-1]))
        case "in no whole":
            links[-1]["wraps"] = []
        case "in another whole":
            links[-1]["wraps"][-1][2] = ["from", ["lin", 1, []], ["lin", 0, [["H", 1]]]]
        case "a whole that is none":
            links[-1]["wraps"] = [["sum"], 3]
        case "more assumed":
            for link in links:
                link["context"]["positive"] = ["policy"]
        case "another side":
            claim["after"] = ["num", 1, 1]
        case "another part":
            links[0]["after"] = ["num", 1, 1]
        case "without an end":
            for _ in range(12):
                links[0]["evidence"] = {"by": "parts", "links": [copy.deepcopy(links[0])]}


@pytest.mark.parametrize("change", ["a part less", "a part twice", "in no whole", "in another whole",
                                    "a whole that is none", "more assumed", "another side", "another part",
                                    "without an end"])
def test_a_forged_certificate_shows_nothing(change: str) -> None:
    data = json.loads(json.dumps(certificate([examined(*TRUE["the variance of a sum of scores"])])))
    forged(change, data)
    try:
        (outcome,) = verified(data)
    except NotCertified:
        return
    assert outcome.equation is None
