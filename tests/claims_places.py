"""Claims with letters that are free or summed, indicators, held policies, quotients by sums, numbers without a value.

They are twins for lines of ``places``, ``factors``, ``symbols``, and of what ``samples``, ``definedness`` and
``values`` say of the same constructs.
"""

from __future__ import annotations

from typing import Any

from claims_unfolding import A_, S, mean, off
from kernel_letters import (
    ADD,
    ALL,
    END,
    FALSE,
    IID,
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
    e,
    f,
    g,
    h,
    pair,
    q,
    reward,
    rho,
    score,
    w,
    y,
)
from sympy import Expr

from derive import d, d_normalized, p
from derive.assumptions import below_one, between_0_and_1, covers, positive, undiscounted
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    R,
    V,
    a,
    expect,
    forever,
    gamma,
    grad,
    i,
    k,
    m,
    mu,
    pi,
    pi_old,
    r,
    ratio,
    s,
    same,
    samples,
    scalar,
    stop_gradient,
    t,
    tau,
    total,
    x,
)

COVERED, UNDISCOUNTED = [covers(beta, pi)], [undiscounted]
lam, nu = scalar("lam"), scalar("nu")
UNIT, BELOW, ABOVE = [between_0_and_1(lam)], [below_one(lam)], [positive(lam)]
NONZERO: dict[str, Any] = {"owes": ("nonzero",)}
OLD = {"policy": pi_old}


def old(body: Any) -> Expr:
    """The mean under the held policy."""
    return expect(tau, body, policy=pi_old)


def endless(body: Any) -> Expr:
    """sum_t gamma^t E[...]."""
    return total(t, gamma**t * mean(body), stop=forever)


def all_draws(body: Any) -> Expr:
    return expect(samples, body)


SUM_OF_RETURNS = total(i, R(samples[i]))
BETA_0 = beta(A_[0] | S[0])
BY_SUPPORT = mean(ratio(BETA_0**2, pi(A_[0] | S[0])))
RATIO_OLD = ratio(pi(A_[0] | S[0]), pi_old(A_[0] | S[0]))

PLACES: list[Claim] = [
    *claims(
        "quotient of draws",
        ("by a mean", all_draws(ratio(SUM_OF_RETURNS, 1 + gamma)), ratio(m * J, 1 + gamma), [*ADD, *IID, *LT1], TRUE),
        ("by nothing", all_draws(ratio(SUM_OF_RETURNS, 1 + gamma)), m * J, [*ADD, *IID, *LT1], FALSE),
        ("by a free function is by nothing", all_draws(ratio(SUM_OF_RETURNS, f(s))), m * J, [*ADD, *IID], FALSE),
        ("by the square is by the first power", all_draws(ratio(SUM_OF_RETURNS, (1 + gamma) ** 2)),
         ratio(m * J, 1 + gamma), [*ADD, *IID, *LT1], FALSE),
        ("in a square is out of it", all_draws(ratio(SUM_OF_RETURNS, 1 + gamma) ** 2),
         ratio(all_draws(SUM_OF_RETURNS**2), 1 + gamma), [*ADD, *IID, *LT1], FALSE),
        ("in a square", all_draws(ratio(SUM_OF_RETURNS, 1 + gamma) ** 2),
         ratio(all_draws(SUM_OF_RETURNS**2), (1 + gamma) ** 2), [*ADD, *IID, *LT1], TRUE)),
    *claims(
        "one point",
        ("of a state", total(s, same(s, y) * f(s)), f(y), NONE, TRUE),
        ("of a state of a step", mean(total(s, same(s, S[t]) * f(s) * c(s))), mean(f(S[t]) * c(S[t])), NONE, TRUE),
        ("of the next state", mean(total(s, same(s, S[t + 1]) * f(s)) * c(S[t])), mean(f(S[t + 1]) * c(S[t])), NONE,
         TRUE),
        ("of the state before", mean(total(s, same(s, S[t + 1]) * f(s)) * c(S[t])), mean(f(S[t]) * c(S[t])), NONE,
         FALSE),
        ("of two functions of two steps", mean(total(s, same(s, S[1]) * f(s) * h(s, A_[0], S[0]))),
         mean(f(S[1]) * h(S[0], A_[0], S[1])), NONE, FALSE),
        ("of two points is one", total(s, same(s, y) * same(s, w) * f(s)), f(y), NONE, FALSE),
        ("of two points", total(s, same(s, y) * same(s, w) * f(s)), same(y, w) * f(w), NONE, TRUE),
        ("of an action", mean(total(a, same(a, A_[0]) * q(S[0], a))), mean(pair(0)), NONE, TRUE),
        ("of the action after", mean(total(a, same(a, A_[1]) * q(S[0], a))), mean(q(S[1], A_[1])), NONE, FALSE,
         {"first": 1, **at_sizes((2, 2, 1))}),
        ("of a probability", mean(total(s, same(s, S[1]) * P(s | S[0], A_[0]))), 1, NONE, FALSE),
        ("of its complement", mean(total(s, (1 - same(s, S[1])) * P(s | S[0], A_[0]))), 0, NONE, FALSE),
        ("without the indicator", total(s, same(s, y)), 1, NONE, TRUE),
        ("without the indicator, of itself", total(s, same(s, s)), 1, NONE, FALSE),
        ("of a sum over both", total(s, total(y, same(s, y) * q(s, a) * f(y))), total(s, f(s)) * total(y, q(y, a)),
         NONE,
         FALSE),
        ("of a gradient", mean(total(s, same(s, S[0]) * grad(pi(a | s)))),
         mean(grad(pi(a | S[0]))), NONE, TRUE),
        ("of a value", mean(total(s, same(s, S[t + 1]) * V[t + 1](s)) * f(S[t])), mean(V[t + 1](S[t + 1]) * f(S[t])),
         ADD,
         TRUE),
        ("of a value at another time", mean(total(s, same(s, S[t + 1]) * V[t](s)) * f(S[t])),
         mean(V[t + 1](S[t + 1]) * f(S[t])), ADD, FALSE),
        ("at two times", mean(same(S[0], s) * same(S[1], s)), mean(same(S[0], s)), NONE, FALSE),
        ("staying is moving", mean(same(S[0], S[1])), mean(total(s, same(S[1], s) * P(s | s, A_[0]))), NONE, FALSE)),
    *claims(
        "free letter",
        ("a marginal in one step", p[t + 1](x), total(s, p[t](s) * total(a, pi(a | s) * P(x | s, a))), NONE, TRUE),
        ("a marginal in one step of beta", p[t + 1](x), total(s, p[t](s) * total(a, beta(a | s) * P(x | s, a))), NONE,
         FALSE),
        ("a marginal in no step", p[t](x), total(s, p[t](s) * total(a, pi(a | s) * P(x | s, a))), NONE, FALSE),
        ("the first marginal", p[0](s), mu(s), NONE, TRUE),
        ("the first marginal is the next", p[1](s), mu(s), NONE, FALSE),
        ("marginals sum to 1", total(s, p[t](s)), 1, NONE, TRUE),
        ("their squares sum to 1", total(s, p[t](s) ** 2), 1, NONE, FALSE),
        ("two marginals are independent", mean(same(S[0], s) * same(S[1], y)), p[0](s) * p[1](y), NONE, FALSE),
        ("two marginals by a transition", mean(same(S[t], s) * same(A_[t], a) * same(S[t + 1], y)),
         p[t](s) * pi(a | s) * P(y | s, a), NONE, TRUE),
        ("two marginals by a transition back", mean(same(S[t], s) * same(A_[t], a) * same(S[t + 1], y)),
         p[t](y) * pi(a | s) * P(y | s, a), NONE, FALSE),
        ("a mean over a marginal", total(s, p[t](s) * q(s, a)), mean(q(S[t], a)), NONE, TRUE),
        ("a mean over a marginal of another time", total(s, p[t](s) * f(s)), mean(f(S[t + 1])), NONE, FALSE),
        ("a gradient of a marginal", grad(p[1](y)), total(s, mu(s) * total(a, grad(pi(a | s)) * P(y | s, a))), NONE,
         TRUE),
        ("a gradient of the second marginal, of its last step", grad(p[2](y)), total(s, p[1](s) * total(
            a, grad(pi(a | s)) * P(y | s, a))), NONE, FALSE, {"first": 1, **at_sizes((2, 2, 1))}),
        ("a gradient of the first marginal", grad(p[0](y)), 0, NONE, TRUE),
        ("a gradient of a marginal is 0", grad(p[t](y)), 0, NONE, FALSE),
        ("gradients of marginals sum to 0", total(y, grad(p[t](y))), 0, NONE, TRUE),
        ("gradients of marginals beside a function sum to 0", total(y, grad(p[t](y)) * f(y)), 0, NONE, FALSE),
        ("a product with a marginal below the gradient", grad(total(s, p[t](s) * pi(a | s))),
         total(s, grad(p[t](s)) * pi(a | s) + p[t](s) * grad(pi(a | s))), NONE, TRUE),
        ("a product with a marginal held", grad(total(s, p[t](s) * V[t](s))), total(s, p[t](s) * grad(V[t](s))), ADD,
         FALSE),
        ("a product with a value held", grad(total(s, p[t](s) * V[t](s))), total(s, grad(p[t](s)) * V[t](s)), ADD,
         FALSE),
        ("a gradient beside the policy", total(a, pi(a | s) * grad(pi(a | s))), ratio(1, 2) * grad(total(
            a, pi(a | s) ** 2)), NONE, TRUE),
        ("a gradient beside the policy at a step", mean(total(a, pi(a | S[t]) * grad(pi(a | S[t])))), ratio(1,
         2) * grad(
            mean(total(a, pi(a | S[t]) ** 2))), NONE, FALSE),
        ("a policy beside the gradient of a marginal", total(s, pi(a | s) * grad(p[t](s))),
         grad(total(s, pi(a | s) * p[t](s))), NONE, FALSE),
        ("a policy beside the gradient of a marginal, by the product rule",
         total(s, pi(a | s) * grad(p[t](s)) + grad(pi(a | s)) * p[t](s)), grad(total(s, pi(a | s) * p[t](s))), NONE,
         TRUE),
        ("two letters are one", mean(q(S[0], a) * f(s)), mean(q(S[0], a) * f(y)), NONE, FALSE),
        ("a letter is a step", mean(q(S[0], a)), mean(q(S[0], A_[0])), NONE, FALSE)),
    *claims(
        "held policy",
        ("a ratio has the gradient of the policy", grad(old(RATIO_OLD * pair(0))), grad(mean(pair(0))), NONE, TRUE),
        ("a ratio has no gradient", grad(old(RATIO_OLD * pair(0))), 0, NONE, FALSE),
        ("a ratio has the value of the policy", old(RATIO_OLD * pair(0)), mean(pair(0)), NONE, TRUE),
        ("a ratio of one step sees what follows", grad(old(RATIO_OLD * f(S[2]))), grad(mean(f(S[2]))), NONE, FALSE,
         {"first": 1, **at_sizes((2, 2, 1))}),
        ("a held value has no gradient", grad(total(s, mu(s) * V[0](s, policy=pi_old))), 0, ADD, TRUE),
        ("a value has no gradient", grad(total(s, mu(s) * V[0](s))), 0, ADD, FALSE),
        ("a held value beside the policy", grad(total(a, pi(a | s) * stop_gradient(Q[t](s, a)))),
         total(a, grad(pi(a | s)) * Q[t](s, a)), ADD, TRUE),
        ("a value beside the policy", grad(total(a, pi(a | s) * Q[t](s, a))), total(a, grad(pi(a | s)) * Q[t](s, a)),
         ADD,
         FALSE, at_sizes((1, 2, 1), (2, 2, 1))),
        ("the gradient of a held policy", grad(pi_old(a | s)), 0, NONE, TRUE),
        ("the square of a policy, one held", grad(pi(a | s) * pi_old(a | s)), grad(pi(a | s) ** 2), NONE, FALSE),
        ("the square of a policy, one held, twice", 2 * grad(pi(a | s) * pi_old(a | s)), grad(pi(a | s) ** 2), NONE,
         TRUE),
        ("the second gradient of a square, one held", grad(grad(pi(a | s) * pi_old(a | s))), grad(grad(pi(a | s) ** 2)),
         PP, FALSE),
        ("a score under the held policy", old(score(0) * f(S[0])), 0, NONE, TRUE),
        ("a held law below a gradient", grad(old(f(S[1]))), 0, NONE, TRUE),
        ("a held law below a gradient beside a score", grad(old(f(S[1]))), mean(score(0) * f(S[1])), NONE, FALSE),
        ("a surrogate of advantages", grad(old(RATIO_OLD * A[0](S[0], A_[0], **OLD))), mean(score(0) * A[0](S[0],
         A_[0])),
         ADD, TRUE),
        ("a surrogate of moving advantages", grad(old(RATIO_OLD * A[0](S[0], A_[0]))), mean(score(0) * A[0](
            S[0], A_[0])), ADD, FALSE, at_sizes((1, 2, 1), (2, 2, 1))),
        ("a held sum of squares", total(a, pi(a | s) * pi_old(a | s)), total(a, pi(a | s) ** 2), NONE, TRUE),
        ("held at a step, beside a gradient", mean(total(a, pi_old(a | S[0]) * grad(pi(a | S[0])) * q(S[0], a))),
         mean(grad(pi(A_[0] | S[0])) * pair(0)), NONE, TRUE),
        ("held below two gradients", grad(grad(total(a, pi_old(a | s) * pi(a | s) * q(s, a)))), grad(grad(total(
            a, pi(a | s) ** 2 * q(s, a)))), PP, FALSE)),
    *claims(
        "gradient of a value",
        ("by the product rule", grad(V[t](s)), total(a, grad(pi(a | s)) * Q[t](s, a) + pi(a | s) * grad(Q[t](s, a))),
         ADD,
         TRUE),
        ("of the policy alone", grad(V[t](s)), total(a, grad(pi(a | s)) * Q[t](s, a)), ADD, FALSE, at_sizes((1, 2, 1))),
        ("of Q alone", grad(V[t](s)), total(a, pi(a | s) * grad(Q[t](s, a))), ADD, FALSE),
        ("of an action value", grad(Q[t](s, a)), gamma * total(x, P(x | s, a) * grad(V[t + 1](x))), ADD, TRUE),
        ("of an action value at its time", grad(Q[t](s, a)), gamma * total(x, P(x | s, a) * grad(V[t](x))), ADD, FALSE),
        ("of an action value without gamma", grad(Q[t](s, a)), total(x, P(x | s, a) * grad(V[t + 1](x))), ADD, FALSE,
         at_sizes((1, 2, 1))),
        ("of the last action value", grad(Q[H](s, a)), 0, ADD, TRUE),
        ("of the last action value but one", grad(Q[H - 1](s, a)), 0, ADD, FALSE, {"first": 1, **at_sizes((1, 2, 1))}),
        ("of the value after the last", grad(V[H + 1](s)), 0, ADD, TRUE),
        ("of the last value is 0", grad(V[H](s)), 0, ADD, FALSE),
        ("of an advantage in the mean", total(a, pi(a | s) * grad(A[t](s, a))), -total(a, grad(pi(a | s)) * A[t](s, a)),
         ADD, TRUE),
        ("of an advantage in the mean is 0", total(a, pi(a | s) * grad(A[t](s, a))), 0, ADD, FALSE),
        ("of an advantage in the mean, of the other sign", total(a, pi(a | s) * grad(A[t](s, a))),
         total(a, grad(pi(a | s)) * A[t](s, a)), ADD, FALSE),
        ("of beta", grad(V[t](s, policy=beta)), 0, ADD, TRUE),
        ("along a trajectory", mean(grad(V[1](S[1])) * f(S[1])), mean(f(S[1]) * total(k, gamma ** (k - 1) * score(
            k) * Q[k](S[k], A_[k]), start=1)), ADD, TRUE),
        ("along a trajectory from the first step on", mean(grad(V[1](S[1])) * f(S[1])), mean(f(S[1]) * total(
            k, gamma**k * score(k) * Q[k](S[k], A_[k]))), ADD, FALSE),
        ("beside the next state", mean(grad(V[0](S[0])) * f(S[1])), mean(f(S[1]) * total(k, gamma**k * score(
            k) * Q[k](S[k], A_[k]))), ADD, FALSE),
        ("beside the next state, outside", mean(grad(V[0](S[0])) * f(S[1])), grad(mean(V[0](S[0]) * f(S[1]))), ADD,
         FALSE),
        ("of another law", off(grad(V[1](S[1]))), grad(off(V[1](S[1]))), ADD, TRUE),
        ("of its own law", mean(grad(V[1](S[1]))), grad(mean(V[1](S[1]))), ADD, FALSE),
        ("squared", mean(grad(V[0](S[0])) ** 2), mean(grad(V[0](S[0]))) ** 2, ADD, FALSE),
        ("without time", grad(V(s)), total(a, grad(pi(a | s)) * Q(s, a)) + gamma * total(a, pi(a | s) * total(
            x, P(x | s, a) * grad(V(x)))), END, TRUE),
        ("without time, the policy alone", grad(V(s)), total(a, grad(pi(a | s)) * Q(s, a)), END, FALSE),
        ("without time, without gamma", grad(V(s)), total(a, grad(pi(a | s)) * Q(s, a)) + total(a, pi(a | s) * total(
            x, P(x | s, a) * grad(V(x)))), END, FALSE)),
    *claims(
        "occupancy",
        ("in one step", d(x), mu(x) + gamma * total(s, d(s) * total(a, pi(a | s) * P(x | s, a))), END, TRUE),
        ("in one step without gamma", d(x), mu(x) + total(s, d(s) * total(a, pi(a | s) * P(x | s, a))), END, FALSE),
        ("in one step of beta", d(x), mu(x) + gamma * total(s, d(s) * total(a, beta(a | s) * P(x | s, a))), END, FALSE),
        ("sums to 1/(1-gamma)", total(s, d(s)), ratio(1, 1 - gamma), END, TRUE),
        ("sums to 1", total(s, d(s)), 1, END, FALSE),
        ("normalised, sums to 1", total(s, d_normalized(s)), 1, END, TRUE),
        ("normalised, in one step", d_normalized(x), (1 - gamma) * mu(x) + gamma * total(s, d_normalized(s) * total(
            a, pi(a | s) * P(x | s, a))), END, TRUE),
        ("normalised, in one step as the other", d_normalized(x), mu(x) + gamma * total(s, d_normalized(s) * total(
            a, pi(a | s) * P(x | s, a))), END, FALSE),
        ("policy gradient", grad(J), total(s, d(s) * total(a, grad(pi(a | s)) * Q(s, a))), END, TRUE),
        ("policy gradient, normalised", grad(J), total(s, d_normalized(s) * total(a, grad(pi(a | s)) * Q(s, a))), END,
         FALSE),
        ("policy gradient of beta", grad(J), total(s, d(s, policy=beta) * total(a, grad(pi(a | s)) * Q(s, a))), END,
         FALSE),
        ("policy gradient of moving values", grad(total(s, d(s) * total(a, pi(a | s) * stop_gradient(Q(s, a))))),
         grad(J), END, FALSE),
        ("policy gradient of a held occupancy", grad(total(s, stop_gradient(d(s)) * total(a, pi(a | s) * stop_gradient(
            Q(s, a))))), grad(J), END, TRUE),
        ("J", J, total(s, d(s) * total(a, pi(a | s) * total(x, P(x | s, a) * r(s, a, x)))), END, TRUE),
        ("J as a value", J, total(s, d(s) * V(s)), END, FALSE),
        ("inside a mean", endless(total(y, P(y | S[t], A_[t]) * f(y))), total(s, d(s) * total(a, pi(a | s) * total(
            y, P(y | s, a) * f(y)))), END, TRUE),
        ("inside a mean, of the state", endless(total(y, P(y | S[t], A_[t]) * f(y))), total(s, d(s) * f(s)), END,
         FALSE),
        ("inside a mean, shifted", gamma * endless(f(S[t + 1])), total(s, d(s) * f(s)) - total(s, mu(s) * f(s)), END,
         TRUE),
        ("inside a mean, shifted without gamma", endless(f(S[t + 1])), total(s, d(s) * f(s)) - total(s, mu(s) * f(s)),
         END,
         FALSE),
        ("two in a product", total(s, d(s) * f(s)) ** 2, total(s, d(s) ** 2 * f(s) ** 2), END, FALSE),
        ("gradient in one step", grad(d(x)), gamma * total(s, grad(d(s)) * total(a, pi(a | s) * P(x | s, a)) + d(
            s) * total(a, grad(pi(a | s)) * P(x | s, a))), END, TRUE),
        ("gradient in one step, of the policy", grad(d(x)), gamma * total(s, d(s) * total(a, grad(pi(a | s)) * P(
            x | s, a))), END, FALSE)),
    *claims(
        "undiscounted",
        ("a square is another", J**2, mean(f(S[0])) ** 2, [*ADD, *UNDISCOUNTED], FALSE),
        ("a square", J**2, mean(total(t, reward(t))) ** 2, [*ADD, *UNDISCOUNTED], TRUE),
        ("a return", mean(total(t, gamma**t * reward(t))), mean(total(t, reward(t))), UNDISCOUNTED, TRUE),
        ("a return, discounted", mean(total(t, gamma**t * reward(t))), mean(total(t, reward(t))), NONE, FALSE,
         at_sizes((1, 2, 1))),
        ("a product by its discounts", gamma**H * J * mean(f(S[0])), J * mean(f(S[0])), [*ADD, *UNDISCOUNTED], TRUE),
        ("a quotient by 1 - gamma", ratio(1 - gamma, 1 - gamma) * J, J, [*ADD, *UNDISCOUNTED], UNDEFINED, NONZERO),
        ("twice is once", (1 + gamma) * J, J, [*ADD, *UNDISCOUNTED], FALSE),
        ("twice", (1 + gamma) * J, 2 * J, [*ADD, *UNDISCOUNTED], TRUE)),
    *claims(
        "covered",
        ("a ratio is a sum over all actions", off(rho(0) * pair(0)), total(s, mu(s) * total(a, pi(a | s) * q(s, a))),
         COVERED, TRUE),
        ("a ratio where it is not covered", off(rho(0) * pair(0)), mean(pair(0)), NONE, FALSE),
        ("the reciprocal ratio", mean(ratio(beta(A_[0] | S[0]), pi(A_[0] | S[0])) * pair(0)), off(pair(0)), COVERED,
         FALSE),
        ("a reciprocal of beta", off(ratio(g(A_[0]), beta(A_[0] | S[0]))), mean(total(e, g(e))), COVERED, FALSE),
        ("a ratio of another time", off(rho(1) * f(S[0])), off(f(S[0])), COVERED, TRUE, {"first": 1, **at_sizes((
            2, 2, 1))}),
        ("a gradient", grad(off(rho(0) * pair(0))), mean(score(0) * pair(0)), COVERED, TRUE),
        ("a gradient without its ratio", grad(off(rho(0) * pair(0))), off(score(0) * pair(0)), COVERED, FALSE)),
    *claims(
        "number without a value",
        ("a quotient by 1 - c", ratio(1 - lam, 1 - lam) * f(s), f(s), BELOW, TRUE),
        ("a quotient by 1 - c, c up to 1", ratio(1 - lam, 1 - lam) * f(s), f(s), UNIT, UNDEFINED, NONZERO),
        ("a quotient by 2 - c", ratio(2 - lam, 2 - lam) * f(s), f(s), UNIT, TRUE),
        ("a quotient by 1 - gamma c", ratio(1 - gamma * lam, 1 - gamma * lam) * f(s), f(s), [*UNIT, *LT1], TRUE),
        ("a quotient by 1 - 2 c", ratio(1 - 2 * lam, 1 - 2 * lam) * f(s), f(s), BELOW, UNDEFINED, NONZERO),
        ("a quotient by c", ratio(lam, lam) * f(s), f(s), ABOVE, TRUE),
        ("a quotient by c from 0 on", ratio(lam, lam) * f(s), f(s), UNIT, UNDEFINED, NONZERO),
        ("a quotient by c - 1", ratio(lam - 1, lam - 1) * f(s), f(s), UNIT, UNDEFINED, NONZERO),
        ("a power to a time", lam**t * lam * f(s), lam ** (t + 1) * f(s), NONE, TRUE),
        ("a power to a time is another's", lam**t * f(s), nu**t * f(s), NONE, FALSE, at_sizes((1, 2, 1))),
        ("a power to time 0", total(t, lam**t * mean(f(S[0])), stop=0), mean(f(S[0])), NONE, TRUE),
        ("a sum of powers", total(t, lam**t * mean(f(S[0]))) * (1 - lam), (1 - lam ** (H + 1)) * mean(f(S[0])), NONE,
         TRUE),
        ("a sum of powers, one less", total(t, lam**t * mean(f(S[0]))) * (1 - lam), (1 - lam**H) * mean(f(S[0])), NONE,
         FALSE),
        ("a return with it", total(t, gamma**t * lam**t * mean(f(S[t])), stop=forever), total(t, gamma**t * mean(
            f(S[t])), stop=forever), [*UNIT, *LT1], FALSE)),
    *claims(
        "number of steps",
        ("counted", total(t, mean(f(S[0]))), (H + 1) * mean(f(S[0])), NONE, TRUE),
        ("counted, one less", total(t, mean(f(S[0]))), H * mean(f(S[0])), NONE, FALSE),
        ("counted from 1", total(t, mean(f(S[0])), start=1), H * mean(f(S[0])), NONE, TRUE),
        ("a free time", total(k, mean(f(S[0])), stop=t - 1), t * mean(f(S[0])), NONE, TRUE),
        ("a free time, one more", total(k, mean(f(S[0])), stop=t), t * mean(f(S[0])), NONE, FALSE),
        ("a sum of times", 2 * total(t, t * mean(f(S[0]))), H * (H + 1) * mean(f(S[0])), NONE, TRUE),
        ("a sum of times, without 2", total(t, t * mean(f(S[0]))), H * (H + 1) * mean(f(S[0])), NONE, FALSE,
         at_sizes((1, 2, 1))),
        ("a time beside its step", mean(total(t, t * f(S[t]))), mean(total(k, total(t, f(S[t]), start=k), start=1)),
         NONE,
         TRUE),
        ("a time beside its step, from 0", mean(total(t, t * f(S[t]))), mean(total(k, total(t, f(S[t]), start=k))),
         NONE,
         FALSE),
        ("a product of counts", (H + 1) * H * J, (H + 1) * J * total(t, 1, start=1), ADD, TRUE),
        ("its square", (H + 1) ** 2 * J, (H + 1) * J, ADD, FALSE, at_sizes((1, 2, 1))),
        ("polynomials that vanish at small H", H * (H - 1) * (H - 2) * (H - 3) * J, 0, ADD, FALSE, at_sizes((1, 1,
         4)))),
    *claims(
        "given an event",
        ("a state and an action", expect(tau, R(tau), given=[same(S[0], s), same(A_[0], a)]), Q[0](s, a), [*ADD, *ALL],
         TRUE),
        ("a state", expect(tau, R(tau), given=same(S[0], s)), V[0](s), [*ADD, *ALL], TRUE),
        ("a state is an action value", expect(tau, R(tau), given=same(S[0], s)), Q[0](s, a), [*ADD, *ALL], FALSE),
        ("the next state is a value", expect(tau, R(tau), given=same(S[1], s)), V[1](s), [*ADD, *ALL], FALSE),
        ("what may be impossible", expect(tau, R(tau), given=same(S[0], s)), V[0](s), ADD, UNDEFINED, NONZERO),
        ("an action that may be impossible", expect(tau, f(S[1]), given=[same(S[0], s), same(A_[0], a)]), total(
            x, P(x | s, a) * f(x)), [ALL[1], ALL[2]], UNDEFINED, NONZERO),
        ("two events at one place", expect(tau, f(S[0]), given=[same(S[0], s), same(S[0], y)]), f(s), ALL, UNDEFINED,
         NONZERO),
        ("the total of another time", total(s, p[0](s) * expect(tau, f(S[2]), given=same(S[1], s))), mean(f(S[2])), ALL,
         FALSE, {"first": 1, **at_sizes((2, 2, 1))}),
        ("of beta", expect(tau, R(tau), given=[same(S[0], s), same(A_[0], a)], policy=beta), Q[0](s, a, policy=beta),
         [*ADD, *ALL], TRUE),
        ("of a state, under another policy", expect(tau, f(S[1]), given=same(S[0], s), policy=beta),
         expect(tau, f(S[1]), given=same(S[0], s)), ALL, FALSE)),
    *claims(
        "quotient by a sum",
        ("of sums", ratio(J, total(s, mu(s) * total(a, pi(a | s) ** 2))) * total(s, mu(s) * total(a, pi(a | s) ** 2)),
         J,
         [*ADD, *ALL], TRUE),
        ("a quotient is its double", ratio(J, 1 + gamma), ratio(2 * J, 1 + gamma), [*ADD, *LT1], FALSE),
        ("added", ratio(J, 1 + gamma) + ratio(gamma * J, 1 + gamma), J, [*ADD, *LT1], TRUE),
        ("added, of two denominators", ratio(J, 1 + gamma) + ratio(gamma * J, 2 + gamma), J, [*ADD, *LT1], FALSE),
        ("in a mean", mean(ratio(f(S[1]), 1 + gamma)), ratio(mean(f(S[1])), 1 + gamma), LT1, TRUE),
        ("in a mean, of the square", mean(ratio(f(S[1]), 1 + gamma) ** 2), ratio(mean(f(S[1]) ** 2), 1 + gamma), LT1,
         FALSE),
        ("in a sum over times", total(t, ratio(mean(f(S[t])), 2 + gamma)), ratio(mean(total(t, f(S[t]))), 2 + gamma),
         LT1,
         TRUE),
        ("of powers", ratio(mean(f(S[0])), (1 + gamma) ** 2) * (1 + gamma), ratio(mean(f(S[0])), 1 + gamma), LT1, TRUE),
        ("of powers, once more", ratio(mean(f(S[0])), (1 + gamma) ** 2) * (1 + gamma), mean(f(S[0])), LT1, FALSE),
        ("by a sum over actions", ratio(f(s), total(a, pi(a | s) ** 2)) * total(a, pi(a | s) ** 2), f(s), PP, TRUE),
        ("by a sum over actions of another state", ratio(f(s), total(a, pi(a | s) ** 2)) * total(a, pi(a | y) ** 2),
         f(s),
         PP, FALSE)),
    *claims(
        "quotient by a sum over a support",
        ("where it counts what is covered only", ratio(J * off(BETA_0), BY_SUPPORT), J, [*ADD, *COVERED], FALSE),
        ("where all is possible", ratio(J * off(BETA_0), BY_SUPPORT), J, [*ADD, *ALL], TRUE),
        ("beside a letter", ratio(off(BETA_0), BY_SUPPORT) * f(s), f(s), COVERED, FALSE),
        ("on both sides", ratio(J, BY_SUPPORT) + ratio(J, BY_SUPPORT), ratio(2 * J, BY_SUPPORT), [*ADD, *COVERED],
         TRUE)),
    *claims(
        "second gradient without end",
        ("of a value", total(s, mu(s) * grad(grad(V(s)))), grad(grad(J)), [*END, *PP], TRUE),
        ("of a value is a square", total(s, mu(s) * grad(grad(V(s)))), grad(J) ** 2, [*END, *PP], FALSE),
        ("of a value by actions", grad(grad(V(s))), grad(grad(total(a, pi(a | s) * Q(s, a)))), [*END, *PP], TRUE),
        ("of a value is 0", grad(grad(V(s))), 0, [*END, *PP], FALSE)),
]
