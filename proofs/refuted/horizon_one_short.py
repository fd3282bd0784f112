"""The last decision is forgotten. False.

    ∇log P(τ;θ) = Σ_{t=0..H-1} ∇log π_θ(a_t|s_t)

Decisions are taken at t = 0, ..., H: there are H + 1 of them. Texts that count T decisions
as t = 0, ..., T - 1 are right in their own convention.
"""

from derive import H, P, Refuted, by, calc, grad, log, pi, possible, t, tau, theorem, total


@theorem("the horizon is one short", assumes=[possible(tau)])
def horizon_one_short():

    return calc(
        grad(log(P(tau))),
        by("the score of a trajectory", expect=Refuted),
        total(t, grad(log(pi(tau.a[t] | tau.s[t]))), stop=H - 1),
    )
