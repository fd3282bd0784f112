"""The gradient of the conservative surrogate is the policy gradient, at the old policy.

    ∇Σ_s d^{π_{old}}(s) Σ_a π_θ(a|s) A^{π_{old}}(s, a) = ∇J(θ)

Why it matters: the occupancy of the new policy is replaced by that of the old, which can be
sampled. To first order nothing is lost.

Outline
    1. Decided as a whole: only π(a|s) moves, the occupancy and the values are held fixed.

Source: S. Kakade, J. Langford, "Approximately optimal approximate reinforcement learning"
(2002); J. Schulman, S. Levine, P. Moritz, M. Jordan, P. Abbeel, "Trust region policy
optimization" (2015), equation 3.
"""

from derive import (
    A,
    J,
    Q,
    a,
    additive_return,
    automata,
    by,
    calc,
    d,
    discount_below_one,
    grad,
    pi,
    s,
    stop_gradient,
    theorem,
    total,
)


@theorem("the gradient of the conservative surrogate", assumes=[additive_return, discount_below_one])
def surrogate_gradient_infinite():
    return calc(
        grad(total(s, stop_gradient(d(s)) * total(a, pi(a | s) * stop_gradient(A(s, a))))),
        by(automata),
        total(s, d(s) * total(a, grad(pi(a | s)) * Q(s, a))),
        by(automata),
        grad(J),
    )
