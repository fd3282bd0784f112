"""The policy gradient theorem with the discounted occupancy of states.

    ∇J(θ) = Σ_s d(s) Σ_a ∇π_θ(a|s) Q(s, a)

Why it matters: this is the theorem as most books print it. No gradient of the occupancy
appears, although it depends on θ.

Outline
    1. The gradient of J is a sum over times, as decided in one step.
    2. The mean over s_t is a sum over states, weighted by p_t(s).
    3. The occupancy d(s) = Σ_t γ^t p_t(s) gathers the times.

Source: R. S. Sutton, D. McAllester, S. Singh, Y. Mansour, "Policy gradient methods for
reinforcement learning with function approximation" (1999), theorem 1.
"""

from derive import (
    J,
    Q,
    a,
    additive_return,
    automata,
    by,
    calc,
    d,
    discount_below_one,
    expect,
    forever,
    gamma,
    grad,
    p,
    pi,
    s,
    t,
    tau,
    theorem,
    total,
)


@theorem("the policy gradient theorem with occupancy", assumes=[additive_return, discount_below_one])
def policy_gradient_with_occupancy():
    return calc(
        grad(J),
        by(automata),
        total(t, gamma**t * expect(tau, total(a, grad(pi(a | tau.s[t])) * Q(tau.s[t], a))), stop=forever),
        by(automata),
        total(t, gamma**t * total(s, p[t](s) * total(a, grad(pi(a | s)) * Q(s, a))), stop=forever),
        by(automata),
        total(s, d(s) * total(a, grad(pi(a | s)) * Q(s, a))),
    )
