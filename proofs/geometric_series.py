"""The geometric series of the discount.

    Σ_{t=0..∞} γ^t = 1/(1 - γ)

Why it matters: 1/(1-γ) is the effective horizon, and the constant of every discounted bound.

Outline
    1. Decided as a whole.

Source: any textbook of analysis.
"""

from derive import automata, by, calc, discount_below_one, forever, gamma, ratio, t, theorem, total


@theorem("the geometric series", assumes=[discount_below_one])
def geometric_series():
    return calc(
        total(t, gamma**t, stop=forever),
        by(automata),
        ratio(1, 1 - gamma),
    )
