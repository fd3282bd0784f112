"""The Hessian of the objective does without the gradient of Q, as the gradient does. False.

    ∇∇J(θ) = Σ_s d(s) Σ_a Q(s, a) ∇∇π_θ(a|s)

The two summands with ∇π_θ and ∇Q are missing; approximate Newton methods drop them on purpose.

Source: T. Furmston, G. Lever, D. Barber, "Approximate Newton methods for policy search in Markov
decision processes", Journal of Machine Learning Research 17 (2016).
"""

from derive import (
    J,
    Q,
    Refuted,
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
    theorem,
    total,
)


@theorem("the Hessian without the gradient of Q", assumes=[additive_return, discount_below_one])
def hessian_without_the_gradient_of_q():
    return calc(
        grad(grad(J)),
        by(automata, expect=Refuted),
        total(s, d(s) * total(a, Q(s, a) * grad(grad(pi(a | s))))),
    )
