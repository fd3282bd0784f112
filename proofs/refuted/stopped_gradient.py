"""The gradient of a quantity is taken after it was held fixed. False.

    ∇Σ_s d^{π_{old}}(s) Σ_a π_θ(a|s) r(s, a) = ∇J(θ)

What is held fixed has the same value and no gradient.
"""

from derive import (
    J,
    Refuted,
    a,
    additive_return,
    by,
    calc,
    d,
    discount_below_one,
    grad,
    pi,
    r,
    s,
    stop_gradient,
    theorem,
    total,
)


@theorem("the gradient of what is held fixed", assumes=[additive_return, discount_below_one])
def stopped_gradient():
    return calc(
        grad(total(s, stop_gradient(d(s)) * total(a, pi(a | s) * r(s, a)))),
        by("the value is the same", expect=Refuted),
        grad(J),
    )
