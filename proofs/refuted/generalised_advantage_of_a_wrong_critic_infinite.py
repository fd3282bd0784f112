"""Generalised advantage estimation is said to be unbiased for every critic. False also without a last decision.

    E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) Σ_{t=0..∞} (γ λ)^t (r(s_t, a_t, s_{t+1}) + γ f(s_{t+1}) - f(s_t))] =
        E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) A(s_0, a_0)]

Only for λ = 1 do the values of the critic cancel. For smaller λ its error remains.
"""

from derive import (
    A,
    Refuted,
    additive_return,
    between_0_and_1,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    function,
    gamma,
    grad,
    k,
    log,
    pi,
    r,
    scalar,
    tau,
    theorem,
    total,
)

lam, critic = scalar("lambda"), function("f")


@theorem("generalised advantages of a wrong critic, without a last decision",
         assumes=[additive_return, discount_below_one, between_0_and_1(lam)])
def generalised_advantage_of_a_wrong_critic_infinite():
    score = grad(log(pi(tau.a[0] | tau.s[0])))
    error = r(tau.s[k], tau.a[k], tau.s[k + 1]) + gamma * critic(tau.s[k + 1]) - critic(tau.s[k])
    return calc(
        expect(tau, score * total(k, (gamma * lam) ** k * error, stop=forever)),
        by("generalised advantage estimation", expect=Refuted),
        expect(tau, score * A(tau.s[0], tau.a[0])),
    )
