"""The policy gradient, unrolled for two steps, with its tail.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_a ∇π_θ(a|s_0) Q(s_0, a)] + γ E_{τ~P(·;θ)}[Σ_a ∇π_θ(a|s_1) Q(s_1, a)] + γ^2
        E_{τ~P(·;θ)}[∇V(s_2)]

Why it matters: the tail shows what is dropped when a sum is cut short: γ² times the mean
gradient of the value of s_2.

Outline
    1. The objective is the mean value of the first state; μ does not depend on θ.
    2. One step.
    3. And another.

Source: R. S. Sutton, D. McAllester, S. Singh, Y. Mansour, "Policy gradient methods for
reinforcement learning with function approximation" (1999), appendix.
"""

from derive import (
    J,
    Q,
    V,
    a,
    additive_return,
    automata,
    by,
    calc,
    discount_below_one,
    expect,
    gamma,
    grad,
    pi,
    tau,
    theorem,
    total,
)


@theorem("the policy gradient unrolled", assumes=[additive_return, discount_below_one])
def gradient_unrolled_from_the_start():
    first = expect(tau, total(a, grad(pi(a | tau.s[0])) * Q(tau.s[0], a)))
    second = expect(tau, total(a, grad(pi(a | tau.s[1])) * Q(tau.s[1], a)))
    return calc(
        grad(J),
        by(automata),
        expect(tau, grad(V(tau.s[0]))),
        by(automata),
        first + gamma * expect(tau, grad(V(tau.s[1]))),
        by(automata),
        first + gamma * second + gamma**2 * expect(tau, grad(V(tau.s[2]))),
    )
