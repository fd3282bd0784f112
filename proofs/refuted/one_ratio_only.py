"""Each reward is corrected by the ratio of its own step only. False.

    J(θ) = E_{τ~P(·;β)}[Σ_{t=0..H} γ^t (π_θ(a_t|s_t)/β(a_t|s_t)) r(s_t, a_t, s_{t+1})]

The state s_t was reached by the other policy too. All ratios up to t are needed. In a bandit
the line is true.
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
    pi,
    policy_positive,
    r,
    ratio,
    t,
    tau,
    theorem,
    total,
)

beta = Policy("beta")


@theorem("one ratio only", assumes=[additive_return, policy_positive])
def one_ratio_only():
    importance = ratio(pi(tau.a[t] | tau.s[t]), beta(tau.a[t] | tau.s[t]))
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    return calc(
        J,
        by("importance sampling", expect=Refuted),
        expect(tau, total(t, gamma**t * importance * reward), policy=beta),
    )
