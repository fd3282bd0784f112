"""The TD error has the mean of the advantage.

    Σ_x P(x|s, a) (r(s, a, x) + γ V(x) - V(s)) = A(s, a)

Why it matters: an actor-critic method multiplies the score by the TD error. This is why
that is no worse, in the mean, than the advantage itself.

Outline
    1. The policy does not matter once s and a are given: the mean is over the next state.
    2. The advantage is the action value minus the state value.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.5;
S. Bhatnagar, R. Sutton, M. Ghavamzadeh, M. Lee, "Natural actor-critic algorithms" (2009).
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
    discount_below_one,
    gamma,
    r,
    s,
    theorem,
    total,
    x,
)


@theorem("the TD error has the mean of the advantage", assumes=[additive_return, discount_below_one])
def td_error_has_the_mean_of_the_advantage():
    return calc(
        total(x, P(x | s, a) * (r(s, a, x) + gamma * V(x) - V(s))),
        by(automata),
        Q(s, a) - V(s),
        by(automata),
        A(s, a),
    )
