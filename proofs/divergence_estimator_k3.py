"""The estimator k3 has the divergence as its mean.

    Σ_a π_θ(a|s) (ref(a|s)/π_θ(a|s) - 1 - (log ref(a|s) - log π_θ(a|s))) = KL(π_θ, ref, s)

Why it matters: k3 = ref/π - 1 - log(ref/π) is never negative and unbiased. Both need a policy
that is positive wherever the reference is.

Outline
    1. The ratio ref/π has mean 1.

Source: J. Schulman, "Approximating KL divergence" (2020).
"""

from derive import Policy, a, automata, by, calc, expect, kl, log, pi, policy_positive, ratio, s, theorem

ref = Policy("ref")


@theorem("the estimator k3", assumes=[policy_positive])
def divergence_estimator_k3():
    log_ratio = log(ref(a | s)) - log(pi(a | s))
    return calc(
        expect(a, ratio(ref(a | s), pi(a | s)) - 1 - log_ratio, given=s),
        by(automata),
        kl(pi, ref, s),
    )
