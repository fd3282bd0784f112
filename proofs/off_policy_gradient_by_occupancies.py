"""The policy gradient from the states and actions of another policy.

    ∇J(θ) = Σ_s d^b(s) (d(s)/d^b(s)) Σ_a b(a|s) (π_θ(a|s)/b(a|s)) ∇log π_θ(a|s) Q(s, a)

Why it matters: one ratio of occupancies and one of probabilities take the place of a product
of ratios that grows with the length of the trajectory.

Outline
    1. The theorem with the occupancy of π_θ.
    2. The states and the actions are those of b, each weighted by its ratio.

Source: Q. Liu, L. Li, Z. Tang, D. Zhou, "Breaking the curse of horizon: infinite-horizon
off-policy estimation" (2018).
"""

from derive import (
    J,
    Policy,
    Q,
    a,
    additive_return,
    automata,
    by,
    calc,
    d,
    discount_below_one,
    grad,
    initial_positive,
    log,
    pi,
    policy_positive,
    ratio,
    s,
    theorem,
    total,
)

b = Policy("b")


@theorem(
    "the off-policy gradient by occupancies",
    assumes=[additive_return, discount_below_one, initial_positive, policy_positive],
)
def off_policy_gradient_by_occupancies():
    score = grad(log(pi(a | s)))
    return calc(
        grad(J),
        by(automata),
        total(s, d(s) * total(a, grad(pi(a | s)) * Q(s, a))),
        by(automata),
        total(
            s,
            d(s, policy=b)
            * ratio(d(s), d(s, policy=b))
            * total(a, b(a | s) * ratio(pi(a | s), b(a | s)) * score * Q(s, a)),
        ),
    )
