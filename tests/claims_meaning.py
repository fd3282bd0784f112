"""Claims about when a term has a meaning, and which: supports, definedness, times that are there, ranks."""

from __future__ import annotations

from typing import Any

from claims_unfolding import A_, S, mean, off
from kernel_letters import (
    ADD,
    ALL,
    DP,
    FALSE,
    IID,
    MALFORMED,
    MP,
    NONE,
    POSS,
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
    rho,
    score,
    y,
)
from sympy import Expr

from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    V,
    a,
    expect,
    gamma,
    grad,
    i,
    k,
    log,
    m,
    mu,
    pi,
    prod,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
)

NONZERO, POSITIVE, EXPONENT = ({"owes": (kind,)} for kind in ("nonzero", "positive", "exponent"))
RATIO = off(rho(0))
BY_PI = mean(ratio(q(S[0], A_[0]), pi(A_[0] | S[0])))
ACTIONS = mean(total(e, q(S[0], e)))
BY_P = mean(ratio(h(S[0], A_[0], S[1]), P(S[1] | S[0], A_[0])))
STATES = mean(total(y, h(S[0], A_[0], y)))
SECOND = mean(f(S[1]))


def every(body: Any) -> Expr:
    """The sum over all trajectories."""
    return total(tau, body)


def off_law(body: Any) -> Expr:
    """The sum over all trajectories with their probabilities under beta."""
    return every(P(tau, policy=beta) * body)


def same(term: Expr) -> tuple[Expr, Expr]:
    return term, term


MEANING: list[Claim] = [
    *claims(
        "support",
        ("a ratio where beta may be 0", RATIO, 1, NONE, FALSE),
        ("a ratio where beta is not 0", RATIO, 1, PP, TRUE),
        ("a ratio where mu and P are not 0", RATIO, 1, [*MP, *DP], FALSE),
        ("a ratio of pi to pi", mean(ratio(pi(A_[0] | S[0]), pi(A_[0] | S[0]))), 1, NONE, TRUE),
        ("a ratio the other way", mean(ratio(beta(A_[0] | S[0]), pi(A_[0] | S[0]))), 1, NONE, FALSE),
        ("a ratio of logarithm", mean(score(0) * f(S[0])), 0, NONE, TRUE),
        ("a reciprocal of pi where it is not 0", BY_PI, ACTIONS, PP, TRUE),
        ("a reciprocal of pi where it may be 0", BY_PI, ACTIONS, [*MP, *DP], FALSE),
        ("a reciprocal of pi counts actions", mean(ratio(1, pi(A_[0] | S[0]))), mean(total(e, 1)), NONE, FALSE),
        ("a reciprocal of P where it is not 0", BY_P, STATES, DP, TRUE),
        ("a reciprocal of P where it may be 0", BY_P, STATES, [*MP, *PP], FALSE),
        ("a reciprocal of beta, all positive", mean(ratio(g(A_[0]), beta(A_[0] | S[0]))), off(ratio(g(A_[0]) * rho(0),
         beta(A_[0] | S[0]))), ALL, TRUE),
        ("a sum over all is a mean", every(P(tau) * pair(0)), mean(pair(0)), NONE, TRUE),
        ("a sum over all of another law is a mean", off_law(pair(0)), mean(pair(0)), NONE, FALSE),
        ("a sum over all of another law is its mean", off_law(pair(0)), off(pair(0)), NONE, TRUE),
        ("a law beside a function in one product is 1", every(mu(S[0]) * prod(t, P(S[t + 1] | S[t], A_[t]) * pi(
            A_[t] | S[t]) * f(S[t]))), 1, NONE, FALSE),
        ("a law in one product is 1", every(mu(S[0]) * prod(t, P(S[t + 1] | S[t], A_[t]) * pi(A_[t] | S[t]))), 1, NONE,
         TRUE),
        ("a law from one on is 1", every(mu(S[0]) * prod(t, P(S[t + 1] | S[t], A_[t]) * pi(A_[t] | S[t]), start=1)), 1,
         NONE, FALSE),
        ("a law with mu squared is 1", every(mu(S[0]) * P(tau)), 1, NONE, FALSE),
        ("a law without mu is 1", every(prod(t, P(S[t + 1] | S[t], A_[t]) * pi(A_[t] | S[t]))), 1, NONE, FALSE),
        ("a law of a square is 1", every(mu(S[0]) * prod(t, P(S[t + 1] | S[t], A_[t]) * pi(A_[t] | S[t])) ** 2), 1,
         NONE, FALSE),
        ("a sum over the possible is a mean", every(P(tau) * pair(0)), mean(pair(0)), POSS, TRUE),
        ("another law over the possible is 1", every(P(tau, policy=beta)), 1, POSS, FALSE),
        ("another law over all is 1", every(P(tau, policy=beta)), 1, NONE, TRUE),
        ("the law over the possible is 1", every(P(tau)), 1, POSS, TRUE),
        ("a sum over the possible of another law is its mean", off_law(pair(0)), off(pair(0)), POSS, FALSE),
        ("a sum over the possible of another law, at a later time", off_law(pair(2)), off(pair(2)), POSS, FALSE,
         at_sizes((1, 2, 2))),
        ("a sum over the possible of another law, of pi that is not 0", off_law(pair(0)), off(pair(0)), [*POSS, *PP],
         TRUE),
        ("a sum over the possible of another law, of P and mu that are not 0", off_law(pair(0)), off(pair(0)),
         [*POSS, *MP, *DP], FALSE),
        ("a derivative keeps the support", grad(every(P(tau) * pair(0))), every(grad(P(tau)) * pair(0)), POSS, TRUE),
        ("a second derivative of a mean", grad(grad(mean(pair(0)))), every(grad(grad(P(tau))) * pair(0)), NONE, TRUE,
         at_sizes((1, 2, 0), (1, 2, 1))),
        ("a second derivative of the return, everywhere", grad(grad(J)), every(grad(grad(P(tau))) * R(tau)), NONE, TRUE,
         at_sizes((1, 2, 0), (1, 2, 1))),
        ("a second derivative, once", grad(grad(mean(pair(0)))), 2 * every(grad(grad(P(tau))) * pair(0)), NONE, FALSE,
         at_sizes((1, 2, 0), (1, 2, 1))),
        ("a derivative as scores", every(grad(P(tau)) * pair(0)), every(P(tau) * pair(0) * total(t, score(t))), POSS,
         TRUE),
        ("a derivative over all as scores of the possible", every(grad(P(tau)) * pair(0)), mean(pair(0) * total(
            t, score(t))), NONE, TRUE),
        ("a mean in a mean", mean(SECOND * c(S[0])), SECOND * mean(c(S[0])), NONE, TRUE, at_sizes((2, 1, 0), (
            2, 2, 0))),
        ("a ratio in a mean in a mean", mean(RATIO * c(S[0])), mean(c(S[0])), NONE, FALSE),
        ("a ratio beside a function in a mean in a mean", mean(off(rho(0) * f(S[0])) * c(S[0])), mean(f(S[0])) * mean(
            c(S[0])), NONE, FALSE),
        ("a ratio in a square", RATIO**2, 1, NONE, FALSE),
        ("a ratio at a free time", off(rho(t) * f(S[t])), off(f(S[t])), NONE, FALSE),
        ("a ratio at a free time, positive", off(rho(t) * f(S[t])), off(f(S[t])), PP, TRUE),
        ("a ratio at the last step", off(rho(H)), 1, NONE, FALSE),
        ("a ratio below a gradient", grad(RATIO), 0, PP, TRUE),
        ("a ratio below a gradient of a sum", grad(off(rho(0) * f(S[1]))), grad(SECOND), PP, TRUE)),
    *claims(
        "definedness",
        ("a quotient by a function", mean(ratio(f(S[0]), f(S[0]))), 1, NONE, UNDEFINED, NONZERO),
        ("a quotient by a mean", ratio(J, J), 1, NONE, UNDEFINED, NONZERO),
        ("a quotient by a mean is a mean", ratio(J, J), J, NONE, FALSE),
        ("a quotient by a mean in a mean is none", mean(ratio(f(S[0]), J)), mean(f(S[0])), NONE, FALSE),
        ("a quotient by a product with a mean is one by it", mean(ratio(f(S[0]), J * c(S[0]))), mean(ratio(
            f(S[0]), c(S[0]))), NONE, FALSE),
        ("a quotient by a probability", ratio(pi(a | s), pi(a | s)), 1, NONE, UNDEFINED, NONZERO),
        ("a quotient by a positive one", ratio(pi(a | s), pi(a | s)), 1, PP, TRUE),
        ("a quotient by a product", ratio(pi(a | s) ** 2, pi(a | s) * beta(a | s)), ratio(pi(a | s), beta(a | s)), NONE,
         UNDEFINED, NONZERO),
        ("a quotient by gamma", gamma * ratio(1, gamma) * J, J, NONE, UNDEFINED, NONZERO),
        ("a quotient by m", ratio(m, m) * J, J, NONE, TRUE),
        ("a quotient by m - 1", ratio(m - 1, m - 1) * J, J, NONE, UNDEFINED, NONZERO),
        ("a quotient by 0", ratio(0, 0) * J, J, NONE, UNDEFINED),
        ("a quotient by 0, of itself", *same(ratio(1, 0) * J), NONE, UNDEFINED, NONZERO),
        ("a quotient by a product with m", *same(ratio(1, m * pi(a | s))), NONE, UNDEFINED, NONZERO),
        ("a quotient by a sum that may be empty", mean(f(S[0])) * ratio(1, total(t, 1, start=1)), mean(f(S[0])) * ratio(
            1, total(t, 1, start=1)), NONE, UNDEFINED, NONZERO),
        ("a logarithm", *same(log(pi(a | s))), NONE, UNDEFINED, POSITIVE),
        ("a logarithm of a positive one", *same(log(pi(a | s))), PP, TRUE),
        ("a logarithm of mu", *same(total(s, log(mu(s)))), PP, UNDEFINED, POSITIVE),
        ("a logarithm of mu that is positive", *same(total(s, log(mu(s)))), MP, TRUE),
        ("a logarithm of P", *same(total(y, log(P(y | s, a)))), PP, UNDEFINED, POSITIVE),
        ("a logarithm of P that is positive", *same(total(y, log(P(y | s, a)))), DP, TRUE),
        ("a logarithm of mu on a trajectory", mean(log(mu(S[0]))), off(log(mu(S[0]))), NONE, TRUE),
        ("a logarithm of P on a trajectory", mean(log(P(S[1] | S[0], A_[0]))), mean(total(t, log(P(
            S[t + 1] | S[t], A_[t])), stop=0)), NONE, TRUE),
        ("a logarithm of beta is that of pi", mean(log(beta(A_[0] | S[0]))), mean(log(pi(A_[0] | S[0]))), PP, FALSE),
        ("a logarithm of beta on a trajectory of pi", mean(log(beta(A_[0] | S[0]))), mean(total(t, log(beta(
            A_[t] | S[t])), stop=0)), NONE, UNDEFINED, POSITIVE),
        ("a logarithm of pi on a trajectory of beta", *same(off(log(pi(A_[0] | S[0])))), NONE, UNDEFINED, POSITIVE),
        ("a logarithm of mu of a later state", *same(mean(log(mu(S[1])))), NONE, UNDEFINED, POSITIVE),
        ("a logarithm of P of another step", *same(mean(log(P(S[0] | S[0], A_[0])))), NONE, UNDEFINED, POSITIVE),
        ("a logarithm of another action", *same(mean(log(pi(A_[0] | S[1])))), NONE, UNDEFINED, POSITIVE),
        ("a logarithm on any trajectory", *same(log(P(tau))), NONE, UNDEFINED, POSITIVE),
        ("a logarithm on a possible one", *same(log(P(tau))), POSS, TRUE),
        ("a logarithm of beta on a possible one", *same(log(P(tau, policy=beta))), POSS, UNDEFINED, POSITIVE),
        ("a gradient of a logarithm", *same(grad(log(pi(a | s)))), NONE, UNDEFINED, POSITIVE),
        ("a score in a sum over all", every(P(tau) * score(0) * pair(0)), every(grad(pi(A_[0] | S[0])) * ratio(
            P(tau), pi(A_[0] | S[0])) * pair(0)), NONE, UNDEFINED, {"owes": ("nonzero", "positive")}),
        ("an exponent at a free time", gamma * gamma ** (t - 1) * mean(f(S[t])), gamma**t * mean(f(S[t])), NONE,
         UNDEFINED, EXPONENT),
        ("an exponent that is a difference", *same(gamma ** (t - k) * mean(f(S[t]))), NONE, UNDEFINED, EXPONENT)),
    *claims(
        "time that is there",
        ("a literal time", *same(mean(pair(9))), NONE, TRUE, {"first": 9, **at_sizes((1, 1, 9))}),
        ("a literal time inside a sum", total(t, mean(score(9) * f(S[9]))), 0, NONE, TRUE, {
            "first": 9, **at_sizes((1, 1, 9))}),
        ("a literal last state", *same(mean(f(S[9]))), NONE, TRUE, {"first": 8, **at_sizes((1, 1, 8))}),
        ("a sum to a literal", *same(mean(total(t, pair(t), stop=9))), NONE, TRUE, {"first": 9, **at_sizes((1, 1, 9))}),
        ("a time from the end", *same(mean(pair(H - 4))), NONE, TRUE, {"first": 4, **at_sizes((1, 1, 4))}),
        ("beyond the last state", *same(mean(f(S[H + 2]))), NONE, MALFORMED),
        ("beyond the last action", *same(mean(pair(H + 1))), NONE, MALFORMED),
        ("before the first state", *same(mean(total(t, f(S[t - 1])))), NONE, MALFORMED),
        ("beyond the last state, in a sum", *same(mean(total(t, f(S[t + 2])))), NONE, MALFORMED),
        ("beyond the last action, at a free time", *same(mean(pair(t + 1))), NONE, MALFORMED),
        ("between free times", *same(mean(total(k, pair(k), start=t - 1, stop=t))), NONE, MALFORMED),
        ("beyond the last value", *same(mean(V[H + 2](S[H + 1]))), ADD, MALFORMED)),
    *claims(
        "rank",
        ("a sum of a gradient and a number", grad(J) + J, J + grad(J), ALL, MALFORMED),
        ("a gradient is a number", grad(J), J, ALL, MALFORMED),
        ("a gradient that is 0 and a number that is 0", mean(score(0)), mean(V[0](S[0])) - J, ADD, MALFORMED),
        ("a quotient by a gradient", *same(ratio(1, grad(J))), ALL, MALFORMED),
        ("a logarithm of a gradient", *same(log(grad(J))), ALL, MALFORMED),
        ("a product of gradients over a time", *same(mean(prod(t, score(t)))), ALL, MALFORMED),
        ("a third derivative", *same(grad(grad(grad(J)))), ALL, MALFORMED),
        ("0 has every rank", mean(score(0)), 0, NONE, TRUE)),
    *claims(
        "symmetry",
        ("of a Hessian", grad(grad(J)), grad(grad(every(P(tau) * R(tau)))), ALL, TRUE, at_sizes((1, 2, 0), (2, 2, 0))),
        ("of a Hessian of a product", grad(grad(J * SECOND)), grad(grad(SECOND * J)), ALL, TRUE, at_sizes((1, 2, 0),
         (2, 1, 0))),
        ("of a square", grad(J) ** 2, mean(total(t, score(t)) * R(tau)) ** 2, ALL, TRUE, at_sizes((1, 2, 0), (
            2, 2, 0)))),
]

ASYMMETRIC: list[Claim] = claims(
    "symmetry",
    ("of a product of gradients", grad(J) * grad(SECOND), grad(SECOND) * grad(J), ALL, FALSE),
    ("of gradients of products", grad(J * grad(SECOND)) - J * grad(grad(SECOND)),
     grad(SECOND * grad(J)) - SECOND * grad(grad(J)), ALL, FALSE),
    ("of multiples of gradients", J * grad(J) * grad(SECOND), grad(SECOND) * grad(J) * J, ALL, FALSE),
    ("of a product of local gradients", grad(pi(a | s)) * grad(pi(e | s)), grad(pi(e | s)) * grad(pi(a | s)), ALL,
     FALSE))
"""Two matrices that are each other's transposes: equal as quadratic forms, so that one direction sees no difference."""

UNSEEN: list[Claim] = claims(
    "what no model shows",
    ("the derivative of a number of actions", *same(grad(mean(ratio(1, pi(A_[0] | S[0]))))), NONE, UNDEFINED,
     {"owes": ("support",)}),
    ("the derivative of a mean of scores", *same(grad(mean(score(0) * g(A_[0])))), NONE, UNDEFINED,
     {"owes": ("support",)}),
    ("the second derivative of a sum over the possible", *same(grad(grad(every(P(tau) * pair(0))))), POSS, UNDEFINED,
     {"owes": ("support",)}),
    ("the derivative of a mean over samples of reciprocals", *same(grad(expect(samples, ratio(1, P(samples[1]))))), IID,
     UNDEFINED, {"owes": ("support",)}),
    ("a mean over samples of no law", expect(samples, R(samples[i])), J, NONE, UNDEFINED, {"owes": ("law",)}))
"""Without a value for another reason than a division by 0: pi = (theta^2, 1 - theta^2) at 0 has one possible action
and two beside it, so that E[1/pi] jumps there; at second order a positive policy is asked for; and samples have the law
that is declared."""
