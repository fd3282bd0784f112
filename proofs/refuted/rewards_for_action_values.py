"""Rewards take the place of action values under the occupancy. False.

    ∇Σ_s d(s) Σ_a π_θ(a|s) r(s, a) = Σ_s d(s) Σ_a ∇π_θ(a|s) r(s, a)

J = Σ_s d(s) Σ_a π r is true, and its gradient has a second term: the occupancy depends on θ.
"""

from derive import Refuted, a, additive_return, by, calc, d, discount_below_one, grad, pi, r, s, theorem, total


@theorem("rewards for action values", assumes=[additive_return, discount_below_one])
def rewards_for_action_values():
    return calc(
        grad(total(s, d(s) * total(a, pi(a | s) * r(s, a)))),
        by("the gradient falls on the policy", expect=Refuted),
        total(s, d(s) * total(a, grad(pi(a | s)) * r(s, a))),
    )
