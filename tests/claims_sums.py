"""Claims about the ranges of sums and products over times, and about gradients: rows of ``unfolding``."""

from __future__ import annotations

from typing import Any

from claims_unfolding import A_, S, mean, off
from kernel_letters import (
    ADD,
    ALL,
    FALSE,
    NONE,
    PP,
    TRUE,
    Claim,
    at_sizes,
    beta,
    c,
    claims,
    e,
    f,
    g,
    pair,
    q,
    reward,
    rho,
    score,
    u,
)
from sympy import Expr

from derive.language.vocabulary import H, J, P, R, gamma, grad, k, log, pi, prod, ratio, t, tau, total


def ratios(start: Any = None, stop: Any = None) -> Expr:
    return prod(k, rho(k), start=start, stop=stop)


def discounted_pair(at: Any) -> Expr:
    return gamma**at * pair(at)


LIKELY = pi(A_[0] | S[0])
LATEST = total(e, pi(e | S[H + 1]) * q(S[H + 1], e))


SUMS: list[Claim] = [
    *claims(
        "limits of a sum",
        ("from a literal to a literal", mean(total(t, f(S[t]), start=1, stop=3)), mean(f(S[1]) + f(S[2]) + f(S[3])),
         NONE, TRUE, {"first": 2}),
        ("from a literal to a literal, one more", mean(total(t, f(S[t]), start=1, stop=2)), mean(
            f(S[1]) + f(S[2]) + f(S[0])), NONE, FALSE, at_sizes((1, 2, 1))),
        ("of the time itself, from before 0", total(t, t, start=-1, stop=0), -1, NONE, TRUE),
        ("of the time itself, from before 0, as if it were not", total(t, t, start=-1, stop=0), 0, NONE, FALSE),
        ("of the time itself", mean(total(t, t * f(S[t]))), total(t, t * mean(f(S[t]))), NONE, TRUE),
        ("of the time itself is one of ones", mean(total(t, t * f(S[t]))), mean(total(t, f(S[t]))), NONE, FALSE),
        ("backward is empty", mean(total(t, f(S[t]), start=1, stop=0)), 0, NONE, TRUE),
        ("the first is the second", mean(total(t, f(S[t]))), mean(f(S[1]) + total(t, f(S[t]), start=1)), NONE, FALSE),
        ("from the last but one to the last", mean(total(t, f(S[t]), start=H - 1)), mean(f(S[H - 1]) + f(S[H])), NONE,
         TRUE, {"first": 1}),
        ("after the last is empty", mean(total(t, pair(t), start=H + 1)), 0, NONE, TRUE),
        ("after the last but one is empty", mean(total(t, pair(t), start=H)), 0, NONE, FALSE),
        ("from late on", mean(total(t, pair(t), start=3)), mean(
            total(t, pair(t), start=2) - total(t, pair(t), start=2, stop=2)), NONE, TRUE, {"first": 2}),
        ("from late on, from earlier", mean(total(t, pair(t), start=2)), mean(total(t, pair(t), start=1)), NONE, FALSE,
         at_sizes((1, 2, 1))),
        ("is counted", mean(total(t, f(S[0]), start=1)), mean(total(t, f(S[0]), stop=H - 1)), NONE, TRUE),
        ("is counted, one more", mean(total(t, f(S[0]), start=1)), mean(total(t, f(S[0]))), NONE, FALSE)),
    *claims(
        "range of another time",
        ("sums change places", mean(total(t, total(k, f(S[k]) * g(A_[t]), stop=t))), mean(
            total(k, total(t, f(S[k]) * g(A_[t]), start=k))), NONE, TRUE),
        ("sums change places, but for the diagonal", mean(total(t, total(k, f(S[k]) * g(A_[t]), stop=t))), mean(
            total(k, total(t, f(S[k]) * g(A_[t]), start=k + 1))), NONE, FALSE),
        ("before and after", mean(total(t, f(S[t])) * total(k, g(A_[k]))), mean(
            total(t, total(k, f(S[t]) * g(A_[k]), stop=t - 1)) + total(t, total(k, f(S[t]) * g(A_[k]), start=t))),
         NONE, TRUE),
        ("before and after, and now twice", mean(total(t, f(S[t])) * total(k, g(A_[k]))), mean(
            total(t, total(k, f(S[t]) * g(A_[k]), stop=t)) + total(t, total(k, f(S[t]) * g(A_[k]), start=t))),
         NONE, FALSE),
        ("of products of means", total(t, mean(f(S[t])) * mean(c(S[t]))), total(t, mean(f(S[t]))), NONE, FALSE),
        ("of products of means, the other", total(t, mean(f(S[t])) * mean(c(S[t]))), total(t, mean(c(S[t]))), NONE,
         FALSE),
        ("twice the time is the time", mean(total(t, f(S[2 * t]), stop=1)), mean(total(t, f(S[t]), stop=1)), NONE,
         FALSE, at_sizes((2, 2, 1))),
        ("a single time", mean(total(t, total(k, f(S[k]), start=t, stop=t))), mean(total(t, f(S[t]))), NONE, TRUE),
        ("a single time is empty", mean(total(t, total(k, f(S[k]), start=t, stop=t))), 0, NONE, FALSE),
        ("backward is empty", mean(total(t, total(k, f(S[k]), start=t + 1, stop=t))), 0, NONE, TRUE),
        ("to the next", mean(total(t, total(k, f(S[k]), start=t + 1, stop=t + 1))), mean(total(t, f(S[t + 1]))), NONE,
         TRUE),
        ("to the next, beside it", mean(total(t, total(k, f(S[k]), start=t, stop=t + 1))), mean(total(t, f(S[t + 1]))),
         NONE, FALSE),
        ("from the one before", mean(total(t, total(k, f(S[k]), start=t - 1, stop=t), start=1)), mean(
            total(t, f(S[t]), start=1) + total(t, f(S[t]), stop=H - 1)), NONE, TRUE),
        ("from the one before, without it", mean(total(t, total(k, f(S[k]), start=t - 1, stop=t), start=1)), mean(
            2 * total(t, f(S[t]), start=1)), NONE, FALSE, at_sizes((2, 2, 1))),
        ("to a literal", mean(total(t, total(k, pair(k), start=t, stop=2))), mean(
            pair(0) + 2 * pair(1) + 3 * pair(2)), NONE, TRUE, {"first": 2}),
        ("to a literal after the last step", mean(total(t, total(k, f(S[k]), start=t, stop=2))), mean(
            f(S[0]) + 2 * f(S[1]) + 3 * f(S[2])), NONE, FALSE, at_sizes((1, 2, 1))),
        ("to a literal, once each", mean(total(t, total(k, f(S[k]), start=t, stop=1))), mean(f(S[0]) + f(S[1])), NONE,
         FALSE, at_sizes((1, 2, 1), (1, 2, 2))),
        ("to a literal that moves along", mean(total(t, total(k, pair(k), start=t, stop=1), stop=H - 1)), mean(
            total(t, pair(t) + pair(t + 1), stop=H - 1)), NONE, FALSE, at_sizes((1, 2, 2))),
        ("counted from before the first", mean(total(t, total(k, f(S[0]), start=t - 1, stop=t), stop=H - 1)), mean(
            2 * total(t, f(S[0]), stop=H - 1)), NONE, TRUE),
        ("counted from before the first, which is always there", mean(
            total(t, total(k, f(S[0]), start=t - 1, stop=t), stop=H - 1)), mean(
            2 * f(S[0]) + 2 * total(t, f(S[0]), start=1, stop=H - 1)), NONE, FALSE, at_sizes((1, 2, 0))),
        ("of products to long before, which are always there", mean(
                total(t, f(S[0]) * prod(k, g(A_[k]), stop=t - 2), stop=H - 1)), mean(f(S[0]) + total(
                    t, f(S[0]) * prod(k, g(A_[k]), stop=t - 2), start=1, stop=H - 1)), NONE, FALSE,
            at_sizes((1, 2, 0))),
        ("of products to long before", mean(total(t, f(S[0]) * prod(k, g(A_[k]), stop=t - 2))), mean(f(S[0]) + total(
            t, f(S[0]) * prod(k, g(A_[k]), stop=t - 2), start=1)), NONE, TRUE),
        ("of a mean of its own at a literal time", mean(total(t, f(S[t]) * mean(c(S[t])), start=0, stop=0)), mean(
            f(S[0])) * mean(c(S[0])), NONE, TRUE, at_sizes((2, 2, 0))),
        ("of a mean of its own at another time", mean(total(t, f(S[t]) * mean(c(S[t])), start=0, stop=1)), mean(
            f(S[0])) * mean(c(S[0])) + mean(f(S[1])) * mean(c(S[0])), NONE, FALSE),
        ("from a literal", mean(total(t, total(k, f(S[k]), start=1, stop=t))), mean(
            total(k, f(S[k]) * total(t, 1, start=k), start=1)), NONE, TRUE),
        ("from a literal, from 0", mean(total(t, total(k, f(S[k]), start=1, stop=t))), mean(
            total(k, f(S[k]) * total(t, 1, start=k))), NONE, FALSE),
        ("three in a row", mean(total(t, total(k, total(u, f(S[t]) * c(S[k]) * g(A_[u]), start=k), start=t))), mean(
            total(u, total(k, total(t, f(S[t]) * c(S[k]) * g(A_[u]), stop=k), stop=u))), NONE, TRUE),
        ("three in a row, the last of all", mean(
            total(t, total(k, total(u, f(S[t]) * c(S[k]) * g(A_[u]), start=k), start=t))), mean(
            total(u, total(k, total(t, f(S[t]) * c(S[k]) * g(A_[u]), stop=u), stop=u))), NONE, FALSE)),
    *claims(
        "product",
        ("to the last time is a change of law", off(ratios() * R(tau)), J, PP, TRUE),
        ("to the last time but one is a change of law", off(ratios(stop=H - 1) * pair(H)), mean(pair(H)), PP, FALSE),
        ("to the last time but one, of the last state", off(ratios(stop=H - 1) * f(S[H])), mean(f(S[H])), PP, TRUE),
        ("to the last time but one is empty", off(ratios(stop=H - 1) * f(S[H])), off(f(S[H])), PP, FALSE,
         at_sizes((2, 2, 1))),
        ("to a time is a change of law", off(total(t, ratios(stop=t) * pair(t))), mean(total(t, pair(t))), PP, TRUE),
        ("to the time before is a change of law", off(total(t, ratios(stop=t - 1) * pair(t))), mean(
            total(t, pair(t))), PP, FALSE),
        ("to the time before, of the state", off(total(t, ratios(stop=t - 1) * f(S[t]))), mean(total(t, f(S[t]))), PP,
         TRUE),
        ("to the next time", off(total(t, ratios(stop=t + 1) * pair(t), stop=H - 1)), mean(
            total(t, pair(t), stop=H - 1)), PP, TRUE),
        ("from one on is 1", off(ratios(start=1) * pair(0)), off(pair(0)), PP, TRUE),
        ("from one on is a change of law", off(ratios(start=1) * pair(0)), mean(pair(0)), PP, FALSE),
        ("from two on, beside the second", off(ratios(start=2) * pair(1)), off(pair(1)), PP, TRUE, {"first": 1}),
        ("from two on is from one on", off(ratios(start=2) * pair(1)), off(ratios(start=1) * pair(1)), PP, FALSE,
         at_sizes((1, 2, 1))),
        ("from the next time on", off(total(t, ratios(start=t + 1) * pair(t))), off(total(t, pair(t))), PP, TRUE),
        ("from the time on", off(total(t, ratios(start=t) * pair(t))), off(total(t, pair(t))), PP, FALSE),
        ("to a literal", off(ratios(stop=1)), off(rho(0) * rho(1)), PP, TRUE, {"first": 1}),
        ("to a literal, one less", off(ratios(stop=1) * pair(1)), off(rho(0) * pair(1)), PP, FALSE,
         at_sizes((1, 2, 1))),
        ("in two parts", off(total(t, ratios(stop=t) * ratios(start=t + 1) * pair(t))), off(
            ratios() * total(t, pair(t))), PP, TRUE),
        ("in two parts with one twice", off(total(t, ratios(stop=t) * ratios(start=t) * pair(t))), off(
            ratios() * total(t, pair(t))), PP, FALSE),
        ("squared", mean(prod(k, f(S[k])) ** 2), mean(prod(k, f(S[k]) ** 2)), NONE, TRUE),
        ("squared is itself", mean(prod(k, f(S[k])) ** 2), mean(prod(k, f(S[k]))), NONE, FALSE),
        ("of a weight", mean(prod(k, gamma**k * f(S[k]))), mean(prod(k, f(S[k]))), NONE, FALSE, at_sizes((1, 2, 1))),
        ("of a number", mean(prod(k, 2 * f(S[k]))), 2 * mean(prod(k, f(S[k]))), NONE, FALSE, at_sizes((1, 2, 1))),
        ("of a number, forgotten", mean(prod(k, 2 * f(S[k]))), mean(prod(k, f(S[k]))), NONE, FALSE),
        ("of gamma, forgotten", mean(prod(k, gamma * f(S[k]))), mean(prod(k, f(S[k]))), NONE, FALSE),
        ("of a sum is of its first", mean(prod(k, f(S[k]) + c(S[k]))), mean(prod(k, f(S[k]))), NONE, FALSE),
        ("of a sum is of its second", mean(prod(k, f(S[k]) + c(S[k]))), mean(prod(k, c(S[k]))), NONE, FALSE),
        ("of ratios with gamma counted twice", off(total(t, prod(k, gamma * rho(k), stop=t) * discounted_pair(t))),
         mean(total(t, discounted_pair(t))), PP, FALSE),
        ("of a time that is not its own", mean(prod(k, f(S[0]))), mean(f(S[0])), NONE, FALSE, at_sizes((1, 2, 1))),
        ("of two steps", mean(prod(k, f(S[k]) * f(S[k + 1]))), mean(prod(k, f(S[k])) ** 2), NONE, FALSE),
        ("of a sum", mean(prod(k, f(S[k]) + c(S[k]))), mean(prod(k, f(S[k])) + prod(k, c(S[k]))), NONE, FALSE,
         at_sizes((1, 2, 1))),
        ("that is empty", mean(f(S[0]) * prod(k, g(A_[k]), start=1, stop=0)), mean(f(S[0])), NONE, TRUE),
        ("at the last time but one, that may be empty", mean(prod(k, g(A_[k]), stop=H - 1)), mean(
            prod(k, g(A_[k]))), NONE, FALSE),
        ("the last factor apart", mean(prod(k, g(A_[k]), stop=H - 1) * g(A_[H])), mean(prod(k, g(A_[k]))), NONE, TRUE),
        ("a cut to the last two ratios", off(total(t, prod(k, rho(k), start=t - 1, stop=t) * pair(t), start=1)),
         mean(total(t, pair(t), start=1)), PP, FALSE, at_sizes((2, 2, 2))),
        ("a cut to the last three ratios", off(total(t, prod(k, rho(k), start=t - 2, stop=t) * pair(t), start=2)),
         mean(total(t, pair(t), start=2)), PP, FALSE, at_sizes((2, 2, 3))),
        ("quotient of products", off(ratio(ratios() * pair(0), ratios(start=1))), off(rho(0) * pair(0)), PP, TRUE)),
    *claims(
        "gradient",
        ("of a mean", grad(mean(f(S[1]))), mean(score(0) * f(S[1])), NONE, TRUE),
        ("of a mean, by a later score", grad(mean(f(S[1]))), mean(score(1) * f(S[1])), NONE, FALSE, at_sizes(
            (2, 2, 1))),
        ("of a mean, by all scores", grad(mean(f(S[1]))), mean(total(t, score(t)) * f(S[1])), NONE, TRUE),
        ("of a mean, twice", grad(mean(f(S[1]))), 2 * mean(score(0) * f(S[1])), NONE, FALSE),
        ("of J by the first score", grad(J), mean(score(0) * R(tau)), NONE, FALSE, at_sizes((1, 2, 1))),
        ("of J by what follows", grad(J), mean(total(t, score(t) * total(
            k, gamma**k * reward(k), start=t))), ADD, TRUE),
        ("of J by what comes after", grad(J), mean(total(t, score(t) * total(
            k, gamma**k * reward(k), start=t + 1))), ADD, FALSE),
        ("twice, of J", grad(grad(J)), mean((grad(log(P(tau))) ** 2 + grad(grad(log(P(tau))))) * R(tau)), ALL, TRUE),
        ("twice, of J, without the second derivative", grad(grad(J)), mean(grad(log(P(tau))) ** 2 * R(tau)), ALL,
         FALSE),
        ("twice, of J, without the square", grad(grad(J)), mean(grad(grad(log(P(tau)))) * R(tau)), ALL, FALSE),
        ("inside an expectation holds samples", mean(grad(pi(A_[0] | S[0])) * f(S[0])), grad(mean(
            pi(A_[0] | S[0]) * f(S[0]))), NONE, FALSE),
        ("of another law", grad(off(f(S[1]))), 0, NONE, TRUE),
        ("of the law is nothing", grad(mean(f(S[1]))), 0, NONE, FALSE),
        ("of a discount", grad(gamma**H * mean(f(S[H]))), gamma**H * grad(mean(f(S[H]))), NONE, TRUE),
        ("of a product of means", grad(J * mean(f(S[1]))), grad(J) * mean(f(S[1])) + J * grad(mean(f(S[1]))), NONE,
         TRUE),
        ("of a product of means, of one", grad(J * mean(f(S[1]))), J * grad(mean(f(S[1]))), NONE, FALSE),
        ("of a mean in a mean", grad(mean(f(S[1]) * mean(c(S[1])))), mean(score(0) * f(S[1])) * mean(c(S[1])) + mean(
            f(S[1])) * mean(score(0) * c(S[1])), NONE, TRUE),
        ("of a mean in a mean, of the outer", grad(mean(f(S[1]) * mean(c(S[1])))), mean(
            score(0) * f(S[1])) * mean(c(S[1])), NONE, FALSE),
        ("of a square of a mean in a mean", grad(mean(f(S[0]) * mean(c(S[1])) ** 2)), 2 * mean(f(S[0])) * mean(
            c(S[1])) * grad(mean(c(S[1]))), NONE, TRUE, at_sizes((2, 2, 0), (1, 2, 1))),
        ("of a square of a mean in a mean, once", grad(mean(f(S[0]) * mean(c(S[1])) ** 2)), mean(f(S[0])) * mean(
            c(S[1])) * grad(mean(c(S[1]))), NONE, FALSE),
        ("inside a mean, of a mean of its own", mean(grad(LIKELY * J**2)), mean(grad(LIKELY)) * J**2 + 2 * mean(
            LIKELY) * J * grad(J), NONE, TRUE, at_sizes((1, 2, 0))),
        ("inside a mean, of a mean of its own, once", mean(grad(LIKELY * J**2)), mean(grad(LIKELY)) * J**2 + mean(
            LIKELY) * J * grad(J), NONE, FALSE),
        ("inside a mean, of no mean of its own", mean(grad(LIKELY * J**2)), mean(grad(LIKELY)) * J**2, NONE, FALSE),
        ("of a sum over times is nothing", mean(grad(total(t, pi(A_[t] | S[t])))), 0, NONE, FALSE),
        ("of a sum over times", mean(grad(total(t, pi(A_[t] | S[t])))), mean(total(t, grad(pi(A_[t] | S[t])))), NONE,
         TRUE),
        ("of what comes after the last step", grad(mean(LATEST)), mean(total(t, score(t)) * LATEST), NONE, FALSE),
        ("a score has mean 0", mean(total(t, score(t))), 0, NONE, TRUE),
        ("a score of beta has mean 0", off(total(t, grad(log(beta(A_[t] | S[t]))))), 0, NONE, TRUE),
        ("a score has mean 0 under beta", off(score(0)), 0, PP, FALSE),
        ("a score beside the past", mean(total(t, score(t) * total(k, pair(k), stop=t - 1))), 0, NONE, TRUE),
        ("a score beside the present", mean(total(t, score(t) * total(k, pair(k), stop=t))), 0, NONE, FALSE),
        ("a score beside its state", mean(total(t, score(t) * f(S[t]))), 0, NONE, TRUE),
        ("a score beside the next state", mean(total(t, score(t) * f(S[t + 1]))), 0, NONE, FALSE),
        ("a score beside its action", mean(total(t, score(t) * g(A_[t]))), 0, NONE, FALSE),
        ("Fisher", mean(score(0) ** 2), -mean(grad(score(0))), PP, TRUE),
        ("Fisher without its sign", mean(score(0) ** 2), mean(grad(score(0))), PP, FALSE),
        ("a square of scores", mean(score(0) * score(0)), 0, PP, FALSE),
        ("of a ratio", grad(off(ratios() * f(S[H]))), off(ratios() * total(t, score(t)) * f(S[H])), PP, TRUE),
        ("of a ratio, of the first", grad(off(ratios() * f(S[H]))), off(ratios() * score(0) * f(S[H])), PP, FALSE,
         at_sizes((2, 2, 2)))),
]

