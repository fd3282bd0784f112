"""The Bellman equation of the state values, without a last decision.

    V(s) = Σ_a π_θ(a|s) Σ_x P(x|s, a) (r(s, a, x) + γ V(x))

Why it matters: the value of a state is told by the values of the states one step ahead.

Outline
    1. A state is worth the mean of its action values.
    2. The definition of the action value.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 3.5.
"""

from derive import (
    P,
    Q,
    V,
    a,
    additive_return,
    automata,
    by,
    calc,
    definition,
    discount_below_one,
    gamma,
    pi,
    r,
    s,
    theorem,
    total,
    x,
)


@theorem("the Bellman equation of the state values", assumes=[additive_return, discount_below_one])
def bellman_equation_of_values():
    return calc(
        V(s),
        by(automata),
        total(a, pi(a | s) * Q(s, a)),
        by(definition(Q)),
        total(a, pi(a | s) * total(x, P(x | s, a) * (r(s, a, x) + gamma * V(x)))),
    )
