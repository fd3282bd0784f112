"""Equations at the places of a trajectory, from equations about letters: Bellman's at s_t, an equal place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any

import pytest
from kernel_letters import ADD, NONE, POSS, PP, f
from sympy import Expr

from derive import entropy, p
from derive.certificates.verify import NotCertified, verified
from derive.checking.derivation import by, calc
from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.checking.theorems import Theorem
from derive.checking.verdict import Proved, Refuted
from derive.language.assumptions import Assumption, at_most, iid_samples
from derive.language.vocabulary import (
    A,
    H,
    P,
    Q,
    V,
    a,
    expect,
    gamma,
    grad,
    i,
    log,
    pi,
    r,
    s,
    same,
    samples,
    scalar,
    t,
    tau,
    total,
    x,
)
from derive.report.certificate import against, certificate
from derive.rules import automata

S, ACTION, alpha = tau.s, tau.a, scalar("alpha")
HERE, NEXT = (S[t], ACTION[t]), S[t + 1]
OF_ALL = total(a, pi(a | S[t]) * Q[t](S[t], a))
ONE_STEP = total(x, P(x | S[t], ACTION[t]) * (r(*HERE, x) + gamma * V[t + 1](x)))


def law_after(time: Expr) -> Expr:
    """That of the state after a time."""
    return total(s, p[time](s) * total(a, pi(a | s) * P(x | s, a)))


TRUE: dict[str, tuple[Expr, Expr, Iterable[Assumption]]] = {
    "the value of the state": (V[t](S[t]), OF_ALL, ADD),
    "one step of the value of the action": (Q[t](*HERE), ONE_STEP, ADD),
    "the advantage": (A[t](*HERE), total(a, pi(a | S[t]) * (Q[t](*HERE) - Q[t](S[t], a))), ADD),
    "with a scalar": (alpha * V[t](S[t]), alpha * OF_ALL, ADD),
    "soft": (V[t](S[t]) + alpha * entropy(S[t]),
             total(a, pi(a | S[t]) * (Q[t](S[t], a) - alpha * log(pi(a | S[t])))), [*ADD, *PP]),
    "possible": (V[t](S[t]), OF_ALL, [*ADD, *POSS]),
    "its gradient": (grad(V[t](S[t])),
                     total(a, grad(pi(a | S[t])) * Q[t](S[t], a) + pi(a | S[t]) * grad(Q[t](S[t], a))), ADD),
    "of a sample": (V[0](samples[i].s[0]), total(a, pi(a | samples[i].s[0]) * Q[0](samples[i].s[0], a)),
                    [*ADD, iid_samples]),
    "at a literal time": (V[1](S[1]), total(a, pi(a | S[1]) * Q[1](S[1], a)), ADD),
    "from a time on": (p[t](x), law_after(t - 1), [at_most(1, t)]),
    "from a later time on": (p[t - 1](x), law_after(t - 2), [at_most(2, t)]),
    "up to a time": (p[t](x), law_after(t - 1), [at_most(1, t), at_most(t, H - 1)]),
    "an equal place": (same(S[t], NEXT) * f(S[t]), same(S[t], NEXT) * f(NEXT), NONE),
    "two places": (f(S[t]) * total(a, pi(a | NEXT)), f(S[t]), NONE)}
FALSE: dict[str, tuple[Expr, Expr, Iterable[Assumption]]] = {
    "the value of another state": (V[t](S[t]), total(a, pi(a | NEXT) * Q[t](NEXT, a)), ADD),
    "the value of the action that was taken": (V[t](S[t]), Q[t](*HERE), ADD),
    "the action that was taken, in a sum": (V[t](S[t]), total(a, pi(a | S[t]) * Q[t](*HERE)), ADD),
    "the state that came, for its mean": (Q[t](*HERE), r(*HERE, NEXT) + gamma * V[t + 1](NEXT), ADD),
    "without the gradient of Q": (grad(V[t](S[t])), total(a, grad(pi(a | S[t])) * Q[t](S[t], a)), ADD),
    "another time": (V[t + 1](S[t]), OF_ALL, ADD),
    "two steps from a time on": (p[t](x), law_after(t - 2), [at_most(2, t)]),
    "the same step from a time on": (p[t](x), law_after(t), [at_most(1, t)]),
    "places that need not be equal": (same(S[t], NEXT) * f(S[t]), f(S[t]), NONE),
    "of the first sample": (V[0](samples[i].s[0]), total(a, pi(a | samples[i].s[0]) * Q[0](samples[1].s[0], a)),
                            [*ADD, iid_samples])}


def examined(left: Expr, right: Expr, assumes: Iterable[Assumption]) -> Examined:
    claim = Theorem(title="claim", name="claim", assumes=tuple(assumes), file="claim.py", line=1, docstring="",
                    written=calc(left, by(automata), right))
    return Session().examine(claim)


@pytest.mark.parametrize("name", TRUE)
def test_true_ones_are_proved_and_certified(name: str) -> None:
    found = examined(*TRUE[name])
    assert isinstance(found.claim, Proved)
    assert found.claim.equation.trusts == frozenset()
    assert found.claim.equation.context.first == (1 if name == "at a literal time" else 0)
    data = json.loads(json.dumps(certificate([found])))
    (outcome,) = verified(data)
    assert outcome.equation is not None
    assert (outcome.equation.before, outcome.equation.after) == (
        found.claim.equation.before, found.claim.equation.after)
    assert against(data, [found.theorem]) == []


@pytest.mark.parametrize("name", FALSE)
def test_false_ones_are_refuted(name: str) -> None:
    assert isinstance(examined(*FALSE[name]).claim, Refuted)


def test_what_a_sum_binds_is_no_place_for_a_letter() -> None:
    """f(s_k) in a sum over k is not the same for all k."""
    sums = total(t, f(S[t])), total(t, f(S[0]))
    assert isinstance(examined(*sums, NONE).claim, Refuted)


def forged(change: str, data: dict[str, Any]) -> None:
    """One change that makes the letters show something else, or nothing."""
    claim = data["theorems"][0]["steps"][0]["claim"]
    evidence = claim["evidence"]
    (letter, place), *_ = evidence["puts"]
    match change:
        case "nothing is put in":
            evidence["puts"] = []
        case "put in twice":
            evidence["puts"].append([letter, place])
        case "another letter":
            letter[1] = "zz"
        case "another place":
            place[2] = ["lin", 1, [[["time", "t"], 1]]]
        case "an action for a state":
            place[0] = "a"
        case "a place that a sum binds":
            place[2] = ["lin", 0, [[["time", 1], 1]]]
        case "no pairs":
            evidence["puts"] = [letter]
        case "another side":
            claim["after"] = ["num", 1, 1]
        case "another equation":
            evidence["after"] = ["num", 1, 1]
        case "more assumed":
            evidence["context"]["positive"] = ["policy"]
        case "without an end":
            for _ in range(12):
                evidence["evidence"] = copy.deepcopy(evidence)


@pytest.mark.parametrize("change", [
    "nothing is put in", "put in twice", "another letter", "another place", "an action for a state",
    "a place that a sum binds", "no pairs", "another side", "another equation", "more assumed", "without an end"])
def test_a_forged_certificate_shows_nothing(change: str) -> None:
    data = json.loads(json.dumps(certificate([examined(*TRUE["the value of the state"])])))
    assert data["theorems"][0]["steps"][0]["claim"]["evidence"]["by"] == "letters"
    forged(change, data)
    try:
        (outcome,) = verified(data)
    except NotCertified:
        return
    assert outcome.equation is None


def test_a_place_is_no_letter_and_no_mean() -> None:
    assert isinstance(examined(f(S[t]), expect(tau, f(S[t])), NONE).claim, Refuted)
    assert isinstance(examined(f(S[t]), f(s), NONE).claim, Refuted)
