"""Each reward is corrected by the ratio of its own step only, without a last decision. False.

    J(θ) = Σ_{t=0..∞} γ^t E_{τ~P(·;β)}[(π_θ(a_t|s_t)/β(a_t|s_t)) r(s_t, a_t, s_{t+1})]

The state s_t was reached by the other policy too: off-policy actor-critic methods accept this
bias.
"""

from derive import (
    J,
    Policy,
    Refuted,
    additive_return,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
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


@theorem("one ratio only, without a last decision", assumes=[additive_return, discount_below_one, policy_positive])
def one_ratio_only_infinite():
    importance = ratio(pi(tau.a[t] | tau.s[t]), beta(tau.a[t] | tau.s[t]))
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    return calc(
        J,
        by("importance sampling", expect=Refuted),
        total(t, gamma**t * expect(tau, importance * reward, policy=beta), stop=forever),
    )
