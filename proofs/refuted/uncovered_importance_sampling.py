"""Importance sampling from a policy that may never take some action. False.

    J(θ) = E_{τ~P(·;β)}[(P(τ;θ)/P(τ;β)) R(τ)]

Where β(a|s) = 0 and π(a|s) > 0, what π would receive is never seen. With covers(β, π) the line
is proved.
"""

from derive import J, P, Policy, R, Refuted, by, calc, expect, ratio, tau, theorem

beta = Policy("beta")


@theorem("importance sampling without cover")
def uncovered_importance_sampling():
    return calc(
        J,
        by("importance sampling", expect=Refuted),
        expect(tau, ratio(P(tau), P(tau, policy=beta)) * R(tau), policy=beta),
    )
