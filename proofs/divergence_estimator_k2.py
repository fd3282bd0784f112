"""Half the squared log ratio, k2, has as a loss the gradient of the divergence.

    ∇Σ_a π_{old}(a|s) (1/2) (log π_θ(a|s) - log ref(a|s))^2 = ∇KL(π_θ, ref, s)

Why it matters: k2 is a biased estimate of the divergence, and yet the one whose gradient,
sampled and then differentiated, is right.

Outline
    1. The samples are drawn from the policy as it is, and the square is differentiated.
    2. The gradient of the divergence from a reference.

Source: J. Schulman, "Approximating KL divergence" (2020).
"""

from derive import (
    Policy,
    a,
    automata,
    by,
    calc,
    expect,
    grad,
    kl,
    log,
    pi,
    pi_old,
    policy_positive,
    ratio,
    s,
    theorem,
    total,
)

ref = Policy("ref")


@theorem("the estimator k2 as a loss", assumes=[policy_positive])
def divergence_estimator_k2():
    log_ratio = log(pi(a | s)) - log(ref(a | s))
    return calc(
        grad(total(a, pi_old(a | s) * ratio(1, 2) * log_ratio**2)),
        by(automata),
        expect(a, grad(log(pi(a | s))) * log_ratio, given=s),
        by(automata),
        grad(kl(pi, ref, s)),
    )
