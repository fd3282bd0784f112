"""The factor 1/(1-γ) stands before an occupancy that is not normalised. False.

    ∇J(θ) = (1/(1 - γ)) Σ_s d(s) Σ_a ∇π_θ(a|s) Q(s, a)

It belongs to the normalised occupancy. Here it is counted twice.
"""

from derive import (
    J,
    Q,
    Refuted,
    a,
    additive_return,
    by,
    calc,
    d,
    discount_below_one,
    gamma,
    grad,
    pi,
    ratio,
    s,
    theorem,
    total,
)


@theorem("the factor of the occupancy twice", assumes=[additive_return, discount_below_one])
def factor_of_the_occupancy_twice():
    return calc(
        grad(J),
        by("the policy gradient theorem", expect=Refuted),
        ratio(1, 1 - gamma) * total(s, d(s) * total(a, grad(pi(a | s)) * Q(s, a))),
    )
