"""Claims about functions of the whole history, and twins for what is not read beside them.

Most false ones are true of every function of the state: they exchange two histories that end alike.
"""

from __future__ import annotations

from claims_unfolding import A_, S, mean
from kernel_letters import ADD, DP, FALSE, IID, NONE, PP, TRUE, Claim, at_sizes, beta, claims, score

from derive.language.assumptions import POSSIBLE
from derive.language.vocabulary import (
    A,
    H,
    P,
    Q,
    R,
    V,
    a,
    expect,
    function,
    gamma,
    grad,
    i,
    k,
    log,
    pi,
    r,
    ratio,
    same,
    samples,
    t,
    tau,
    total,
    x,
)
from derive.language.vocabulary import mean as sample_mean

past, of_both, q = function("past"), function("of_both"), function("q")
"""Of a history; of a history and an action; of a state and an action."""
HIST = tau.h


def chosen(body: object) -> object:
    """sum_a pi(a|s_0) body."""
    return total(a, pi(a | S[0]) * body)


RIVAL = chosen(P(S[1] | S[0], a) * q(S[0], a))
RIVALS = chosen(P(S[1] | S[0], a))

HISTORIES: list[Claim] = [
    *claims(
        "history",
        ("a baseline", mean(total(t, score(t) * past(HIST[t]))), 0, NONE, TRUE),
        ("a baseline at a free time", mean(score(t) * past(HIST[t])), 0, NONE, TRUE),
        ("a baseline of the next history", mean(total(t, score(t) * past(HIST[t + 1]))), 0, NONE, FALSE),
        ("a baseline of an earlier one", mean(total(t, score(t) * past(HIST[t - 1]), start=1)), 0, NONE, TRUE),
        ("a baseline of all", mean(score(0) * past(HIST[H + 1])), 0, NONE, FALSE),
        ("a baseline of the action", mean(score(0) * of_both(HIST[0], A_[0])), 0, NONE, FALSE),
        ("action values and a baseline", grad(expect(tau, R(tau))),
         mean(total(t, score(t) * (gamma**t * A[t](S[t], A_[t]) - past(HIST[t])))), ADD, TRUE),
        ("the tower property", mean(total(t, past(HIST[t]) * Q[t](S[t], A_[t]))),
         mean(total(t, past(HIST[t]) * total(k, gamma**(k - t) * r(S[k], A_[k], S[k + 1]), start=t))), ADD, TRUE),
        ("the tower property, one too late", mean(total(t, past(HIST[t + 1]) * V[t](S[t]))),
         mean(total(t, past(HIST[t + 1]) * total(k, gamma**(k - t) * r(S[k], A_[k], S[k + 1]), start=t))), ADD, FALSE),
        ("the next state", mean(past(HIST[t]) * V[t + 1](S[t + 1])),
         mean(past(HIST[t]) * total(x, P(x | S[t], A_[t]) * V[t + 1](x))), ADD, TRUE),
        ("another law", expect(tau, past(HIST[H]), policy=beta),
         mean(past(HIST[H]) * ratio(P(tau, policy=beta), P(tau))), PP, TRUE),
        ("a sum over the possible", total(tau, P(tau) * past(HIST[t])), mean(past(HIST[t])), [POSSIBLE], TRUE),
        ("two times", mean(past(HIST[t]) * past(HIST[k])), mean(past(HIST[k]) * past(HIST[t])), NONE, TRUE),
        ("two times are one", mean(past(HIST[t])), mean(past(HIST[k])), NONE, FALSE),
        ("the action of now", mean(of_both(HIST[t], A_[t])),
         mean(total(a, pi(a | S[t]) * of_both(HIST[t], a))), NONE, TRUE),
        ("the action of now under another policy", mean(of_both(HIST[t], A_[t])),
         mean(total(a, beta(a | S[t]) * of_both(HIST[t], a))), NONE, FALSE),
        ("samples", expect(samples, sample_mean(i, past(samples[i].h[t]))), mean(past(HIST[t])), IID, TRUE),
        ("the gradient of its mean", grad(mean(past(HIST[t + 1]))),
         mean(total(k, grad(log(pi(A_[k] | S[k]))), stop=t) * past(HIST[t + 1])), NONE, TRUE),
        ("the gradient of its mean, one too few", grad(mean(past(HIST[t + 1]))),
         mean(total(k, grad(log(pi(A_[k] | S[k]))), stop=t - 1) * past(HIST[t + 1])), NONE, FALSE)),
    *claims(
        "history",
        ("of states that are alike", mean(same(S[0], S[1]) * past(HIST[0])), mean(same(S[0], S[1]) * past(HIST[1])),
         NONE, FALSE, at_sizes((1, 2, 0), (2, 2, 0), (2, 2, 1))),
        ("two actions change places", mean(RIVAL * past(HIST[1])), mean(q(S[0], A_[0]) * RIVALS * past(HIST[1])), NONE,
         FALSE, at_sizes((1, 2, 0), (2, 2, 0))),
        ("where every state is possible", mean(ratio(q(S[0], A_[0]), P(S[1] | S[0], A_[0])) * past(HIST[1])),
         mean(ratio(chosen(q(S[0], a)), P(S[1] | S[0], A_[0])) * past(HIST[1])), DP, FALSE,
         at_sizes((1, 2, 0), (2, 2, 0)))),
]
