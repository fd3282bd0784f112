"""The product of ratios stops one step before the reward. False.

    J(θ) = E_{τ~P(·;β)}[Σ_{t=0..H} γ^t (Π_{k=0..t-1} (π_θ(a_k|s_k)/β(a_k|s_k))) r(s_t, a_t, s_{t+1})]

The reward r(s_t, a_t, s_{t+1}) depends on a_t, whose ratio is needed as well.
"""

from derive import (
    J,
    Policy,
    Refuted,
    additive_return,
    by,
    calc,
    expect,
    gamma,
    k,
    pi,
    policy_positive,
    prod,
    r,
    ratio,
    t,
    tau,
    theorem,
    total,
)

beta = Policy("beta")


@theorem("the last ratio is dropped", assumes=[additive_return, policy_positive])
def last_ratio_dropped():
    importance = prod(k, ratio(pi(tau.a[k] | tau.s[k]), beta(tau.a[k] | tau.s[k])), stop=t - 1)
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    return calc(
        J,
        by("per-decision importance sampling", expect=Refuted),
        expect(tau, total(t, gamma**t * importance * reward), policy=beta),
    )
