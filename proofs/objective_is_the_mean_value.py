"""The objective is the mean value of the first state.

    J(θ) = E_{τ~P(·;θ)}[V(s_0)]

Why it matters: it is where the two ways to start a proof meet, from J and from V(s_0).

Outline
    1. Decided as a whole, without a last decision.
    2. A sum over states weighted by μ is a mean over the first state.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.2.
"""

from derive import J, V, additive_return, automata, by, calc, discount_below_one, expect, mu, s, tau, theorem, total


@theorem("the objective is the mean value of the first state", assumes=[additive_return, discount_below_one])
def objective_is_the_mean_value():
    return calc(
        J,
        by(automata),
        total(s, mu(s) * V(s)),
        by(automata),
        expect(tau, V(tau.s[0])),
    )
