"""The gradient of a state value, one step ahead: the recursion behind the policy gradient theorem.

    ∇V(s) = Σ_a (∇π_θ(a|s) Q(s, a) + γ π_θ(a|s) Σ_x P(x|s, a) ∇V(x))

Why it matters: it is the first half of the proof that books print. The gradient of the
value of a state is a sum over its actions, and the gradients of the values one step ahead.

Outline
    1. A state is worth the mean of its action values.
    2. The gradient of a sum is the sum of the gradients.
    3. The product rule.
    4. The definition of the action value: rewards and dynamics do not depend on θ.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.2, box
"Proof of the policy gradient theorem (episodic case)".
"""

from derive import (
    P,
    Q,
    V,
    a,
    additive_return,
    automata,
    by,
    calc,
    discount_below_one,
    gamma,
    grad,
    gradient_of_a_sum,
    pi,
    product_rule,
    s,
    theorem,
    total,
    x,
)


@theorem("the gradient of a state value", assumes=[additive_return, discount_below_one])
def gradient_of_a_value():
    return calc(
        grad(V(s)),
        by(automata),
        grad(total(a, pi(a | s) * Q(s, a))),
        by(gradient_of_a_sum),
        total(a, grad(pi(a | s) * Q(s, a))),
        by(product_rule),
        total(a, grad(pi(a | s)) * Q(s, a) + pi(a | s) * grad(Q(s, a))),
        by(automata),
        total(a, grad(pi(a | s)) * Q(s, a) + gamma * pi(a | s) * total(x, P(x | s, a) * grad(V(x)))),
    )
