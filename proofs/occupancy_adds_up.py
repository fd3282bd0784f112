"""The occupancy adds up to 1/(1-γ), and the normalised one to 1.

    Σ_s d(s) = (1/(1 - γ)) Σ_s d̄(s)

Why it matters: it is the constant between the two conventions, and the most common slip.

Outline
    1. The occupancy is a sum over times, and at each time some state is occupied.
    2. The geometric series.
    3. The normalised occupancy is 1-γ times the occupancy.

Source: S. Kakade, J. Langford, "Approximately optimal approximate reinforcement learning"
(2002).
"""

from derive import automata, by, calc, d, d_normalized, discount_below_one, forever, gamma, ratio, s, t, theorem, total


@theorem("the occupancy adds up", assumes=[discount_below_one])
def occupancy_adds_up():
    return calc(
        total(s, d(s)),
        by(automata),
        total(t, gamma**t, stop=forever),
        by(automata),
        ratio(1, 1 - gamma),
        by(automata),
        ratio(1, 1 - gamma) * total(s, d_normalized(s)),
    )
