"""The performance difference is taken over the old occupancy, without a last decision. False.

    Σ_s μ(s) (V(s) - V^β(s)) = Σ_s d^β(s) Σ_a π_θ(a|s) A^β(s, a)

True to first order at equal policies only. The states must be those of the new policy.
"""

from derive import A, Policy, Refuted, V, a, additive_return, by, calc, d, discount_below_one, mu, pi, s, theorem, total

beta = Policy("beta")


@theorem("the performance difference in the old occupancy", assumes=[additive_return, discount_below_one])
def performance_difference_in_old_states_infinite():
    return calc(
        total(s, mu(s) * (V(s) - V(s, policy=beta))),
        by("the performance difference lemma", expect=Refuted),
        total(s, d(s, policy=beta) * total(a, pi(a | s) * A(s, a, policy=beta))),
    )
