"""Claims with every construct that may stand inside a sum over trajectories, each beside twice its right side."""

from __future__ import annotations

from typing import Any

from kernel_letters import ADD, ALL, FALSE, NONE, TRUE, Claim, b, claims, h, reward
from sympy import Expr

from derive.language.assumptions import iid_samples
from derive.language.expression import Plus, as_term
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    expect,
    gamma,
    i,
    k,
    log,
    m,
    mu,
    pi,
    prod,
    ratio,
    samples,
    t,
    tau,
    total,
)

law, choice = P(tau), pi(tau.a[t] | tau.s[t])


def mean(body: Any) -> Expr:
    return expect(tau, body)


def step(at: Any) -> Expr:
    return h(tau.s[at], tau.a[at], tau.s[at + 1])


TAKEN: list[tuple[str, Any, Any, Any]] = [
    ("m inside", mean(m * reward(0)), m * mean(reward(0)), NONE),
    ("gamma inside", mean(gamma * reward(0)), gamma * mean(reward(0)), NONE),
    ("gamma to H", mean(gamma**H), gamma**H * 1, NONE),
    ("a function of the step", mean(total(t, 2 * step(t))), 2 * mean(total(k, step(k))), NONE),
    ("a power in a product", total(tau, law * ratio(prod(t, choice**2), prod(t, choice) * prod(
        k, pi(tau.a[k] | tau.s[k])))), total(tau, law), ALL),
    ("one in a product", total(tau, law * prod(t, 1 * choice)), total(tau, law * prod(t, choice)), NONE),
    ("over a number", mean(ratio(reward(0), 2)), ratio(mean(reward(0)), 2), NONE),
    ("over m", mean(ratio(reward(0), m)), ratio(mean(reward(0)), m), NONE),
    ("over a product", total(tau, law * law * ratio(reward(0), 2 * m * law)), ratio(mean(reward(0)), 2 * m), ALL),
    ("over mu", total(tau, law * ratio(mu(tau.s[0]), mu(tau.s[0])) * reward(0)), mean(reward(0)), ALL),
    ("log of one", mean(log(mu(tau.s[0]) * 1)), mean(log(mu(tau.s[0]))), ALL),
    ("log of a ratio", mean(log(ratio(law, mu(tau.s[0])))), mean(log(law)) - mean(log(mu(tau.s[0]))), ALL),
    ("a weighted sample mean", expect(samples, ratio(total(i, R(samples[i])), 2 * m)), ratio(J, 2),
     [*ADD, iid_samples]),
    ("the last state", mean(b(tau.s[H + 1])), mean(b(tau.s[H + 1]) * 1), NONE),
    ("the last step", mean(total(t, reward(t), start=H)), mean(reward(H)), NONE),
    ("a product up to a time", total(tau, law * total(t, prod(k, pi(tau.a[k] | tau.s[k]), stop=t) * 2)),
     2 * total(tau, law * total(t, prod(k, pi(tau.a[k] | tau.s[k]), stop=t))), NONE),
]

FRAGMENT: list[Claim] = claims(
    "fragment", *((name, before, after, assumes, TRUE) for name, before, after, assumes in TAKEN), *(
        (f"{name}, twice", before, Plus(*[as_term(after)] * 2), assumes, FALSE)
        for name, before, after, assumes in TAKEN))
