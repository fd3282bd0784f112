"""The policy gradient theorem with the normalised occupancy.

    ∇J(θ) = (1/(1 - γ)) Σ_s d̄(s) Σ_a ∇π_θ(a|s) Q(s, a)

Why it matters: a state can only be drawn from a distribution, and the price of normalising
the occupancy is the factor 1/(1-γ).

Outline
    1. The policy gradient theorem with the discounted occupancy.
    2. The normalised occupancy is 1-γ times the occupancy.
    3. A sum weighted by a distribution is a mean.

Source: S. Kakade, J. Langford, "Approximately optimal approximate reinforcement learning"
(2002); A. Agarwal, S. Kakade, J. Lee, G. Mahajan, "On the theory of policy gradient methods"
(2021), theorem 4.
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
    expect,
    gamma,
    grad,
    pi,
    ratio,
    s,
    theorem,
    total,
)

from .policy_gradient_with_occupancy import policy_gradient_with_occupancy


@theorem("the policy gradient theorem with a distribution", assumes=[additive_return, discount_below_one])
def policy_gradient_with_distribution():
    inner = total(a, grad(pi(a | s)) * Q(s, a))
    return calc(
        grad(J),
        by(policy_gradient_with_occupancy),
        total(s, d(s) * inner),
        by(automata),
        ratio(1, 1 - gamma) * total(s, d_normalized(s) * inner),
        by(automata),
        ratio(1, 1 - gamma) * expect(s, inner, law=d_normalized),
    )
