"""The gradient of the entropy of a policy.

    ∇ℋ(s) = -Σ_a π_θ(a|s) ∇log π_θ(a|s) log π_θ(a|s)

Why it matters: the entropy bonus of A3C, PPO and SAC. The logarithm is differentiated too,
and drops out, for the score has mean zero.

Outline
    1. The definition of the entropy, differentiated.
    2. As a mean over actions: a policy gradient with the reward -log π.

Source: R. J. Williams, J. Peng, "Function optimization using connectionist reinforcement
learning algorithms" (1991); V. Mnih et al., "Asynchronous methods for deep reinforcement
learning" (2016).
"""

from derive import a, automata, by, calc, entropy, expect, grad, log, pi, policy_positive, s, theorem, total


@theorem("the gradient of the entropy", assumes=[policy_positive])
def gradient_of_the_entropy():
    return calc(
        grad(entropy(s)),
        by(automata),
        -total(a, grad(pi(a | s)) * log(pi(a | s))),
        by(automata),
        -expect(a, grad(log(pi(a | s))) * log(pi(a | s)), given=s),
    )
