"""The product rule is forgotten, without a last decision. False.

    ∇V(s) = Σ_a ∇π_θ(a|s) Q(s, a)

The right side is the first step of the recursion; γ times the mean gradient of the value of
the next state is missing.
"""

from derive import Q, Refuted, V, a, additive_return, by, calc, discount_below_one, grad, pi, s, theorem, total


@theorem("the gradient of the action value is dropped, without a last decision",
         assumes=[additive_return, discount_below_one])
def gradient_of_the_action_value_dropped_infinite():
    return calc(
        grad(V(s)),
        by("the gradient falls on the policy", expect=Refuted),
        total(a, grad(pi(a | s)) * Q(s, a)),
    )
