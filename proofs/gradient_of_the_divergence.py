"""The gradient of the KL divergence from a reference policy.

    ∇KL(π_θ, ref, s) = Σ_a π_θ(a|s) ∇log π_θ(a|s) (log π_θ(a|s) - log ref(a|s))

Why it matters: the penalty of RLHF is this divergence. Its gradient is a policy gradient
with the log ratio as reward: k1 belongs in the reward.

Outline
    1. The definition, differentiated: the score itself has mean zero.
    2. As a mean over actions.

Source: J. Schulman, "Approximating KL divergence" (2020).
"""

from derive import Policy, a, automata, by, calc, expect, grad, kl, log, pi, policy_positive, s, theorem, total

ref = Policy("ref")


@theorem("the gradient of the divergence from a reference", assumes=[policy_positive])
def gradient_of_the_divergence():
    log_ratio = log(pi(a | s)) - log(ref(a | s))
    return calc(
        grad(kl(pi, ref, s)),
        by(automata),
        total(a, grad(pi(a | s)) * log_ratio),
        by(automata),
        expect(a, grad(log(pi(a | s))) * log_ratio, given=s),
    )
