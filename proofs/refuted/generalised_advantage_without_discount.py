"""The weights of generalised advantage estimation are λ^k, without γ. False.

    E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) Σ_{t=0..H} (r(s_t, a_t, s_{t+1}) + γ f(s_{t+1}) - f(s_t))] =
        E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) (R(τ) + γ^{H+1} f(s_{H+1}))]

With the exact critic every TD error but the first has mean zero, so one must look at a critic
that is wrong: for λ = 1 the values do not cancel.
"""

from derive import (
    H,
    R,
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
    tau,
    theorem,
    total,
)


@theorem("generalised advantages without a discount", assumes=[additive_return])
def generalised_advantage_without_discount():
    score, critic = grad(log(pi(tau.a[0] | tau.s[0]))), function("f")
    error = r(tau.s[k], tau.a[k], tau.s[k + 1]) + gamma * critic(tau.s[k + 1]) - critic(tau.s[k])
    return calc(
        expect(tau, score * total(k, error)),
        by("generalised advantage estimation, λ = 1", expect=Refuted),
        expect(tau, score * (R(tau) + gamma ** (H + 1) * critic(tau.s[H + 1]))),
    )
