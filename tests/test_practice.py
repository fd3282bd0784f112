"""Claims from practice beside slips that look like them, decided by hand: true ones are proved, false ones refuted.

They are about what was undecided once: fractions as weights at an infinite horizon, times that run backwards, sums over
nothing, times as factors; and about what people write of critics, ratios, groups and held policies.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from kernel_letters import ADD, IID, NONE, PP, beta, f, j, reward, rho, score
from sympy import Expr

from derive.checking.derivation import by, calc
from derive.checking.examine import Session
from derive.checking.outside import unseen
from derive.checking.theorems import Theorem
from derive.checking.verdict import Proved, Refuted, Verdict
from derive.language.assumptions import Assumption, discount_below_one, earlier, policy_positive, samples_at_least
from derive.language.models import Shape
from derive.language.terms import Draw, Policy, Time
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    R,
    V,
    expect,
    forever,
    function,
    gamma,
    grad,
    i,
    k,
    log,
    m,
    mean,
    pi,
    pi_old,
    prod,
    ratio,
    samples,
    stop_gradient,
    t,
    tau,
    total,
)
from derive.procedures.answers import Equal
from derive.procedures.refusals import missing
from derive.rules import automata

S, ACTION, b, g, HALF, THIRD = tau.s, tau.a, function("b"), function("g"), ratio(1, 2), ratio(1, 3)
BELOW = [discount_below_one]
u, c, e = Time("u"), Time("c"), Time("e")
DELTA = reward(t) + gamma * V(S[t + 1]) - V(S[t])


def end(body: Expr, index: Time = t) -> Expr:
    return total(index, body, stop=forever)


def error(index: Time) -> Expr:
    """b's TD error."""
    return reward(index) + gamma * b(S[index + 1]) - b(S[index])


def held(index: Time) -> Expr:
    return ratio(pi(ACTION[index] | S[index]), pi_old(ACTION[index] | S[index]))


def own(draw: Draw) -> Expr:
    return grad(log(P(samples[draw])))


TRUE: dict[str, tuple[Expr, Expr, Iterable[Assumption]]] = {
    "a geometric series of γ/2": (end((gamma * HALF) ** t), ratio(1, 1 - gamma * HALF), BELOW),
    "one of γ/3 times one of γ/2": (end((gamma * THIRD) ** t) * end((gamma * HALF) ** t),
                                    ratio(1, (1 - gamma * HALF) * (1 - gamma * THIRD)), BELOW),
    "a series inside another": (end((gamma * THIRD) ** t * total(k, gamma**k, start=t, stop=forever)),
                                ratio(1, (1 - gamma) * (1 - gamma**2 * THIRD)), BELOW),
    "advantages with λ = 1/2": (expect(tau, score(0) * end((gamma * HALF) ** t * DELTA)),
                                expect(tau, score(0) * A(S[0], ACTION[0])), [*ADD, *BELOW]),
    "the gradient of a mean with weights 2^-t": (
        grad(end((gamma * HALF) ** t * expect(tau, f(S[t])))), end((gamma * HALF) ** t * expect(tau, score(t) * total(
            k, (gamma * HALF) ** (k - t) * f(S[k]), start=t + 1, stop=forever))), BELOW),
    "a time as a factor": (end(gamma**t * t * expect(tau, f(S[t]))),
                           gamma * end(gamma**t * (t + 1) * expect(tau, f(S[t + 1]))), BELOW),
    "backwards": (total(t, f(S[H - t])), total(t, f(S[t])), NONE),
    "backwards, with a weight": (expect(tau, total(t, gamma**t * f(S[H - t]))),
                                 expect(tau, total(t, gamma ** (H - t) * f(S[t]))), NONE),
    "backwards from a time": (total(k, expect(tau, f(S[t - k])), stop=t), total(k, expect(tau, f(S[k])), stop=t), NONE),
    "ratios backwards": (expect(tau, prod(u, rho(k - u), start=1, stop=k) * f(S[k]), policy=beta), expect(tau, f(S[k])),
                         PP),
    "past rewards, counted back": (expect(tau, total(t, score(t) * total(k, reward(t - k), start=1, stop=t))), 0, ADD),
    "no scores": (total(t, score(t), start=H + 1, stop=H), 0, NONE),
    "no quotients": (total(t, ratio(1, f(S[t])), start=1, stop=0), 0, NONE),
    "no factors": (prod(t, log(pi(ACTION[t] | S[t])), start=1, stop=0), 1, NONE),
    "a critic's TD errors and its end": (grad(J), expect(tau, total(t, gamma**t * score(t) * (total(
        k, gamma ** (k - t) * error(k), start=t) - gamma ** (H + 1 - t) * b(S[H + 1])))), ADD),
    "held states and ratios": (grad(expect(tau, total(t, prod(u, held(u), stop=t) * gamma**t * reward(t)),
                                           policy=pi_old)), grad(J), [*ADD, *PP]),
    "a detached weight": (grad(expect(tau, total(t, gamma**t * held(t) * stop_gradient(Q[t](S[t], ACTION[t]))),
                                      policy=pi_old)), grad(J), [*ADD, *PP]),
    "another sample as a baseline": (grad(J), expect(samples, grad(log(P(samples[1]))) * (
        R(samples[1]) - R(samples[2]))), [*IID, samples_at_least(2)]),
    "means of two samples": (
        expect(samples, mean(i, f(samples[i].s[0])) * mean(j, R(samples[j]))),
        ratio(m - 1, m) * expect(tau, f(S[0])) * J + ratio(1, m) * expect(tau, f(S[0]) * R(tau)), IID),
    "a later score": (expect(tau, score(e) * f(S[c], ACTION[c])), 0, [earlier(c, e)]),
    "values under the behaviour as baselines": (grad(J), end(gamma**t * expect(tau, score(t) * (
        Q(S[t], ACTION[t]) - V(S[t], policy=beta)))), [*ADD, *BELOW]),
}
FALSE: dict[str, tuple[Expr, Expr, Iterable[Assumption]]] = {
    "a geometric series of γ/2": (end((gamma * HALF) ** t), ratio(2, 2 + gamma), BELOW),
    "one of γ/3 for one of γ/2": (end((gamma * THIRD) ** t * expect(tau, f(S[t]))),
                                  end((gamma * HALF) ** t * expect(tau, f(S[t]))), BELOW),
    "the gradient of a mean with weights 2^-t": (
        grad(end((gamma * HALF) ** t * expect(tau, f(S[t])))), end((gamma * HALF) ** t * expect(tau, score(t) * total(
            k, (gamma * HALF) ** (k - t) * f(S[k]), start=t + 2, stop=forever))), BELOW),
    "a time as a factor": (end(gamma**t * t * expect(tau, f(S[t]))), end(gamma**t * expect(tau, f(S[t]))), BELOW),
    "backwards, with a weight": (expect(tau, total(t, gamma**t * f(S[H - t]))),
                                 expect(tau, total(t, gamma**t * f(S[t]))), NONE),
    "backwards from 1": (expect(tau, total(t, f(S[H - t]), start=1)), expect(tau, total(t, f(S[t]), start=1)), NONE),
    "rewards to go, counted back": (grad(J), expect(tau, total(t, score(H - t) * total(
        k, gamma**k * reward(k), start=t))), ADD),
    "no scores, and one more": (expect(tau, f(S[0]) + total(k, f(S[k]), start=t + 1, stop=t)), 0, NONE),
    "a critic's TD errors without their end": (grad(J), expect(tau, total(t, gamma**t * score(t) * total(
        k, gamma ** (k - t) * error(k), start=t))), ADD),
    "later ratios only": (grad(expect(tau, total(t, prod(u, held(u), start=t) * gamma**t * reward(t)), policy=pi_old)),
                          grad(J), [*ADD, *PP]),
    "its own sample as half a baseline": (grad(J), expect(samples, grad(log(P(samples[1]))) * (
        R(samples[1]) - HALF * (R(samples[1]) + R(samples[2])))), [*IID, samples_at_least(2)]),
    "a score at the same time": (expect(tau, score(c) * f(S[c], ACTION[c])), 0, NONE),
    "a critic of another policy": (grad(J), end(gamma**t * expect(tau, score(t) * (
        reward(t) + gamma * V(S[t + 1], policy=beta) - V(S[t], policy=beta)))), [*ADD, *BELOW]),
    "γ^t twice": (grad(J), end(gamma ** (2 * t) * expect(tau, score(t) * Q(S[t], ACTION[t]))), [*ADD, *BELOW]),
}


def verdict(left: Expr, right: Expr, assumes: Iterable[Assumption]) -> Verdict:
    claim = Theorem(title="claim", name="claim", assumes=tuple(assumes), file="", line=1, docstring="",
                    written=calc(left, by(automata), right))
    return Session().examine(claim).steps[0].verdict


@pytest.mark.parametrize("name", TRUE)
def test_true_ones_are_proved(name: str) -> None:
    assert isinstance(verdict(*TRUE[name]), Proved)


@pytest.mark.parametrize("name", FALSE)
def test_false_ones_are_refuted(name: str) -> None:
    assert isinstance(verdict(*FALSE[name]), Refuted)


OUTSIDE: dict[str, tuple[Expr, Expr, Iterable[Assumption], str]] = {
    "a value of the next time": (expect(tau, total(t, score(t) * V[t + 1](S[t]))), 0, ADD, "V_{t+1}(s_t)"),
    "two steps in one function": (expect(tau, score(2) * g(S[0], S[2])), 0, NONE, "two steps of a trajectory"),
    "backwards beside forwards": (expect(tau, total(t, f(S[t]) * g(S[H - t]))), expect(tau, total(
        t, f(S[H - t]) * g(S[t]))), NONE, "runs backwards"),
    "a weight in a product": (expect(tau, prod(t, gamma * f(S[t]))), gamma ** (H + 1) * expect(tau, prod(t, f(S[t]))),
                              NONE, "a product over times"),
    "squares of means": (end(gamma**t * expect(tau, f(S[t])) ** 2), end(gamma**t * expect(tau, f(S[t]) ** 2)), BELOW,
                         "a product of two means"),
    "the logarithm of a mean": (log(expect(tau, prod(t, rho(t)), policy=beta)), 0, [policy_positive],
                                "the logarithm of an expectation"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_not_decided_names_the_construct(name: str) -> None:
    left, right, assumes, says = OUTSIDE[name]
    found = verdict(left, right, assumes)
    assert not isinstance(found, (Proved, Refuted))
    assert says in getattr(found, "why", "")


def test_samples_compared_one_by_one_are_named_so() -> None:
    """Shapes take seconds to agree here, so the refusal alone is read."""
    said = missing("free batch tau, draw i")
    assert "outside of an expectation" in said.says
    assert "expect(samples, ...)" in said.move


def test_values_of_the_held_policy_have_a_way_out() -> None:
    """Shapes take seconds to agree here; what is said then, and that it is right."""
    def sum_of_advantages(policy: Policy) -> Expr:
        return grad(expect(tau, total(t, gamma**t * A[t](S[t], ACTION[t], policy=policy))))

    agreeing = Equal(exact=(Shape(2, 2, 0), Shape(2, 2, 1)))
    assert 'With old = Policy("old")' in unseen(sum_of_advantages(pi_old), grad(J), agreeing, 1)
    assert isinstance(verdict(sum_of_advantages(Policy("old")), grad(J), ADD), Proved)
    assert "neither a proof nor a counterexample" in unseen(grad(J), grad(J) * 1, agreeing, 1)
    assert "do not reach" in unseen(grad(J), grad(J) * 1, agreeing, 7)


def test_the_construct_is_named_where_shapes_say_nothing_either() -> None:
    ratios, weights = mean(i, ratio(P(samples[i]), P(samples[i], policy=beta))), R(samples[1])
    for left, right, assumes, says in (
            (grad(log(J)), ratio(grad(J), J), NONE, "the logarithm of an expectation; and on shapes"),
            (J, expect(samples, ratio(weights, ratios), policy=beta), [*IID, *PP], "self-normalised importance")):
        found = getattr(verdict(left, right, assumes), "why", "")
        assert says in found
        assert "Ratio" not in found
