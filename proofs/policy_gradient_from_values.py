"""From J = Σ μ V to the policy gradient with the states' discounted occupancy.

    ∇J(θ) = Σ_s d(s) Σ_a ∇π_θ(a|s) Q(s, a)

Why it matters: it is the shortest road from the objective to the theorem as most books
print it.

Outline
    1. The objective is the mean value of the first state, and μ does not depend on θ.
    2. The gradient of the value, unrolled, with the occupancy of the states.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018),
13.2.
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
    d,
    discount_below_one,
    grad,
    mu,
    pi,
    s,
    theorem,
    total,
)


@theorem("the policy gradient from the values of the first states", assumes=[additive_return, discount_below_one])
def policy_gradient_from_values():
    return calc(
        grad(J),
        by(automata),
        grad(total(s, mu(s) * V(s))),
        by(automata),
        total(s, mu(s) * grad(V(s))),
        by(automata),
        total(s, d(s) * total(a, grad(pi(a | s)) * Q(s, a))),
    )
