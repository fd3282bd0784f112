"""The gradient of a state value, two steps ahead: the recursion used twice.

    ∇V(s) = Σ_a (∇π_θ(a|s) Q(s, a) + γ π_θ(a|s) Σ_x P(x|s, a) Σ_b (∇π_θ(b|x) Q(x, b) + γ π_θ(b|x) Σ_y P(y|x, b) ∇V(y)))

Why it matters: it is the second half of the proof that books print. What is left over moves
one step ahead, is multiplied by γ, and in the limit is nothing.

Outline
    1. The gradient of a state value, one step ahead.
    2. The same for the state x that the step leads to.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.2.
"""

from derive import (
    Action,
    P,
    Q,
    State,
    V,
    a,
    additive_return,
    by,
    calc,
    discount_below_one,
    gamma,
    grad,
    pi,
    s,
    theorem,
    total,
    x,
)

from .gradient_of_a_value import gradient_of_a_value

c, y = Action("c"), State("y")


@theorem("the gradient of a state value, two steps ahead", assumes=[additive_return, discount_below_one])
def gradient_of_a_value_unrolled():
    ahead = total(c, grad(pi(c | x)) * Q(x, c) + gamma * pi(c | x) * total(y, P(y | x, c) * grad(V(y))))
    return calc(
        grad(V(s)),
        by(gradient_of_a_value),
        total(a, grad(pi(a | s)) * Q(s, a) + gamma * pi(a | s) * total(x, P(x | s, a) * grad(V(x)))),
        by(gradient_of_a_value),
        total(a, grad(pi(a | s)) * Q(s, a) + gamma * pi(a | s) * total(x, P(x | s, a) * ahead)),
    )
