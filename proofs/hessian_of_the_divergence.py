"""The Hessian of the KL divergence at equal policies is the Fisher information.

    ∇∇KL(π_{old}, π_θ, s) = ∇∇KL(π_θ, π_{old}, s)

Why it matters: it is the metric of the natural gradient and of TRPO. To second order it does
not matter which of the two policies comes first.

Outline
    1. The old policy is held fixed; the divergence is differentiated twice and read at θ_old.
    2. The same for the divergence the other way round.

Source: S. Kakade, "A natural policy gradient" (2001); J. Schulman, S. Levine, P. Moritz,
M. Jordan, P. Abbeel, "Trust region policy optimization" (2015), appendix C.
"""

from derive import a, automata, by, calc, expect, grad, kl, log, pi, pi_old, policy_positive, s, theorem


@theorem("the Hessian of the divergence", assumes=[policy_positive])
def hessian_of_the_divergence():
    score = grad(log(pi(a | s)))
    return calc(
        grad(grad(kl(pi_old, pi, s))),
        by(automata),
        expect(a, score * score, given=s),
        by(automata),
        grad(grad(kl(pi, pi_old, s))),
    )
