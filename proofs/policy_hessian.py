"""The policy Hessian theorem: the Hessian of the objective by occupancy.

    ∇∇J(θ) = Σ_s d(s) Σ_a (Q(s, a) ∇∇π_θ(a|s) + ∇π_θ(a|s) (∇Q(s, a))^T + ∇Q(s, a) (∇π_θ(a|s))^T)

d(s) = Σ_{t=0..∞} γ^t p_t(s).

Why it matters: unlike the first derivative, the second one does not do without the gradient of Q. Approximate
Newton methods drop these two summands.

Outline
    1. The policy gradient theorem with occupancy, differentiated and gathered.

Source: T. Furmston, G. Lever, D. Barber, "Approximate Newton methods for policy search in Markov
decision processes", Journal of Machine Learning Research 17 (2016).
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
    grad,
    outer,
    pi,
    s,
    theorem,
    total,
)


@theorem("the policy Hessian theorem", assumes=[additive_return, discount_below_one])
def policy_hessian():
    slope, rise = grad(pi(a | s)), grad(Q(s, a))
    return calc(
        grad(grad(J)),
        by(automata),
        total(s, d(s) * total(a, Q(s, a) * grad(slope) + outer(slope, rise) + outer(rise, slope))),
    )
