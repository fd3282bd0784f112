"""The gradient of the KL divergence is zero at equal policies.

    ∇KL(π_{old}, π_θ, s) = ∇KL(π_θ, π_{old}, s)

Why it matters: a divergence penalty does not pull at the first step; only its curvature
does.

Outline
    1. The old policy is held fixed, and the score has mean zero.
    2. The same for the divergence the other way round.

Source: S. Kakade, "A natural policy gradient" (2001).
"""

from derive import automata, by, calc, grad, kl, pi, pi_old, policy_positive, s, theorem


@theorem("the gradient of the divergence at equality", assumes=[policy_positive])
def gradient_of_the_divergence_at_equality():
    return calc(
        grad(kl(pi_old, pi, s)),
        by(automata),
        0,
        by(automata),
        grad(kl(pi, pi_old, s)),
    )
