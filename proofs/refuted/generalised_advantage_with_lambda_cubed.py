"""The trace decays by λ^3 instead of λ. False where the critic is wrong.

    E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) Σ_{t=0..H} (γ λ)^t (r(s_t, a_t, s_{t+1}) + γ f(s_{t+1}) - f(s_t))] =
        E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) Σ_{t=0..H} γ^t λ^{3t} (r(s_t, a_t, s_{t+1}) + γ f(s_{t+1}) - f(s_t))]

With the exact critic every TD error but the first has mean zero, and the weights do not matter: the slip
shows with a critic that is wrong, and then only from two decisions on.
"""

from derive import (
    Refuted,
    additive_return,
    between_0_and_1,
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


@theorem("generalised advantages with λ cubed", assumes=[additive_return, between_0_and_1(lam)])
def generalised_advantage_with_lambda_cubed():
    score, critic = grad(log(pi(tau.a[0] | tau.s[0]))), function("f")
    error = r(tau.s[k], tau.a[k], tau.s[k + 1]) + gamma * critic(tau.s[k + 1]) - critic(tau.s[k])
    return calc(
        expect(tau, score * total(k, (gamma * lam) ** k * error)),
        by("generalised advantage estimation", expect=Refuted),
        expect(tau, score * total(k, gamma**k * lam ** (3 * k) * error)),
    )
