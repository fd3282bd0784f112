"""Generalised advantage estimation is unbiased for every λ, if the critic is exact.

    E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) Σ_{k=t..H} (γ λ)^{k-t} δ_k(τ)] = E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) A_t(s_t, a_t)]

Why it matters: λ trades variance for the bias of an inexact critic. With the exact one there
is no bias to trade.

Outline
    1. Every TD error after the first has mean 0, given s_t and a_t, whatever its weight.

Source: J. Schulman, P. Moritz, S. Levine, M. Jordan, P. Abbeel, "High-dimensional continuous
control using generalized advantage estimation" (2016), section 3.
"""

from derive import (
    A,
    additive_return,
    automata,
    by,
    calc,
    delta,
    expect,
    gamma,
    grad,
    k,
    log,
    pi,
    scalar,
    t,
    tau,
    theorem,
    total,
)

lam = scalar("lambda")


@theorem("generalised advantage estimation", assumes=[additive_return])
def generalised_advantage():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        expect(tau, score * total(k, (gamma * lam) ** (k - t) * delta[k](tau), start=t)),
        by(automata),
        expect(tau, score * A[t](tau.s[t], tau.a[t])),
    )
