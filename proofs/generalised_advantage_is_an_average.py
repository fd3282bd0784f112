"""Generalised advantage estimation is an average of advantages of n steps.

    E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) Σ_{t=0..∞} (1 - λ) λ^t Σ_{k=0..t} γ^k δ_k(τ)] = E_{τ~P(·;θ)}[∇log
        π_θ(a_0|s_0) Σ_{t=0..∞} (γ λ)^t δ_t(τ)]

Why it matters: this is where the weights (γ λ)^k come from: the advantage of n + 1 steps is a sum of n + 1 TD
errors, and an average with the weights (1 - λ) λ^n leaves each TD error with the weight λ^k. It holds for
the TD errors of any critic; here they are those of the values. Below λ = 1 only: the weights add up to 1.

Outline
    1. The TD error at k stands in all averages from k on, whose weights add up to λ^k.

Source: J. Schulman, P. Moritz, S. Levine, M. Jordan, P. Abbeel, "High-dimensional continuous
control using generalized advantage estimation" (2016), equation 16.
"""

from derive import (
    Time,
    additive_return,
    automata,
    below_one,
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
    tau,
    theorem,
    total,
)

lam, n = scalar("lambda"), Time("n")


@theorem("generalised advantage estimation is an average",
         assumes=[additive_return, discount_below_one, below_one(lam)])
def generalised_advantage_is_an_average():
    score = grad(log(pi(tau.a[0] | tau.s[0])))
    of_n_steps = total(k, gamma**k * delta[k](tau), stop=n)
    return calc(
        expect(tau, score * total(n, (1 - lam) * lam**n * of_n_steps, stop=forever)),
        by(automata),
        expect(tau, score * total(k, (gamma * lam) ** k * delta[k](tau), stop=forever)),
    )
