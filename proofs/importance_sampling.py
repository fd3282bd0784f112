"""Importance sampling of trajectories.

    J(θ) = E_{τ~P(·;β)}[(P(τ;θ)/P(τ;β)) R(τ)]

Why it matters: a policy can be judged by the trajectories of another, if the other takes
every action that the first takes.

Outline
    1. Decided as a whole: the ratio of the probabilities turns one law into the other.

Source: D. Precup, R. S. Sutton, S. Singh, "Eligibility traces for off-policy policy
evaluation" (2000).
"""

from derive import J, P, Policy, R, automata, by, calc, covers, expect, pi, ratio, tau, theorem

beta = Policy("beta")


@theorem("importance sampling of trajectories", assumes=[covers(beta, pi)])
def importance_sampling():
    return calc(
        J,
        by(automata),
        expect(tau, ratio(P(tau), P(tau, policy=beta)) * R(tau), policy=beta),
    )
