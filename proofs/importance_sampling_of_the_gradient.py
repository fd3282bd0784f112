"""Importance sampling of the policy gradient.

    ∇J(θ) = E_{τ~P(·;β)}[(∇P(τ;θ)/P(τ;β)) R(τ)]

Why it matters: written with ∇P/P_β, it needs no logarithm, and so no positive policy.

Outline
    1. Decided as a whole: β takes every action that π takes.

Source: T. Jie, P. Abbeel, "On a connection between importance sampling and the likelihood
ratio policy gradient" (2010).
"""

from derive import J, P, Policy, R, automata, by, calc, covers, expect, grad, pi, ratio, tau, theorem

beta = Policy("beta")


@theorem("importance sampling of the policy gradient", assumes=[covers(beta, pi)])
def importance_sampling_of_the_gradient():
    return calc(
        grad(J),
        by(automata),
        expect(tau, ratio(grad(P(tau)), P(tau, policy=beta)) * R(tau), policy=beta),
    )
