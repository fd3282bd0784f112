"""The log ratio is differentiated as a loss. False.

    ∇Σ_a π_{old}(a|s) (log π_θ(a|s) - log ref(a|s)) = ∇KL(π_θ, ref, s)

Its mean is the divergence; the mean of its gradient is 0, for the law of the samples is held
fixed. The log ratio belongs in the reward.
"""

from derive import Policy, Refuted, a, by, calc, grad, kl, log, pi, pi_old, policy_positive, s, theorem, total

ref = Policy("ref")


@theorem("k1 as a loss", assumes=[policy_positive])
def k1_as_a_loss():
    return calc(
        grad(total(a, pi_old(a | s) * (log(pi(a | s)) - log(ref(a | s))))),
        by("k1 estimates the divergence", expect=Refuted),
        grad(kl(pi, ref, s)),
    )
