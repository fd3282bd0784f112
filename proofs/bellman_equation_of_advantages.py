"""The Bellman equation of the advantages.

    A(s, a) = r(s, a) + γ Σ_x P(x|s, a) V(x) - V(s)

Why it matters: the advantage is the mean of the TD error, written without a trajectory.

Outline
    1. The definition of the advantage.
    2. The Bellman equation of the action value, and V as the mean of Q.

Source: L. Baird, "Advantage updating" (1993).
"""

from derive import (
    A,
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
    r,
    s,
    theorem,
    total,
    x,
)


@theorem("the Bellman equation of the advantages", assumes=[additive_return, discount_below_one])
def bellman_equation_of_advantages():
    return calc(
        A(s, a),
        by(definition(A)),
        Q(s, a) - V(s),
        by(automata),
        r(s, a) + gamma * total(x, P(x | s, a) * V(x)) - V(s),
    )
