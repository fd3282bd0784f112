"""The estimator k3 is differentiated as a loss for KL(π, ref). False.

    ∇Σ_a π_{old}(a|s) (ref(a|s)/π_θ(a|s) - 1 - (log ref(a|s) - log π_θ(a|s))) = ∇KL(π_θ, ref, s)

k3 has the mean KL(π, ref); the mean of its gradient is that of KL(ref, π). GRPO does this.
"""

from derive import Policy, Refuted, a, by, calc, grad, kl, log, pi, pi_old, policy_positive, ratio, s, theorem, total

ref = Policy("ref")


@theorem("k3 as a loss", assumes=[policy_positive])
def k3_as_a_loss():
    log_ratio = log(ref(a | s)) - log(pi(a | s))
    return calc(
        grad(total(a, pi_old(a | s) * (ratio(ref(a | s), pi(a | s)) - 1 - log_ratio))),
        by("k3 estimates the divergence", expect=Refuted),
        grad(kl(pi, ref, s)),
    )
