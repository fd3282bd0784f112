"""The policy gradient of a tabular softmax policy, coordinate by coordinate.

    Σ_x d(x) Σ_b π_θ(b|x)·1{x = s} (1{b = a} - π_θ(a|s)) Q(x, b) = d(s) π_θ(a|s) A(s, a)

For π_θ(b|x) ∝ exp θ(x, b), the derivative of log π_θ(b|x) along θ(s, a) is 1{x = s} (1{b = a} - π_θ(a|s)), so
the left side is ∂J/∂θ(s, a) by the policy gradient theorem.

Why it matters: it is the form from which global convergence of softmax policy gradients is
shown: a probability grows where its advantage is positive.

Outline
    1. One state is left of the sum.
    2. One action is left of the first summand.
    3. The definition of the advantage.

Source: A. Agarwal, S. M. Kakade, J. D. Lee, G. Mahajan, "On the theory of policy gradient methods",
Journal of Machine Learning Research 22 (2021), section 5.
"""

from derive import (
    A,
    Q,
    a,
    additive_return,
    automata,
    b,
    by,
    calc,
    d,
    discount_below_one,
    pi,
    s,
    same,
    theorem,
    total,
    x,
)


@theorem("the gradient of a tabular softmax policy", assumes=[additive_return, discount_below_one])
def tabular_softmax_gradient():
    chosen, present = same(b, a) - pi(a | s), same(x, s)
    return calc(
        total(x, d(x) * total(b, pi(b | x) * present * chosen * Q(x, b))),
        by(automata),
        d(s) * total(b, pi(b | s) * chosen * Q(s, b)),
        by(automata),
        d(s) * pi(a | s) * (Q(s, a) - total(b, pi(b | s) * Q(s, b))),
        by(automata),
        d(s) * pi(a | s) * A(s, a),
    )
