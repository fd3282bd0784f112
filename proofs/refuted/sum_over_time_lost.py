"""Only the first action keeps its score. False beyond a single decision.

    ∇log P(τ;θ) = ∇log π_θ(a_0|s_0)

Every action along the trajectory was drawn from the policy, so each has a score. With a
single decision (H = 0) the line is true, which is how it survives small examples.
"""

from derive import P, Refuted, by, calc, grad, log, pi, possible, tau, theorem


@theorem("the sum over time is lost", assumes=[possible(tau)])
def sum_over_time_lost():

    return calc(
        grad(log(P(tau))),
        by("the dynamics do not depend on theta", expect=Refuted),
        grad(log(pi(tau.a[0] | tau.s[0]))),
    )
