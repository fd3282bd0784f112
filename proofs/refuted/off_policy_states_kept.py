"""The gradient is sampled in the states of another policy, with one ratio. False.

    ∇J(θ) = Σ_{t=0..∞} γ^t E_{τ~P(·;β)}[(π_θ(a_t|s_t)/β(a_t|s_t)) ∇log π_θ(a_t|s_t) Q(s_t, a_t)]

The occupancy of β is not that of π. Off-policy actor-critic ascends another objective, the mean
of V under the states of β, and only to first approximation.
"""

from derive import (
    J,
    Policy,
    Q,
    Refuted,
    additive_return,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    gamma,
    grad,
    log,
    pi,
    policy_positive,
    ratio,
    t,
    tau,
    theorem,
    total,
)

beta = Policy("beta")


@theorem("the states of another policy are kept", assumes=[additive_return, discount_below_one, policy_positive])
def off_policy_states_kept():
    importance = ratio(pi(tau.a[t] | tau.s[t]), beta(tau.a[t] | tau.s[t]))
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(J),
        by("importance sampling", expect=Refuted),
        total(t, gamma**t * expect(tau, importance * score * Q(tau.s[t], tau.a[t]), policy=beta), stop=forever),
    )
