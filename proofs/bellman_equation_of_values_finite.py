"""The Bellman equation of the state values, at a finite horizon.

    V_t(s) = Σ_a π_θ(a|s) Σ_x P(x|s, a) (r(s, a, x) + γ V_{t+1}(x))

Why it matters: with V_{H+1} = 0 it computes every value, from the last decision backwards.

Outline
    1. A state is worth the mean of its action values.
    2. The definition of the action value.

Source: M. L. Puterman, "Markov decision processes" (1994), 4.2.
"""

from derive import P, Q, V, a, additive_return, automata, by, calc, definition, gamma, pi, r, s, t, theorem, total, x


@theorem("the Bellman equation at a finite horizon", assumes=[additive_return])
def bellman_equation_of_values_finite():
    return calc(
        V[t](s),
        by(automata),
        total(a, pi(a | s) * Q[t](s, a)),
        by(definition(Q)),
        total(a, pi(a | s) * total(x, P(x | s, a) * (r(s, a, x) + gamma * V[t + 1](x)))),
    )
