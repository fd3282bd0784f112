"""Per-decision importance sampling.

    J(θ) = E_{τ~P(·;β)}[Σ_{t=0..H} γ^t (Π_{k=0..t} (π_θ(a_k|s_k)/β(a_k|s_k))) r(s_t, a_t, s_{t+1})]

Why it matters: a reward depends on no later action, so the later ratios, which only add
variance, may be left out.

Outline
    1. Importance sampling of trajectories, in the form of a product of ratios.
    2. The ratios after a reward have mean 1.

Source: D. Precup, R. S. Sutton, S. Singh, "Eligibility traces for off-policy policy
evaluation" (2000), theorem 1.
"""

from derive import (
    J,
    Policy,
    additive_return,
    automata,
    by,
    calc,
    covers,
    expect,
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


@theorem("per-decision importance sampling", assumes=[additive_return, covers(beta, pi)])
def per_decision_importance_sampling():
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    importance = ratio(pi(tau.a[k] | tau.s[k]), beta(tau.a[k] | tau.s[k]))
    return calc(
        J,
        by(automata),
        expect(tau, prod(k, importance) * total(t, gamma**t * reward), policy=beta),
        by(automata),
        expect(tau, total(t, gamma**t * prod(k, importance, stop=t) * reward), policy=beta),
    )
