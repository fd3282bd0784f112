"""The occupancy is normalised and its factor forgotten. False.

    ∇J(θ) = Σ_s d̄(s) Σ_a ∇π_θ(a|s) Q(s, a)

The right side is 1-γ times the gradient: the direction is right and the length is not, which
is why many pages write "proportional to".
"""

from derive import (
    J,
    Q,
    Refuted,
    a,
    additive_return,
    by,
    calc,
    d_normalized,
    discount_below_one,
    grad,
    pi,
    s,
    theorem,
    total,
)


@theorem("the factor of the occupancy is forgotten", assumes=[additive_return, discount_below_one])
def occupancy_normalised_without_its_factor():
    return calc(
        grad(J),
        by("the policy gradient theorem", expect=Refuted),
        total(s, d_normalized(s) * total(a, grad(pi(a | s)) * Q(s, a))),
    )
