"""Claims with a sum over trajectories as a constant inside another, finite and without end: ``Path.constant``."""

from __future__ import annotations

from typing import Any

from claims_unfolding import A_, S, mean, off
from kernel_letters import (
    ADD,
    ALL,
    DIVERGENT,
    END,
    FALSE,
    NONE,
    PP,
    TRUE,
    Claim,
    at_sizes,
    b,
    beta,
    claims,
    discounted,
    f,
    pair,
    q,
    reward,
    rho,
    score,
)
from sympy import Expr

from derive.language.assumptions import covers
from derive.language.terms import Trajectory
from derive.language.vocabulary import (
    A,
    J,
    Q,
    R,
    V,
    a,
    expect,
    forever,
    gamma,
    grad,
    k,
    pi,
    pi_old,
    prod,
    ratio,
    s,
    same,
    t,
    tau,
    total,
)

OTHER = Trajectory("rho")
HELD = ratio(pi(A_[0] | S[0]), pi_old(A_[0] | S[0]))
GROWING = mean(total(k, reward(k), stop=forever))


COVERED = [covers(beta, pi)]
RATIOS = prod(t, rho(t))
GIVEN = mean(same(S[t], s))
REWARDS = total(k, gamma ** (k - t) * reward(k), start=t, stop=forever)


def held(body: Any) -> Expr:
    return expect(tau, body, policy=pi_old)


def of_critics(weight: Any = 1, *, to: Any = forever) -> Expr:
    """Sum over t of gamma^t score (Q - J), the critic times a weight."""
    critic = Q(S[t], A_[t]) if to is forever else Q[t](S[t], A_[t])
    return mean(total(t, gamma**t * score(t) * (critic * weight - J), stop=to))


CONSTANTS: list[Claim] = [
    *claims(
        "constant without end",
        ("beside rewards", mean(total(t, discounted(t) * J, stop=forever)), J**2, END, TRUE),
        ("beside rewards, once", mean(total(t, discounted(t) * J, stop=forever)), J, END, FALSE),
        ("as a baseline", of_critics(), grad(J), END, TRUE),
        ("as a baseline, and a factor", of_critics(1 + J), grad(J), END, FALSE),
        ("under a gradient", grad(mean(total(t, discounted(t) * J, stop=forever))), 2 * J * grad(J), END, TRUE),
        ("under a gradient, as if it stood still", grad(mean(total(t, discounted(t) * J, stop=forever))), J * grad(J),
         END, FALSE),
        ("in a variance", mean((V(S[0]) - J)**2), mean(V(S[0])**2) - J**2, END, TRUE),
        ("in a variance, its sign", mean((V(S[0]) - J)**2), mean(V(S[0])**2) + J**2, END, FALSE),
        ("of another policy", mean(total(t, discounted(t) * off(f(S[0]) * b(S[2])), stop=forever)),
         J * off(f(S[0]) * b(S[2])), END, TRUE),
        ("of another policy, as if of this", mean(total(t, discounted(t) * off(b(S[2])), stop=forever)),
         J * mean(b(S[2])), END, FALSE),
        ("that does not converge", mean(total(t, discounted(t) * (GROWING - GROWING), stop=forever)), 0, END, DIVERGENT,
         {"part": GROWING}),
        ("that is 0, beside what does not converge alone", mean(total(t, reward(t) * (J - J), stop=forever)), 0, END,
         TRUE),
        ("that knows the time", mean(total(t, gamma**t * f(S[t]) * expect(OTHER, b(OTHER.s[t])), stop=forever)),
         mean(total(t, gamma**t * f(S[t]), stop=forever)) * mean(b(S[0])), END, FALSE),
        ("beside a sum over actions", total(a, pi(a | s) * (Q(s, a) + 3 * J)) - V(s), 3 * J, END, TRUE),
        ("beside a sum over actions, twice", total(a, pi(a | s) * (Q(s, a) + 3 * J)) - V(s), 6 * J, END, FALSE),
        ("beside a mean over states", mean(total(t, gamma**t * A(S[t], A_[t]) * J, stop=forever)), 0, END, TRUE),
        ("beside a mean over states of beta", off(total(t, gamma**t * A(S[t], A_[t]) * J, stop=forever)), 0, END,
         FALSE),
    ),
    *claims(
        "constant",
        ("as a baseline beside values", of_critics(to=None), grad(J), ADD, TRUE),
        ("as a baseline beside values, and a factor", of_critics(1 + J, to=None), grad(J), ADD, FALSE),
        ("beside a sum in a sum", mean(total(t, f(S[t]) * total(k, b(S[k]) * mean(total(k, q(S[k], A_[k])))))),
         mean(total(t, f(S[t]) * total(k, b(S[k])))) * mean(total(k, pair(k))), NONE, TRUE),
        ("beside a sum in a sum, another", mean(total(t, f(S[t]) * total(k, b(S[k]) * mean(total(k, q(S[k], A_[k])))))),
         mean(total(t, f(S[t]) * total(k, b(S[k])))) * mean(total(t, f(S[t]))), NONE, FALSE),
        ("beside a sum over a time of its own name", mean(total(t, f(S[t]) * mean(total(t, b(S[t]))) + total(
            k, b(S[k]), start=t))), mean(total(t, total(k, b(S[k]), start=t))) + mean(total(t, f(S[t]))) * mean(
                total(t, b(S[t]))), NONE, TRUE),
        ("beside a sum over a time of its own name, from the first on", mean(total(t, f(S[t]) * mean(total(
            t, b(S[t]))) + total(k, b(S[k]), start=t))), mean(total(t, total(k, b(S[k])))) + mean(total(
                t, f(S[t]))) * mean(total(t, b(S[t]))), NONE, FALSE),
    ),
    *claims(
        "twice differentiated",
        ("a mean of ratios in another", grad(grad(off(held(HELD)))), 0, PP, TRUE),
        ("a mean of ratios in another, and a function", grad(grad(off(held(HELD * pair(0))))), 0, PP, FALSE),
        ("a mean of ratios in another, once", grad(off(held(HELD))), 0, NONE, TRUE),
    ),
    *claims(
        "a quotient at a time without end",
        ("a value is what follows its state", V(s), ratio(mean(same(S[t], s) * REWARDS), GIVEN), [*END, *ALL], TRUE),
        ("a value is what follows the state after", V(s), ratio(mean(same(S[t + 1], s) * REWARDS), mean(
            same(S[t + 1], s))), [*END, *ALL], FALSE),
        ("a value is what it is times how often", V(s), mean(same(S[t], s) * REWARDS), [*END, *ALL], FALSE),
        ("a quotient on the wrong side", ratio(mean(same(S[t], s) * REWARDS), GIVEN), V(s) * GIVEN, [*END, *ALL],
         FALSE),
        ("a quotient on the other side", ratio(mean(same(S[t], s) * REWARDS), GIVEN), V(s), [*END, *ALL], TRUE),
        ("two quotients", ratio(mean(same(S[t], s) * f(S[t])), GIVEN), ratio(f(s) * GIVEN, GIVEN), [*END, *ALL], TRUE),
        ("two quotients, of other states", ratio(mean(same(S[t], s) * f(S[t + 1])), GIVEN), ratio(f(s) * GIVEN, GIVEN),
         [*END, *ALL], FALSE),
    ),
    *claims(
        "a law is 1",
        ("beside a mean", mean(HELD) * J, J, PP, TRUE),
        ("beside a mean, and a function", mean(HELD * f(S[0])) * J, J, PP, FALSE),
        ("beside a mean, of every first state", total(s, f(s)) * J, J, PP, FALSE, at_sizes((2, 1, 0))),
        ("inside of a mean", mean(HELD * (R(tau) - J)), 0, PP, TRUE),
        ("inside of a mean, a sign", mean(HELD * (R(tau) + J)), 0, PP, FALSE),
        ("beside a product", mean(HELD) * J * mean(f(S[0])), J * mean(f(S[0])), ALL, TRUE),
        ("of ratios, beside a mean", off(rho(0)) * J, J, COVERED, TRUE),
        ("of ratios and a function, beside a mean", off(rho(0) * f(S[0])) * J, J, COVERED, FALSE),
        ("of ratios, that a mean is divided by", ratio(off(RATIOS * R(tau)), off(RATIOS)), J, PP, TRUE),
        ("of ratios, that are divided by one", ratio(off(RATIOS * R(tau)), off(rho(0) * rho(0))), J, PP, FALSE),
        ("beside a product, squared", mean(HELD * f(S[0])) * J * mean(f(S[0])), J * mean(f(S[0])), ALL, FALSE),
    ),
]

AT_SMOOTH_ZEROS: list[Claim] = claims(
    "twice differentiated",
    ("a mean of ratios in another, where pi may be 0", grad(grad(off(held(HELD)))), 0, NONE, FALSE),
    ("a mean of ratios beside a function", grad(grad(off(f(S[0]) * held(HELD)))), 0, NONE, FALSE),
    ("a mean of ratios to beta", grad(grad(off(off(rho(0))))), 0, COVERED, FALSE),
    ("a mean of ratios beside a state", grad(grad(off(same(S[0], s) * held(HELD)))), 0, NONE, FALSE))
"""False at pi = (theta^2, 1 - theta^2) and theta = 0: the sum over the possible actions is 1 - theta^2 near there."""
