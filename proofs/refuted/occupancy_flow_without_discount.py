"""The discount is left out of the flow equation of the occupancy. False.

    d(x) = μ(x) + Σ_s d(s) Σ_a π_θ(a|s) P(x|s, a)

The law of the next state has no discount; the occupancy, which weights time t by γ^t, has one.
"""

from derive import P, Refuted, a, by, calc, d, discount_below_one, mu, pi, s, theorem, total, x


@theorem("the flow without a discount", assumes=[discount_below_one])
def occupancy_flow_without_discount():
    return calc(
        d(x),
        by("a state is left as often as it is entered", expect=Refuted),
        mu(x) + total(s, d(s) * total(a, pi(a | s) * P(x | s, a))),
    )
