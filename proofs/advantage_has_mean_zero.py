"""The advantage has mean zero under its own policy.

    Σ_a π_θ(a|s) A(s, a) = 0

Why it matters: the advantage says which actions are better than the policy, and all cannot
be. Under another policy the mean is what is gained by changing once.

Outline
    1. The definition of the advantage.
    2. The action values have the mean V(s).

Source: L. Baird, "Advantage updating" (1993).
"""

from derive import A, Q, V, a, additive_return, automata, by, calc, discount_below_one, expect, pi, s, theorem, total


@theorem("the advantage has mean zero", assumes=[additive_return, discount_below_one])
def advantage_has_mean_zero():
    return calc(
        expect(a, A(s, a), given=s),
        by(automata),
        total(a, pi(a | s) * Q(s, a)) - V(s),
        by(automata),
        0,
    )
