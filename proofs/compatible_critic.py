"""A critic in the place of the advantage: what the policy gradient is wrong by.

    ∇J(θ) - Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) f(s_t, a_t)]
        = Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) (A(s_t, a_t) - f(s_t, a_t))]

Why it matters: for a critic with compatible features, f(s, a) = w · ∇log π_θ(a|s), the second sum on the
left is F w with the Fisher information F, and the right side is 0 exactly where w minimises the
mean squared error against the advantage. Then the critic changes nothing, and w is the natural gradient.
The equation itself holds for every f.

Outline
    1. The advantage form of the policy gradient.
    2. Two sums are one.

Source: R. S. Sutton, D. McAllester, S. Singh, Y. Mansour, "Policy gradient methods for reinforcement
learning with function approximation", NIPS 12 (2000), Theorem 2.
"""

from derive import (
    A,
    J,
    additive_return,
    automata,
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
    t,
    tau,
    theorem,
    total,
)


@theorem("a critic in the place of the advantage", assumes=[additive_return, discount_below_one])
def compatible_critic():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    critic, advantage = function("f")(tau.s[t], tau.a[t]), A(tau.s[t], tau.a[t])
    criticised = total(t, gamma**t * expect(tau, score * critic), stop=forever)
    return calc(
        grad(J) - criticised,
        by(automata),
        total(t, gamma**t * expect(tau, score * advantage), stop=forever) - criticised,
        by(automata),
        total(t, gamma**t * expect(tau, score * (advantage - critic)), stop=forever),
    )
