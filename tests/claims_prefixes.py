"""Claims with several free letters at several steps, as means given a prefix have, and with logarithms of numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from claims_unfolding import A_, S
from kernel_letters import ADD, ALL, FALSE, NONE, PP, TRUE, Claim, at_sizes, beta, c, claims, e, f, y
from sympy import Expr

from derive import G
from derive.language.assumptions import horizon_at_least, positive
from derive.language.vocabulary import (
    P,
    Q,
    R,
    V,
    a,
    expect,
    gamma,
    grad,
    log,
    mu,
    pi,
    r,
    s,
    same,
    scalar,
    t,
    tau,
    total,
    x,
)

LATER = horizon_at_least(1)
PREFIX = (same(S[0], s), same(A_[0], a), same(S[1], x), same(A_[1], e))
KNOWN = [*ADD, *ALL, LATER]
FIRST: dict[str, Any] = {"first": 1, **at_sizes((1, 2, 1), (2, 2, 1), (2, 2, 2))}
alpha, kappa = scalar("alpha"), scalar("kappa")


def within(body: Expr, *events: Expr) -> Expr:
    """E[f 1{...}]."""
    result = body
    for one in events:
        result = one * result
    return expect(tau, result)


PREFIXES: list[Claim] = claims(
    "prefix",
    ("given two pairs", expect(tau, R(tau), given=list(PREFIX)), r(s, a, x) + gamma * Q[1](x, e), KNOWN, TRUE, FIRST),
    ("given two pairs, of the first pair", expect(tau, R(tau), given=list(PREFIX)), Q[0](s, a), KNOWN, FALSE, FIRST),
    ("given two pairs, of the state", expect(tau, R(tau), given=list(PREFIX)), r(s, a, x) + gamma * V[1](x), KNOWN,
     FALSE, FIRST),
    ("of events", within(R(tau), *PREFIX), within(r(s, a, x) + gamma * Q[1](x, e), *PREFIX), [*ADD, LATER], TRUE,
     FIRST),
    ("of events, of another action", within(R(tau), *PREFIX), within(r(s, a, x) + gamma * Q[1](x, a), *PREFIX),
     [*ADD, LATER], FALSE, FIRST),
    ("the probability of two pairs", within(1, *PREFIX), mu(s) * pi(a | s) * P(x | s, a) * pi(e | x), [LATER], TRUE,
     FIRST),
    ("the probability of two pairs, turned", within(1, *PREFIX), mu(s) * pi(e | s) * P(x | s, a) * pi(a | x), [LATER],
     FALSE, FIRST),
    ("three states", expect(tau, G[t](tau), given=[same(S[t], s), same(A_[t], a), same(S[t + 1], x)]),
     r(s, a, x) + gamma * V[t + 1](x), [*ADD, *ALL], TRUE),
    ("three states, of the first", expect(tau, G[t](tau), given=[same(S[t], s), same(A_[t], a), same(S[t + 1], x)]),
     r(s, a, x) + gamma * V[t + 1](s), [*ADD, *ALL], FALSE),
    ("two letters of one function each", f(s) * c(x), c(x) * f(s), NONE, TRUE),
    ("two letters, exchanged", f(s) * c(x), c(s) * f(x), NONE, FALSE),
    ("two letters, one of which adds up", total(a, pi(a | s) * P(x | s, a)), total(a, beta(a | s) * P(x | s, a)), NONE,
     FALSE),
    ("a mean of two letters, exchanged", within(1, same(S[0], s), same(S[1], x)),
     within(1, same(S[0], x), same(S[1], s)), NONE, FALSE),
    ("three letters of a sum", total(y, P(y | s, a) * P(x | y, a)), total(y, P(x | y, a) * P(y | s, a)), NONE, TRUE),
    ("three letters of a sum, another action", total(y, P(y | s, a) * P(x | y, e)), total(y, P(y | s, e) * P(x | y, a)),
     NONE, FALSE),
)

LOGARITHMS: list[Claim] = claims(
    "logarithm of a number",
    ("a power", log(12), 2 * log(2) + log(3), NONE, TRUE),
    ("another prime", log(6), log(2) + log(5), NONE, FALSE),
    ("a square is its root", log(4), log(2), NONE, FALSE),
    ("of a quotient", log(Fraction(1, 2)), -log(2), NONE, TRUE),
    ("of a quotient, its reciprocal", log(Fraction(3, 2)), log(2) + log(3), NONE, FALSE),
    ("beside a policy", log(pi(a | s) / 6), log(pi(a | s)) - log(2) - log(3), PP, TRUE),
    ("beside a policy, one for another", log(pi(a | s) / 6), log(pi(a | s)) - 2 * log(2), PP, FALSE),
    ("in a mean", expect(tau, log(3 * pi(A_[0] | S[0])) * R(tau)),
     expect(tau, log(pi(A_[0] | S[0])) * R(tau)) + log(3) * expect(tau, R(tau)), PP, TRUE),
    ("in a mean, without the return", expect(tau, log(3 * pi(A_[0] | S[0])) * R(tau)),
     expect(tau, log(pi(A_[0] | S[0])) * R(tau)) + log(3), PP, FALSE),
    ("does not move", grad(log(7 * pi(a | s))), grad(log(pi(a | s))), PP, TRUE),
    ("moves", grad(log(7 * pi(a | s))), log(7) * grad(log(pi(a | s))), PP, FALSE),
    ("without a value", log(alpha**2 * kappa), 2 * log(alpha) + log(kappa), [positive(alpha), positive(kappa)], TRUE),
    ("without a value, of another", log(alpha**2 * kappa), 3 * log(alpha), [positive(alpha), positive(kappa)], FALSE),
    ("of a sum that is 1", log(total(a, pi(a | s))), 0, PP, TRUE),
    ("of a sum that is 2", log(total(a, 2 * pi(a | s))), log(2), PP, TRUE),
    ("of a sum that is 2, as if 1", log(total(a, 2 * pi(a | s))), 0, PP, FALSE),
)
