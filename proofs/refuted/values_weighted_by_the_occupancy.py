"""The objective is said to be the mean value under the occupancy. False.

    J(θ) = Σ_s d̄(s) V(s)

A value already counts all that follows. Under the occupancy one counts rewards; under the
initial law, values.
"""

from derive import J, Refuted, V, additive_return, by, calc, d_normalized, discount_below_one, s, theorem, total


@theorem("values weighted by the occupancy", assumes=[additive_return, discount_below_one])
def values_weighted_by_the_occupancy():
    return calc(
        J,
        by("the objective is a mean over states", expect=Refuted),
        total(s, d_normalized(s) * V(s)),
    )
