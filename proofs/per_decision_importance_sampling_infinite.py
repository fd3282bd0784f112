"""Per-decision importance sampling, without a last decision.

    J(θ) = Σ_{t=0..∞} γ^t E_{τ~P(·;β)}[(Π_{k=0..t} (π_θ(a_k|s_k)/β(a_k|s_k))) r(s_t, a_t, s_{t+1})]

Why it matters: the product of all ratios has no meaning here; those up to the reward have.

Outline
    1. Decided as a whole, with the sums shown to converge.

Source: D. Precup, R. S. Sutton, S. Singh, "Eligibility traces for off-policy policy
evaluation" (2000).
"""

from derive import (
    J,
    Policy,
    additive_return,
    automata,
    by,
    calc,
    covers,
    discount_below_one,
    expect,
    forever,
    gamma,
    k,
    pi,
    prod,
    r,
    ratio,
    t,
    tau,
    theorem,
    total,
)

beta = Policy("beta")


@theorem("per-decision importance sampling, without a last decision",
         assumes=[additive_return, discount_below_one, covers(beta, pi)])
def per_decision_importance_sampling_infinite():
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    importance = prod(k, ratio(pi(tau.a[k] | tau.s[k]), beta(tau.a[k] | tau.s[k])), stop=t)
    return calc(
        J,
        by(automata),
        total(t, gamma**t * expect(tau, importance * reward, policy=beta), stop=forever),
    )
