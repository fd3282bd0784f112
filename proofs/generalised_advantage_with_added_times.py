"""The policy gradient with generalised advantage estimates, in the letters of their paper.

    E_{τ~P(·;θ)}[Σ_{t=0..∞} γ^t ∇log π_θ(a_t|s_t) Σ_{k=0..∞} (γ λ)^k δ_{t+k}(τ)] = ∇J(θ)

Why it matters: programs add up the TD errors of the steps after t, each with (γλ) to
the number of steps. With the exact values the gradient is not biased by it, whatever λ
is.

Outline
    1. The TD errors after the first have mean 0 beside the score.
    2. The first has the mean of the advantage, which gives the policy gradient.

Source: J. Schulman et al., "High-dimensional continuous control using generalized
advantage estimation" (2016), equation 16.
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


@theorem("generalised advantages with added times",
         assumes=[additive_return, discount_below_one, between_0_and_1(lam)])
def generalised_advantage_with_added_times():
    score = grad(log(pi(tau.a[t] | tau.s[t])))

    errors = total(k, (gamma * lam) ** k * delta[t + k](tau), stop=forever)
    return calc(
        expect(tau, total(t, gamma**t * score * errors, stop=forever)),
        by(automata),
        expect(tau, total(t, gamma**t * score * A(tau.s[t], tau.a[t]), stop=forever)),
        by(automata),
        grad(J),
    )
