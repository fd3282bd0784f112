"""The policy gradient theorem as it is quoted: up to a factor.

    ∇J(θ) ∝ Σ_s d̄(s) Σ_a ∇π_θ(a|s) Q(s, a)

Why it matters: a step size takes up the factor, so programs leave it out. It is 1 - γ here,
the same for every decision process.

Outline
    1. The policy gradient theorem with the discounted occupancy of the states.
    2. The occupancy adds up to 1/(1 - γ); the distribution is (1 - γ) times it.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.2.
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
    d_normalized,
    discount_below_one,
    grad,
    pi,
    proportional,
    s,
    theorem,
    total,
)


@theorem("the policy gradient up to a factor", assumes=[additive_return, discount_below_one])
def policy_gradient_up_to_a_factor():
    gradient = total(a, grad(pi(a | s)) * Q(s, a))
    return calc(
        grad(J),
        by(automata),
        total(s, d(s) * gradient),
        by(proportional),
        total(s, d_normalized(s) * gradient),
    )
