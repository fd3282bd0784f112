"""The gradient of a state value, one step ahead, at a finite horizon.

    ∇V_t(s) = Σ_a (∇π_θ(a|s) Q_t(s, a) + γ π_θ(a|s) Σ_x P(x|s, a) ∇V_{t+1}(x))

Why it matters: it is the recursion behind the policy gradient theorem, with a last step.

Outline
    1. A state is worth the mean of its action values.
    2. The gradient of a sum is the sum of the gradients.
    3. The product rule.
    4. The definition of the action value.

Source: R. S. Sutton, D. McAllester, S. Singh, Y. Mansour, "Policy gradient methods for
reinforcement learning with function approximation" (1999), appendix.
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
    gamma,
    grad,
    gradient_of_a_sum,
    pi,
    product_rule,
    s,
    t,
    theorem,
    total,
    x,
)


@theorem("the gradient of a state value, finite horizon", assumes=[additive_return])
def gradient_of_a_value_finite():
    return calc(
        grad(V[t](s)),
        by(automata),
        grad(total(a, pi(a | s) * Q[t](s, a))),
        by(gradient_of_a_sum),
        total(a, grad(pi(a | s) * Q[t](s, a))),
        by(product_rule),
        total(a, grad(pi(a | s)) * Q[t](s, a) + pi(a | s) * grad(Q[t](s, a))),
        by(automata),
        total(a, grad(pi(a | s)) * Q[t](s, a) + gamma * pi(a | s) * total(x, P(x | s, a) * grad(V[t + 1](x)))),
    )
