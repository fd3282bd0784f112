"""The log ratio k1 has the divergence as its mean, and no gradient as a loss.

    ∇Σ_a π_{old}(a|s) (log π_θ(a|s) - log ref(a|s)) = 0

Why it matters: as a loss, sampled and then differentiated, k1 does nothing: its gradient is
a score, with mean zero. It belongs in the reward.

Outline
    1. The samples are drawn from the policy as it is, and the logarithm is differentiated.
    2. The score has mean zero.

Source: J. Schulman, "Approximating KL divergence" (2020).
"""

from derive import Policy, a, automata, by, calc, expect, grad, log, pi, pi_old, policy_positive, s, theorem, total

ref = Policy("ref")


@theorem("the estimator k1 as a loss", assumes=[policy_positive])
def divergence_estimator_k1():
    return calc(
        grad(total(a, pi_old(a | s) * (log(pi(a | s)) - log(ref(a | s))))),
        by(automata),
        expect(a, grad(log(pi(a | s))), given=s),
        by(automata),
        0,
    )
