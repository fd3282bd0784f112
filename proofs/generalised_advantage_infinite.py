"""Generalised advantage estimation, without a last decision.

    Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) Σ_{k=t..∞} (γ λ)^{k-t} δ_k(τ)] = ∇J(θ)

Why it matters: this is the estimate as printed, with a sum that does not end.

Outline
    1. Every TD error after the first has mean 0, given s_t and a_t, whatever its weight.

Source: J. Schulman, P. Moritz, S. Levine, M. Jordan, P. Abbeel, "High-dimensional continuous
control using generalized advantage estimation" (2016), equation 16.
"""

from derive import (
    A,
    J,
    additive_return,
    automata,
    between_0_and_1,
    by,
    calc,
    delta,
    discount_below_one,
    expect,
    forever,
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


@theorem("generalised advantage estimation, without a last decision",
         assumes=[additive_return, discount_below_one, between_0_and_1(lam)])
def generalised_advantage_infinite():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    estimate = total(k, (gamma * lam) ** (k - t) * delta[k](tau), start=t, stop=forever)
    return calc(
        total(t, gamma**t * expect(tau, score * estimate), stop=forever),
        by(automata),
        total(t, gamma**t * expect(tau, score * A(tau.s[t], tau.a[t])), stop=forever),
        by(automata),
        grad(J),
    )
