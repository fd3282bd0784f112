"""The product rule is forgotten: the action value depends on θ too. False.

    ∇V_t(s) = Σ_a ∇π_θ(a|s) Q_t(s, a)

At the last decision the line is true, for nothing follows. Before it, the gradients of the
values of the next states are missing.
"""

from derive import Q, Refuted, V, a, additive_return, by, calc, grad, pi, s, t, theorem, total


@theorem("the gradient of the action value is dropped", assumes=[additive_return])
def gradient_of_the_action_value_dropped():
    return calc(
        grad(V[t](s)),
        by("the gradient falls on the policy", expect=Refuted),
        total(a, grad(pi(a | s)) * Q[t](s, a)),
    )
