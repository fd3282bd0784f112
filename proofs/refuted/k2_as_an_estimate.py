"""Half the squared log ratio is said to have the divergence as its mean. False.

    Σ_a π_θ(a|s) (1/2) (log π_θ(a|s) - log ref(a|s))^2 = KL(π_θ, ref, s)

k2 has the right gradient as a loss, and the wrong value: it is biased.
"""

from derive import Policy, Refuted, a, by, calc, expect, kl, log, pi, policy_positive, ratio, s, theorem

ref = Policy("ref")


@theorem("k2 as an estimate", assumes=[policy_positive])
def k2_as_an_estimate():
    log_ratio = log(pi(a | s)) - log(ref(a | s))
    return calc(
        expect(a, ratio(1, 2) * log_ratio**2, given=s),
        by("k2 estimates the divergence", expect=Refuted),
        kl(pi, ref, s),
    )
