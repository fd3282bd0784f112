"""The advantage in the surrogate is not held fixed. False.

    ∇Σ_{t=0..∞} γ^t E_{τ~P(·;π_{old})}[(π_θ(a_t|s_t)/π_{old}(a_t|s_t)) A(s_t, a_t)] = ∇J(θ)

Without a stop_gradient the critic's own gradient is added. The surrogate's slope is the policy
gradient only if the advantage is a number.
"""

from derive import (
    A,
    J,
    Refuted,
    additive_return,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    gamma,
    grad,
    pi,
    pi_old,
    ratio,
    t,
    tau,
    theorem,
    total,
)


@theorem("the gradient goes through the advantage", assumes=[additive_return, discount_below_one])
def gradient_through_the_advantage():
    importance = ratio(pi(tau.a[t] | tau.s[t]), pi_old(tau.a[t] | tau.s[t]))
    return calc(
        grad(total(t, gamma**t * expect(tau, importance * A(tau.s[t], tau.a[t]), policy=pi_old), stop=forever)),
        by("the gradient of the surrogate", expect=Refuted),
        grad(J),
    )
