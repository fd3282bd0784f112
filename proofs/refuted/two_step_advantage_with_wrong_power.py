"""The value at the end of two steps is discounted once. False.

    E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) (r(s_0, a_0, s_1) + γ r(s_1, a_1, s_2) + γ V_2(s_2) - V_0(s_0))] =
        E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) A_0(s_0, a_0)]

After n steps the value carries γ^n.
"""

from derive import (
    A,
    Refuted,
    V,
    additive_return,
    by,
    calc,
    expect,
    gamma,
    grad,
    horizon_at_least,
    log,
    pi,
    r,
    tau,
    theorem,
)


@theorem("the two-step advantage with a wrong power", assumes=[additive_return, horizon_at_least(1)])
def two_step_advantage_with_wrong_power():
    score = grad(log(pi(tau.a[0] | tau.s[0])))
    rewards = r(tau.s[0], tau.a[0], tau.s[1]) + gamma * r(tau.s[1], tau.a[1], tau.s[2])
    return calc(
        expect(tau, score * (rewards + gamma * V[2](tau.s[2]) - V[0](tau.s[0]))),
        by("the n-step advantage, n = 2", expect=Refuted),
        expect(tau, score * A[0](tau.s[0], tau.a[0])),
    )
