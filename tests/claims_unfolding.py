"""Claims about one trajectory: one true and one false for each row of ``unfolding``, at finite horizons."""

from __future__ import annotations

from typing import Any

from kernel_letters import (
    ADD,
    FALSE,
    NONE,
    TRUE,
    Claim,
    at_sizes,
    beta,
    c,
    claims,
    f,
    g,
    h,
    pair,
    reward,
    score,
)
from sympy import Expr

from derive.language.vocabulary import (
    H,
    J,
    R,
    expect,
    gamma,
    grad,
    k,
    t,
    tau,
    total,
)

S, A_ = tau.s, tau.a


def mean(body: Any) -> Expr:
    return expect(tau, body)


def off(body: Any) -> Expr:
    return expect(tau, body, policy=beta)


def ones(start: Any = None, stop: Any = None) -> Expr:
    return total(t, 1, start=start, stop=stop)


STEP: list[Claim] = [
    *claims(
        "literal time",
        ("as a sum of one", mean(f(S[1])), mean(total(t, f(S[t]), start=1, stop=1)), NONE, TRUE),
        ("one later", mean(f(S[1])), mean(f(S[2])), NONE, FALSE, {"first": 1, **at_sizes((2, 1, 1))}),
        ("times change places", mean(f(S[1]) * c(S[2])), mean(f(S[2]) * c(S[1])), NONE, FALSE, {"first": 1, **at_sizes(
            (2, 2, 1))}),
        ("of the first state", mean(f(S[0]) * mean(c(S[1]))), mean(f(S[0])) * mean(c(S[1])), NONE, TRUE, at_sizes(
            (2, 2, 0), (2, 1, 1))),
        ("any function of the first state", mean(f(S[0])), mean(c(S[0])), NONE, FALSE),
        ("and the same state", mean(f(S[0]) * c(S[1])), mean(f(S[0])) * mean(c(S[1])), NONE, FALSE),
        ("of an action", mean(pair(2)), mean(total(t, pair(t), start=2, stop=2)), NONE, TRUE, {"first": 2}),
        ("of an action, one earlier", mean(pair(2)), mean(pair(1)), NONE, FALSE, at_sizes((2, 2, 2))),
        ("of all three places", mean(h(S[1], A_[1], S[2])), mean(total(t, h(S[t], A_[t], S[t + 1]), start=1, stop=1)),
         NONE, TRUE, {"first": 1}),
        ("of places that join steps", mean(h(S[0], A_[1], S[1])), mean(h(S[0], A_[0], S[1])), NONE, FALSE, at_sizes(
            (1, 2, 1), (2, 2, 1))),
        ("of all three places, at 0", mean(h(S[1], A_[1], S[2])), mean(h(S[0], A_[0], S[1])), NONE, FALSE, at_sizes(
            (1, 2, 1), (2, 2, 1)))),
    *claims(
        "bound time",
        ("shifted by one", mean(total(t, f(S[t]), start=1)), mean(total(t, f(S[t + 1]), stop=H - 1)), NONE, TRUE),
        ("shifted by one, without its range", mean(total(t, f(S[t]))), mean(total(t, f(S[t + 1]))), NONE, FALSE),
        ("two in one sum", mean(total(t, f(S[t]) * c(S[t + 1]), start=1)),
         mean(total(k, c(S[k + 2]) * f(S[k + 1]), stop=H - 1)), NONE, TRUE),
        ("two in one sum, apart by one", mean(total(t, f(S[t]) * c(S[t + 1]), stop=H - 1)),
         mean(total(t, f(S[t + 1]) * c(S[t + 1]), stop=H - 1)), NONE, FALSE, at_sizes((2, 2, 1))),
        ("the step before", mean(total(t, g(A_[t - 1]), start=1)), mean(total(t, g(A_[t]), stop=H - 1)), NONE, TRUE),
        ("the step before, to the end", mean(total(t, g(A_[t - 1]), start=1)), mean(total(t, g(A_[t]))), NONE, FALSE),
        ("two steps before", mean(total(t, g(A_[t - 2]), start=2)), mean(total(t, g(A_[t]), stop=H - 2)), NONE, TRUE),
        ("two steps before, from one", mean(total(t, f(S[t]) * g(A_[t - 2]), start=2)), mean(total(
            t, f(S[t + 1]) * g(A_[t - 1]), start=1)), NONE, FALSE, at_sizes((1, 2, 1), (2, 2, 2)))),
    *claims(
        "time from the end",
        ("the last as a difference", mean(f(S[H])), mean(total(t, f(S[t])) - total(t, f(S[t]), stop=H - 1)), NONE,
         TRUE),
        ("the last is a sum", mean(f(S[H])), mean(total(t, f(S[t]))), NONE, FALSE),
        ("the last but one as a difference", mean(f(S[H - 1])), mean(
            total(t, f(S[t]), stop=H - 1) - total(t, f(S[t]), stop=H - 2)), NONE, TRUE, {"first": 1}),
        ("the last but one is a sum", mean(f(S[H - 1])), mean(total(t, f(S[t]), stop=H - 1)), NONE, FALSE, at_sizes(
            (1, 2, 2))),
        ("the last but one is the last", mean(f(S[H - 1])), mean(f(S[H])), NONE, FALSE, at_sizes((2, 2, 1))),
        ("the last but one is the first", mean(f(S[H - 1])), mean(f(S[0])), NONE, FALSE, at_sizes((2, 2, 2))),
        ("the last but two as a difference", mean(pair(H - 2)), mean(
            total(t, pair(t), stop=H - 2) - total(t, pair(t), stop=H - 3)), NONE, TRUE, {"first": 2}),
        ("the last reward", mean(reward(H)), mean(total(t, reward(t), start=H)), NONE, TRUE),
        ("the last reward is the first", mean(reward(H)), mean(reward(0)), NONE, FALSE),
        ("the last two", mean(f(S[H]) * c(S[H - 1])), mean(total(t, f(S[t]) * c(S[t - 1]), start=H)), NONE, TRUE,
         {"first": 1}),
        ("the last two are independent", mean(f(S[H]) * c(S[H - 1])), mean(f(S[H])) * mean(c(S[H - 1])), NONE, FALSE,
         at_sizes((2, 2, 1)))),
    *claims(
        "after the last step",
        ("as a difference", mean(f(S[H + 1])), mean(total(t, f(S[t + 1])) - total(t, f(S[t]), start=1)), NONE, TRUE),
        ("is the last state", mean(f(S[H + 1])), mean(f(S[H])), NONE, FALSE),
        ("is 0", mean(f(S[H + 1])), 0, NONE, FALSE),
        ("is any function", mean(f(S[H + 1])), mean(c(S[H + 1])), NONE, FALSE),
        ("is counted", mean(total(t, f(S[t]))), mean(f(S[0]) + total(t, f(S[t + 1]))), NONE, FALSE),
        ("is a mean over the last action", mean(f(S[H + 1]) * g(A_[H])), mean(f(S[H + 1])) * mean(g(A_[H])), NONE,
         FALSE),
        ("beside the last state", mean(f(S[H + 1]) * c(S[H])), mean(total(t, f(S[t + 1]) * c(S[t]), start=H)), NONE,
         TRUE)),
    *claims(
        "gamma",
        ("comes out", mean(total(t, gamma**t * f(S[t]))), mean(
            f(S[0]) + gamma * total(t, gamma ** (t - 1) * f(S[t]), start=1)), NONE, TRUE),
        ("comes out without a factor", mean(total(t, gamma**t * f(S[t]))), mean(
            f(S[0]) + total(t, gamma ** (t - 1) * f(S[t]), start=1)), NONE, FALSE),
        ("to twice the time", mean(total(t, (gamma**t) ** 2 * f(S[t]))), mean(total(t, gamma ** (2 * t) * f(S[t]))),
         NONE, TRUE),
        ("to twice the time is gamma to the time", mean(total(t, gamma ** (2 * t) * f(S[t]))), mean(
            total(t, gamma**t * f(S[t]))), NONE, FALSE),
        ("to the last time", mean(total(t, gamma**t * f(S[t]), start=H)), gamma**H * mean(f(S[H])), NONE, TRUE),
        ("to the last time is that to the one after", gamma ** (H + 1) * mean(f(S[H + 1])), gamma**H * mean(
            f(S[H + 1])), NONE, FALSE),
        ("to the last time, inside", mean(gamma**H * f(S[H + 1])), gamma**H * mean(f(S[H + 1])), NONE, TRUE),
        ("to the last time, as a difference", gamma**H * mean(f(S[H + 1])), mean(
            total(t, gamma**t * f(S[t + 1])) - total(t, gamma**t * f(S[t + 1]), stop=H - 1)), NONE, TRUE),
        ("to the time after the last, as a difference", gamma ** (H + 1) * mean(f(S[H + 1])), mean(
            total(t, gamma**t * f(S[t + 1])) - total(t, gamma**t * f(S[t + 1]), stop=H - 1)), NONE, FALSE),
        ("to the last time, as a product", gamma**H * (1 - gamma) * total(t, gamma**t), gamma**H - gamma ** (
            2 * H + 1), NONE, TRUE),
        ("to the last time but one", gamma * gamma ** (H - 1) * mean(f(S[H])), gamma**H * mean(f(S[H])), NONE, TRUE,
         {"first": 1}),
        ("geometric", (1 - gamma) * total(t, gamma**t), 1 - gamma ** (H + 1), NONE, TRUE),
        ("geometric, one less", (1 - gamma) * total(t, gamma**t), 1 - gamma**H, NONE, FALSE),
        ("geometric, one more", (1 - gamma) * total(t, gamma**t), 1 - gamma ** (H + 2), NONE, FALSE),
        ("to a literal time", mean(total(t, gamma**t * f(S[t]), start=2, stop=2)), gamma**2 * mean(f(S[2])), NONE, TRUE,
         {"first": 1}),
        ("to a literal time, only once", mean(total(t, gamma**t * f(S[t]), start=2, stop=2)), gamma * mean(f(S[2])),
         NONE, FALSE, at_sizes((1, 2, 1))),
        ("geometric, to the last but one", (1 - gamma) * total(t, gamma**t, stop=H - 1), 1 - gamma**H, NONE, TRUE),
        ("to a difference of times", mean(total(t, total(k, gamma ** (k - t) * f(S[k]) * c(S[t]), start=t))), mean(
            total(k, f(S[k]) * total(t, gamma ** (k - t) * c(S[t]), stop=k))), NONE, TRUE),
        ("to a difference of times is gamma to a time", mean(
            total(t, total(k, gamma ** (k - t) * f(S[k]) * c(S[t]), start=t))), mean(
            total(t, total(k, gamma**k * f(S[k]) * c(S[t]), start=t))), NONE, FALSE)),
    *claims(
        "guard",
        ("a first term apart", ones(), 1 + ones(1), NONE, TRUE),
        ("two first terms apart", ones(), 2 + ones(2), NONE, FALSE, at_sizes((1, 2, 0))),
        ("a sum that may be empty", mean(f(S[0]) * ones(stop=H - 1)), mean(f(S[0]) * (ones() - 1)), NONE, TRUE),
        ("two that may be empty", mean(f(S[0]) * ones(stop=H - 2)), mean(f(S[0]) * (ones(stop=H - 1) - 1)), NONE,
         FALSE, at_sizes((1, 2, 0))),
        ("two guards are the smaller", mean(f(S[0]) * (ones(stop=H - 1) - ones(stop=H - 2)) * (
            ones(stop=H - 2) - ones(stop=H - 3))), mean(f(S[0]) * (ones(stop=H - 1) - ones(stop=H - 2))), NONE, FALSE,
         at_sizes((1, 2, 1))),
        ("two guards are the greater", mean(f(S[0]) * (ones(stop=H - 1) - ones(stop=H - 2)) * (
            ones(stop=H - 2) - ones(stop=H - 3))), mean(f(S[0]) * (ones(stop=H - 2) - ones(stop=H - 3))), NONE, TRUE),
        ("empty sums multiply", mean(f(S[0]) * ones(1) * ones(2)), mean(f(S[0]) * (ones(1) * ones(1) - ones(1))), NONE,
         TRUE),
        ("empty sums multiply, and once more", mean(f(S[0]) * ones(stop=H - 1) * ones(stop=H - 2)), mean(f(S[0]) * (
            ones(stop=H - 1) ** 2 - ones(stop=H - 2))), NONE, FALSE, at_sizes((1, 2, 1))),
        ("empty sums multiply, one less", mean(f(S[0]) * ones(2) * ones(2)), mean(f(S[0]) * (
            ones(1) * ones(2) - ones(1))), NONE, FALSE, at_sizes((1, 2, 1), (1, 2, 2))),
        ("the last reward alone, from one on", mean(total(t, reward(t), start=H) - total(
            t, reward(t), start=H, stop=0)),
         mean(reward(H)), NONE, FALSE, at_sizes((1, 2, 0))),
        ("the first step only if there is a second", mean(total(t, reward(0), start=1, stop=1)), mean(reward(0)),
         NONE, TRUE),
        ("what there is from a time on", mean(total(t, f(S[t]), start=2)), mean(
            total(t, f(S[t + 1]), start=1, stop=H - 1)), NONE, TRUE),
        ("what there is from a time on, once more", mean(total(t, f(S[0]), start=2)), mean(
            total(t, f(S[0]), start=1) - f(S[0])), NONE, FALSE, at_sizes((1, 2, 0)))),
    *claims(
        "return",
        ("is no mean", mean(R(tau) ** 2), J**2, NONE, FALSE),
        ("comes in powers", mean(R(tau) * R(tau) * f(S[0])), mean(R(tau) ** 2 * f(S[0])), NONE, TRUE),
        ("is not its square", mean(R(tau) ** 2), mean(R(tau)), NONE, FALSE),
        ("has no theta", grad(J), mean(total(t, score(t)) * R(tau)), NONE, TRUE),
        ("is a constant", mean(total(t, score(t)) * R(tau)), 0, NONE, FALSE),
        ("is a constant beside the first score", mean(score(0) * R(tau)), 0, NONE, FALSE),
        ("does not know the future", mean(f(S[1]) * R(tau)), mean(f(S[1])) * J, NONE, FALSE),
        ("knows all of the trajectory", mean(score(H) * R(tau)), 0, NONE, FALSE),
        ("is a sum", mean(R(tau)), mean(total(t, gamma**t * reward(t))), ADD, TRUE),
        ("is a sum without discount", mean(R(tau)), mean(total(t, reward(t))), ADD, FALSE, at_sizes((1, 2, 1))),
        ("of one may be a number", mean(R(tau) * 2), mean(R(tau)) + J, NONE, TRUE)),
]
