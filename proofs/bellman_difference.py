"""The difference of the values of two policies, one step ahead.

    V(s) - V^β(s) = Σ_a (π_θ(a|s) - β(a|s)) Q^β(s, a) + γ Σ_a π_θ(a|s) Σ_x P(x|s, a) (V(x) - V^β(x))

Why it matters: it is the performance difference lemma before it is unrolled, and the first
line of most proofs of policy improvement.

Outline
    1. Decided as a whole: add and subtract the mean of the other policy's action values.

Source: S. Kakade, "On the sample complexity of reinforcement learning" (2003), chapter 5.
"""

from derive import (
    P,
    Policy,
    Q,
    V,
    a,
    additive_return,
    automata,
    by,
    calc,
    discount_below_one,
    gamma,
    pi,
    s,
    theorem,
    total,
    x,
)

beta = Policy("beta")


@theorem("the difference of the values of two policies", assumes=[additive_return, discount_below_one])
def bellman_difference():
    changed = total(a, (pi(a | s) - beta(a | s)) * Q(s, a, policy=beta))
    return calc(
        V(s) - V(s, policy=beta),
        by(automata),
        changed + gamma * total(a, pi(a | s) * total(x, P(x | s, a) * (V(x) - V(x, policy=beta)))),
    )
