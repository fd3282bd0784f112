"""The performance difference is taken over the states of the old policy. False.

    J(θ) - E_{τ~P(·;β)}[R(τ)] = E_{τ~P(·;β)}[Σ_{t=0..H} γ^t (π_θ(a_t|s_t)/β(a_t|s_t)) A_t^β(s_t, a_t)]

This is the local approximation that trust-region methods start from, true to first order only.
The states must be those of the new policy.
"""

from derive import (
    A,
    J,
    Policy,
    R,
    Refuted,
    additive_return,
    by,
    calc,
    covers,
    expect,
    gamma,
    pi,
    ratio,
    t,
    tau,
    theorem,
    total,
)

beta = Policy("beta")


@theorem("the performance difference in the old states", assumes=[additive_return, covers(beta, pi)])
def performance_difference_in_old_states():
    importance = ratio(pi(tau.a[t] | tau.s[t]), beta(tau.a[t] | tau.s[t]))
    advantage = A[t](tau.s[t], tau.a[t], policy=beta)
    return calc(
        J - expect(tau, R(tau), policy=beta),
        by("the performance difference lemma", expect=Refuted),
        expect(tau, total(t, gamma**t * importance * advantage), policy=beta),
    )
