"""Claims about sums over states and actions along trajectories, what is held, quotients, and classes of models.

Also what is held at theta, numbers that are divided by, letters that are free, and classes of models.
"""

from __future__ import annotations

from typing import Any

from claims_samples import endless
from claims_unfolding import A_, S, mean, off
from kernel_letters import (
    ADD,
    ALL,
    END,
    FALSE,
    LT1,
    NONE,
    PP,
    TRUE,
    UNDEFINED,
    Claim,
    at_sizes,
    beta,
    c,
    claims,
    d,
    e,
    f,
    h,
    pair,
    q,
    rho,
    w,
    y,
    z,
)
from sympy import Expr

from derive.language.assumptions import below_one, between_0_and_1, covers, horizon_at_least, positive, undiscounted
from derive.language.terms import Policy
from derive.language.vocabulary import (
    H,
    J,
    P,
    Q,
    R,
    V,
    a,
    gamma,
    grad,
    k,
    log,
    mu,
    pi,
    pi_old,
    ratio,
    s,
    same,
    scalar,
    stop_gradient,
    t,
    tau,
    total,
    x,
)

other = Policy("b2")
lam = scalar("lambda")
SMALL = at_sizes((2, 1, 0), (2, 2, 0), (2, 2, 1))
NONZERO: dict[str, Any] = {"owes": ("nonzero",)}


def here(body: Any, at: Any) -> Expr:
    """E sum_x 1{x = s_t} g(x)."""
    return mean(total(x, same(x, S[at]) * body))


def marginal(at: Any, place: Any) -> Expr:
    """p(s_t = x)."""
    return mean(same(S[at], place))


def of_values(place: Any) -> Expr:
    """sum_a pi(a|x) q(x, a)."""
    return total(d, pi(d | place) * q(place, d))


def of_first(action: Any) -> Expr:
    """p(a_0 = a)."""
    return total(y, mu(y) * pi(action | y))


CLASSES: list[Claim] = [
    *claims(
        "point",
        ("of the first state", here(f(x), 0), mean(f(S[0])), NONE, TRUE),
        ("of a later state", here(f(x), 1), mean(f(S[1])), NONE, TRUE),
        ("of a later state is of the first", here(f(x), 1), mean(f(S[0])), NONE, FALSE),
        ("beside the step before", mean(total(x, same(x, S[1]) * h(S[0], A_[0], x))), mean(h(S[0], A_[0], S[1])), NONE,
         TRUE),
        ("beside the step before is this state", mean(total(x, same(x, S[1]) * h(S[0], A_[0], x))), mean(
            h(S[0], A_[0], S[0])), NONE, FALSE),
        ("two steps away", mean(total(x, same(x, S[2]) * h(S[0], A_[0], x))), mean(h(S[0], A_[0], S[1])), NONE, FALSE),
        ("of an action", mean(total(e, same(e, A_[0]) * q(S[0], e))), mean(pair(0)), NONE, TRUE),
        ("of an action is of any", mean(total(e, same(e, A_[0]) * q(S[0], e))), mean(total(e, q(S[0], e))), NONE,
         FALSE),
        ("two indicators", total(x, same(x, y) * same(x, w) * f(x)), same(y, w) * f(y), NONE, TRUE),
        ("two indicators are one", total(x, same(x, y) * same(x, w) * f(x)), f(y), NONE, FALSE),
        ("an indicator is 1", same(y, w) * f(y), f(y), NONE, FALSE),
        ("a value of its time", here(V[1](x), 1), mean(V[1](S[1])), ADD, TRUE),
        ("a value of another time", here(V[1](x), 0), mean(V[0](S[0])), ADD, FALSE),
        ("a value of the last time", here(V[H](x), 0), mean(V[0](S[0])), ADD, FALSE, at_sizes((1, 2, 1), (2, 2, 1))),
        ("all times of a sum", mean(total(t, total(x, same(x, S[t]) * f(x)))), mean(total(t, f(S[t]))), NONE, TRUE),
        ("squared", mean(total(x, same(x, S[0]) ** 2 * f(x))), mean(f(S[0])), NONE, TRUE)),
    *claims(
        "letter",
        ("two orders", total(s, total(a, mu(s) * q(s, a))), total(a, total(s, mu(s) * q(s, a))), NONE, TRUE),
        ("the initial law", total(s, mu(s) * f(s)), mean(f(S[0])), NONE, TRUE),
        ("without a law", total(s, f(s)), mean(f(S[0])), NONE, FALSE),
        ("with the initial law or without", total(s, mu(s) * f(s)), total(s, f(s)), NONE, FALSE),
        ("with its square", total(s, mu(s) ** 2 * f(s)), total(s, mu(s) * f(s)), NONE, FALSE),
        ("free, of a product", mu(s) * mu(y) * f(s), mu(s) * mu(y) * f(y), NONE, FALSE),
        ("free, equal for each", mu(s) * total(a, pi(a | s)), mu(s), NONE, TRUE),
        ("free, an action or none", mu(s) * pi(a | s), mu(s), NONE, FALSE),
        ("a square of a sum that holds it", mean(total(e, total(t, q(S[t], e)) ** 2)), mean(
            total(e, total(t, q(S[t], e)))), NONE, FALSE),
        ("carried into a sum", mean(total(e, f(S[0]) * total(t, q(S[t], e)))), mean(
            f(S[0]) * total(t, total(e, q(S[t], e)))), NONE, TRUE),
        ("carried past a gradient", total(x, f(x) * grad(marginal(1, x))), grad(mean(f(S[1]))), NONE, TRUE),
        ("carried past a gradient, moving", total(x, of_values(x) * grad(marginal(1, x))), grad(mean(of_values(S[1]))),
         NONE, FALSE),
        ("of an action, carried past a gradient", total(e, of_first(e) * grad(mean(pi(e | S[0])))), grad(
            mean(of_first(A_[0]))), NONE, FALSE),
        ("of an action, carried past a gradient, held", total(e, of_first(e) * grad(mean(pi(e | S[0])))), grad(
            mean(stop_gradient(of_first(A_[0])))), NONE, TRUE),
        ("carried past a gradient, held", total(x, of_values(x) * grad(marginal(1, x))), grad(
            mean(stop_gradient(of_values(S[1])))), NONE, TRUE),
        ("steps that join", mean(total(y, h(S[0], A_[0], y) * h(S[1], A_[1], y))), mean(
            total(y, h(S[0], A_[0], y) * h(S[1], A_[0], y))), NONE, FALSE, at_sizes((2, 2, 1), (1, 2, 1))),
        ("of the next state", mean(total(y, P(y | S[0], A_[0]) * z(y, A_[0]))), mean(z(S[1], A_[0])), NONE, TRUE),
        ("of the next state is of this one", mean(total(y, total(e, P(y | S[0], A_[0]) * pi(e | y) * q(y, e)))), mean(
            pair(0)), NONE, FALSE),
        ("of the next state and its action", mean(total(y, total(e, P(y | S[0], A_[0]) * pi(e | y) * q(y, e)))), mean(
            of_values(S[1])), NONE, TRUE)),
    *claims(
        "held",
        ("its value is that of pi", total(a, pi_old(a | s) * q(s, a)), total(a, pi(a | s) * q(s, a)), NONE, TRUE),
        ("its gradient is 0", grad(total(a, pi_old(a | s) * q(s, a))), 0, NONE, TRUE),
        ("its gradient is that of pi", grad(total(a, pi_old(a | s) * q(s, a))), total(a, grad(pi(a | s)) * q(s, a)),
         NONE, FALSE),
        ("a ratio to itself has the score", mean(grad(ratio(pi(A_[0] | S[0]), pi_old(A_[0] | S[0]))) * f(S[0])), mean(
            grad(log(pi(A_[0] | S[0]))) * f(S[0])), PP, TRUE),
        ("a ratio to itself is 1, moving", grad(mean(ratio(pi(A_[0] | S[0]), pi_old(A_[0] | S[0])) * q(S[0], A_[0]))),
         grad(mean(pair(0))), PP, FALSE),
        ("an objective is held", grad(stop_gradient(J)), grad(J), NONE, FALSE),
        ("a part of a product", grad(J * stop_gradient(J)), J * grad(J), NONE, TRUE),
        ("a part of a product, as if both", grad(J * stop_gradient(J)), grad(J**2), NONE, FALSE)),
    *claims(
        "quotient",
        ("by a sum", ratio(total(s, mu(s) * f(s)), total(s, mu(s) * c(s))), ratio(mean(f(S[0])), mean(c(S[0]))), NONE,
         UNDEFINED, NONZERO),
        ("by another sum", ratio(mean(f(S[0])), mean(c(S[0]))), ratio(mean(f(S[0])), mean(c(S[1]))), NONE, FALSE,
         NONZERO),
        ("by 1 - gamma", ratio(1, 1 - gamma) * J, J + gamma * ratio(1, 1 - gamma) * J, LT1, TRUE),
        ("by 1 - gamma, without its gamma", ratio(1, 1 - gamma) * J, J + ratio(1, 1 - gamma) * J, LT1, FALSE),
        ("by H + 1", ratio(total(t, 1), H + 1), 1, NONE, TRUE),
        ("by H, from 1 on", ratio(total(t, 1, start=1), H), 1, [horizon_at_least(1)], TRUE, {"first": 1}),
        ("by H, from 0 on", ratio(total(t, 1, start=1), H), 1, NONE, UNDEFINED, NONZERO),
        ("by H - 1, from 1 on", ratio(total(t, 1, start=1, stop=H - 1), H - 1), 1, [horizon_at_least(1)], UNDEFINED,
         {"first": 1, **NONZERO}),
        ("by 2 - H, from 1 on", ratio((2 - H) * J, 2 - H), J, [horizon_at_least(1)], UNDEFINED,
         {"first": 1, **NONZERO}),
        ("by H + 1 is by H", ratio(total(t, 1), H + 2), 1, NONE, FALSE),
        ("given an event that may not be", ratio(mean(same(S[1], s) * f(S[1])), marginal(1, s)), f(s), NONE, UNDEFINED,
         NONZERO),
        ("given an event that is possible", ratio(mean(same(S[1], s) * f(S[1])), marginal(1, s)), f(s), ALL, TRUE),
        ("given two events at one place", *(2 * (ratio(mean(same(S[1], s) * same(S[1], y)), mean(
            same(S[1], s) * same(S[1], y))),)), ALL, UNDEFINED, NONZERO)),
    *claims(
        "class",
        ("gamma is 1", mean(total(t, gamma**t * f(S[t]))), mean(total(t, f(S[t]))), [undiscounted], TRUE),
        ("gamma is not 1", mean(total(t, gamma**t * f(S[t]))), mean(total(t, f(S[t]))), NONE, FALSE),
        ("a ratio that is covered", off(rho(0) * pair(0)), mean(pair(0)), [covers(beta, pi)], TRUE),
        ("a ratio of what another covers", off(rho(0) * pair(0)), mean(pair(0)), [covers(other, pi)], FALSE),
        ("a number below one", endless(t, lam**t) * (1 - lam), 1, [below_one(lam), *LT1], TRUE),
        ("a number that may be 1", endless(t, lam**t), endless(t, lam**t), [between_0_and_1(lam), *LT1], "divergent"),
        ("a positive number", ratio(lam, lam) * J, J, [positive(lam)], TRUE),
        ("a number that may be 0", ratio(lam, lam) * J, J, [between_0_and_1(lam)], UNDEFINED, NONZERO),
        ("powers of two numbers", total(t, lam**t * f(s)), total(t, gamma**t * f(s)), NONE, FALSE)),
    *claims(
        "at its own time",
        ("Bellman at every time", V[t](s), total(a, pi(a | s) * Q[t](s, a)), ADD, TRUE),
        ("Bellman of the time after", V[t](s), total(a, pi(a | s) * total(y, P(y | s, a) * V[t + 1](y))), ADD, FALSE),
        ("weighed by its time", gamma**t * V[t](s), V[t](s), ADD, FALSE),
        ("from the end", V[H - t](s), V[H](s), ADD, FALSE),
        ("beside a state", mean(f(S[t])), mean(f(S[0])), NONE, FALSE),
        ("V_t is no number of t", V[t](s), V[0](s), ADD, FALSE)),
    *claims(
        "slope",
        ("of a value", grad(V[t](s)), total(a, grad(pi(a | s)) * Q[t](s, a) + pi(a | s) * grad(Q[t](s, a))), ADD, TRUE),
        ("of a value, without the second part", grad(V[t](s)), total(a, grad(pi(a | s)) * Q[t](s, a)), ADD, FALSE),
        ("of a mean of values", grad(total(s, mu(s) * V[0](s))), grad(J), ADD, TRUE),
        ("of a value in a mean", mean(grad(V[0](S[0]))), grad(J), ADD, TRUE),
        ("of a later value in a mean", mean(gamma * grad(V[1](S[1]))), grad(J), ADD, FALSE),
        ("beside the policy of the next state", total(tau, grad(P(tau) * V[0](S[0])) * pi(e | S[1])), total(
            tau, grad(P(tau) * R(tau)) * pi(e | S[1])), ADD, FALSE),
        ("beside the policy of this state", total(tau, grad(P(tau) * V[0](S[0])) * pi(e | S[0])), total(
            tau, grad(P(tau) * R(tau)) * pi(e | S[0])), ADD, TRUE),
        ("of the values of beta", grad(V[0](s, policy=beta)), 0, ADD, TRUE),
        ("of a value without end", grad(V(s)), total(a, grad(pi(a | s)) * Q(s, a) + pi(a | s) * grad(Q(s, a))), END,
         TRUE),
        ("of a value without end, without its gamma", grad(V(s)), total(a, grad(pi(a | s)) * Q(s, a) + pi(
            a | s) * total(y, P(y | s, a) * grad(V(y)))), END, FALSE)),
    *claims(
        "count",
        ("of times", total(t, 1), H + 1, NONE, TRUE),
        ("of times from one on", total(t, 1, start=1), H, NONE, TRUE),
        ("of times is H", total(t, 1), H, NONE, FALSE),
        ("of pairs of times", total(t, total(k, 1, stop=t)), (H + 1) * (H + 2) / 2, NONE, TRUE),
        ("a time as a number", total(t, t), H * (H + 1) / 2, NONE, TRUE),
        ("a time as a number, one more", total(t, t), (H + 1) * (H + 2) / 2, NONE, FALSE),
        ("beside a function", mean(total(t, t * f(S[0]))), H * (H + 1) / 2 * mean(f(S[0])), NONE, TRUE)),
]
