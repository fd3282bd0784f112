"""The Fisher information of the policy is minus the mean Hessian of its logarithm.

    Σ_a π_θ(a|s) ∇log π_θ(a|s) ∇log π_θ(a|s) = -Σ_a π_θ(a|s) ∇∇log π_θ(a|s)

Why it matters: the natural gradient divides by this matrix; both forms are estimated.

Outline
    1. Decided as a whole: Σ_a ∇∇π = 0 and ∇∇log π = ∇∇π/π - ∇log π ∇log π.

Source: S. Amari, "Natural gradient works efficiently in learning" (1998); S. Kakade, "A natural
policy gradient" (2001).
"""

from derive import a, automata, by, calc, expect, grad, log, pi, policy_positive, s, theorem


@theorem("the Fisher information of the policy", assumes=[policy_positive])
def fisher_information():
    score = grad(log(pi(a | s)))
    return calc(
        expect(a, score * score, given=s),
        by(automata),
        -expect(a, grad(grad(log(pi(a | s)))), given=s),
    )
