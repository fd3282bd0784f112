"""The estimator k3 has as a loss the gradient of the divergence the other way round.

    ∇Σ_a π_{old}(a|s) (ref(a|s)/π_θ(a|s) - 1 - (log ref(a|s) - log π_θ(a|s))) = ∇KL(ref, π_θ, s)

Why it matters: GRPO differentiates k3. What it descends is KL(ref, π), not the KL(π, ref)
whose value k3 estimates.

Outline
    1. The samples are drawn from the policy as it is, and k3 is differentiated.
    2. The other divergence, with the reference first, has the same gradient.

Source: Z. Shao et al., "DeepSeekMath" (2024), equation 4; J. Schulman, "Approximating KL
divergence" (2020).
"""

from derive import Policy, a, automata, by, calc, grad, kl, log, pi, pi_old, policy_positive, ratio, s, theorem, total

ref = Policy("ref")


@theorem("the estimator k3 as a loss", assumes=[policy_positive])
def divergence_estimator_k3_as_a_loss():
    log_ratio = log(ref(a | s)) - log(pi(a | s))
    return calc(
        grad(total(a, pi_old(a | s) * (ratio(ref(a | s), pi(a | s)) - 1 - log_ratio))),
        by(automata),
        -total(a, ref(a | s) * grad(log(pi(a | s)))),
        by(automata),
        grad(kl(ref, pi, s)),
    )
