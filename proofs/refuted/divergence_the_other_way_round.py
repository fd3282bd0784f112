"""The two divergences are taken for one. False.

    ∇KL(π_θ, ref, s) = ∇KL(ref, π_θ, s)

At equal policies they have the same gradient and the same Hessian; elsewhere neither.
"""

from derive import Policy, Refuted, by, calc, grad, kl, pi, policy_positive, s, theorem

ref = Policy("ref")


@theorem("the divergence the other way round", assumes=[policy_positive])
def divergence_the_other_way_round():
    return calc(
        grad(kl(pi, ref, s)),
        by("the divergence measures the distance", expect=Refuted),
        grad(kl(ref, pi, s)),
    )
