"""The sum over states is weighted by the initial law. False.

    ∇J(θ) = Σ_s μ(s) Σ_a ∇π_θ(a|s) Q(s, a)

Only what happens in the first state is counted. The states must be weighted by the occupancy,
which counts every visit.
"""

from derive import J, Q, Refuted, a, additive_return, by, calc, discount_below_one, grad, mu, pi, s, theorem, total


@theorem("only the first state", assumes=[additive_return, discount_below_one])
def only_the_first_state():
    return calc(
        grad(J),
        by("the policy gradient theorem", expect=Refuted),
        total(s, mu(s) * total(a, grad(pi(a | s)) * Q(s, a))),
    )
