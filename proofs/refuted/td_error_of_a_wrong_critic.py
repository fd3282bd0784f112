"""The TD error of any critic is said to be unbiased. False.

    ∇J(θ) = Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) (r(s_t, a_t, s_{t+1}) + γ f(s_{t+1}) - f(s_t))]

As a baseline a wrong critic does no harm; in the place of the next value it does. The line is
true for the exact values.
"""

from derive import (
    J,
    Refuted,
    additive_return,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    function,
    gamma,
    grad,
    log,
    pi,
    r,
    t,
    tau,
    theorem,
    total,
)


@theorem("the TD error of a wrong critic", assumes=[additive_return, discount_below_one])
def td_error_of_a_wrong_critic():
    score, critic = grad(log(pi(tau.a[t] | tau.s[t]))), function("f")
    error = r(tau.s[t], tau.a[t], tau.s[t + 1]) + gamma * critic(tau.s[t + 1]) - critic(tau.s[t])
    return calc(
        grad(J),
        by("the policy gradient with TD errors", expect=Refuted),
        total(t, gamma**t * expect(tau, score * error), stop=forever),
    )
