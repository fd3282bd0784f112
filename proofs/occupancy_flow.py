"""The flow equation of the occupancy.

    d(x) = μ(x) + γ Σ_s d(s) Σ_a π_θ(a|s) P(x|s, a)

Why it matters: a state is occupied because one starts there, or because one comes from
another. These equations are the constraints of the dual linear program.

Outline
    1. Decided as a whole: the occupancy is a sum over times, and the first is μ.

Source: M. L. Puterman, "Markov decision processes" (1994), 6.9.
"""

from derive import P, a, automata, by, calc, d, discount_below_one, gamma, mu, pi, s, theorem, total, x


@theorem("the flow equation of the occupancy", assumes=[discount_below_one])
def occupancy_flow():
    return calc(
        d(x),
        by(automata),
        mu(x) + gamma * total(s, d(s) * total(a, pi(a | s) * P(x | s, a))),
    )
