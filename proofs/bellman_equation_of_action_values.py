"""The Bellman equation of the action values.

    Q(s, a) = r(s, a) + γ Σ_x P(x|s, a) Σ_b π_θ(b|x) Q(x, b)

Why it matters: it is the target of SARSA and of its mean over actions, expected SARSA.

Outline
    1. The definition of the action value, with the mean reward r(s, a).
    2. The next state is worth the mean of its action values.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 3.5.
"""

from derive import (
    P,
    Q,
    V,
    a,
    additive_return,
    automata,
    b,
    by,
    calc,
    discount_below_one,
    gamma,
    pi,
    r,
    s,
    theorem,
    total,
    x,
)


@theorem("the Bellman equation of the action values", assumes=[additive_return, discount_below_one])
def bellman_equation_of_action_values():
    return calc(
        Q(s, a),
        by(automata),
        r(s, a) + gamma * total(x, P(x | s, a) * V(x)),
        by(automata),
        r(s, a) + gamma * total(x, P(x | s, a) * total(b, pi(b | x) * Q(x, b))),
    )
