"""Generalised advantage estimation is said to be unbiased for every critic. False.

    E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) Σ_{t=0..H} (γ λ)^t (r(s_t, a_t, s_{t+1}) + γ f(s_{t+1}) - f(s_t))] =
        E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) A_0(s_0, a_0)]

Only for λ = 1 do the values cancel. For smaller λ the error of the critic remains.
"""

from derive import (
    A,
    Refuted,
    additive_return,
    by,
    calc,
    expect,
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

lam = scalar("lambda")


@theorem("generalised advantages of a wrong critic", assumes=[additive_return])
def generalised_advantage_of_a_wrong_critic():
    score, critic = grad(log(pi(tau.a[0] | tau.s[0]))), function("f")
    error = r(tau.s[k], tau.a[k], tau.s[k + 1]) + gamma * critic(tau.s[k + 1]) - critic(tau.s[k])
    return calc(
        expect(tau, score * total(k, (gamma * lam) ** k * error)),
        by("generalised advantage estimation", expect=Refuted),
        expect(tau, score * A[0](tau.s[0], tau.a[0])),
    )
