"""Claims with a time that is added to another, sum_k f(s_{t+k}): rows of ``reindexing``."""

from __future__ import annotations

from typing import Any

from claims_unfolding import A_, S, mean
from kernel_letters import (
    ADD,
    END,
    FALSE,
    NONE,
    PP,
    TRUE,
    Claim,
    at_sizes,
    b,
    claims,
    f,
    g,
    pair,
    reward,
    rho,
    score,
    u,
)
from sympy import Expr

from derive.language.terms import Time
from derive.language.vocabulary import A, H, J, V, forever, gamma, grad, k, prod, t, tau, total

j = Time("j")


def to_go(at: Any, *, last: Any = None, power: Any = k) -> Expr:
    """sum_{k=0..H-t} gamma^k r_{t+k}, or as far as ``last``."""
    return total(k, gamma**power * reward(at + k), stop=H - at if last is None else last)


def gradient(weight: Any, *, last: Any = None) -> Expr:
    return mean(total(t, weight * score(t) * to_go(t, last=last), stop=last))


def nested(by: int) -> Expr:
    """sum_l sum_{j=0,1} f(s_{l+j}) b(s_{l+j}), where the sum over k has one summand; or b(s_{l+j+1})."""
    inner = total(j, f(S[j + u - by]) * b(S[k + j]), start=by, stop=by + 1)
    return mean(total(u, total(k, inner, start=u, stop=u), stop=H - 2))


REINDEXED: list[Claim] = [
    *claims(
        "added times",
        ("a sum from the time on", mean(total(k, f(S[t + k]), stop=H - t)), mean(total(k, f(S[k]), start=t)), NONE,
         TRUE),
        ("a sum from the first time on", mean(total(k, f(S[t + k]), stop=H - t)), mean(total(k, f(S[k]), stop=H - t)),
         NONE, FALSE),
        ("a sum of the states after", mean(total(k, f(S[t + k]), stop=H - t)), mean(total(k, f(S[k + 1]), start=t)),
         NONE, FALSE),
        ("one summand fewer", mean(total(k, f(S[t + k]), stop=H - t)), mean(total(k, f(S[k]), start=t, stop=H - 1)),
         NONE, FALSE),
        ("on each trajectory", total(k, f(tau.s[t + k]) * g(tau.a[t + k]), stop=H - t), total(
            k, f(tau.s[k]) * g(tau.a[k]), start=t), NONE, TRUE),
        ("on each trajectory, from the second on", total(k, f(tau.s[t + k]), start=1, stop=H - t), total(
            k, f(tau.s[k]), start=t), NONE, FALSE),
        ("the rewards to go", gradient(gamma**t), grad(J), ADD, TRUE),
        ("the rewards to go, a discount lost", gradient(1), grad(J), ADD, FALSE),
        ("two sums in each other", mean(total(t, total(k, f(S[t]) * b(S[t + k]), stop=H - t))), mean(total(
            k, total(t, f(S[t]) * b(S[k]), stop=k))), NONE, TRUE),
        ("two sums in each other, without the same time", mean(total(t, total(
            k, f(S[t]) * b(S[t + k]), start=1, stop=H - t))), mean(total(k, total(t, f(S[t]) * b(S[k]), stop=k))), NONE,
         FALSE),
        ("of ratios", prod(k, rho(t + k), stop=H - t), prod(k, rho(k), start=t), PP, TRUE),
        ("of ratios, from the first on", prod(k, rho(t + k), stop=H - t), prod(k, rho(k)), PP, FALSE),
        ("of a sum in it, not out of it", nested(0), nested(1), NONE, FALSE, at_sizes((2, 1, 2), (2, 1, 3))),
        ("a window", mean(total(k, pair(t + k), stop=0) + total(k, f(S[t + k]), stop=0)), mean(pair(t) + f(S[t])), NONE,
         TRUE),
    ),
    *claims(
        "added times without end",
        ("a value", mean(to_go(t, last=forever)), mean(V(S[t])), END, TRUE),
        ("a value of the next state", mean(to_go(t, last=forever)), mean(V(S[t + 1])), END, FALSE),
        ("the rewards to go", gradient(gamma**t, last=forever), grad(J), END, TRUE),
        ("the rewards to go of the next step", mean(total(t, gamma**t * score(t) * total(
            k, gamma**k * reward(t + k + 1), stop=forever), stop=forever)), grad(J), END, FALSE),
        ("a few steps and a value", mean(to_go(t, last=2) + gamma**3 * V(S[t + 3])), mean(V(S[t])), END, TRUE),
        ("a few steps and a value too early", mean(to_go(t, last=2) + gamma**2 * V(S[t + 2])), mean(V(S[t])), END,
         FALSE),
        ("a few states", mean(total(k, f(S[t + k]), stop=1)), mean(f(S[t]) + f(S[t + 1])), END, TRUE),
        ("a few states from the first on", mean(total(k, f(S[t + k]), stop=1)), mean(total(k, f(S[k]), stop=1)), END,
         FALSE),
        ("advantages", mean(total(k, gamma**k * A(S[t + k], A_[t + k]), stop=forever)), 0, END, TRUE),
        ("advantages beside a score", mean(score(t) * total(k, gamma**k * A(S[t + k], A_[t + k]), stop=forever)), 0,
         END, FALSE),
    ),
]
