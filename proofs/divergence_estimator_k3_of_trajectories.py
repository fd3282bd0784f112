"""The estimator k3 of whole trajectories has the mean KL(π, ref).

    E_{τ~P(·;θ)}[P(τ;ref)/P(τ;θ) - 1 - log (P(τ;ref)/P(τ;θ))] = E_{τ~P(·;θ)}[log (P(τ;θ)/P(τ;ref))]

Why it matters: it is never negative, and no less right than the plain log-ratio.

Outline
    1. The ratio ref/π has mean 1.

Source: J. Schulman, "Approximating KL divergence" (2020).
"""

from derive import P, Policy, automata, by, calc, expect, log, policy_positive, ratio, tau, theorem

ref = Policy("ref")


@theorem("the estimator k3 of trajectories", assumes=[policy_positive])
def divergence_estimator_k3_of_trajectories():
    other = ratio(P(tau, policy=ref), P(tau))
    return calc(
        expect(tau, other - 1 - log(other)),
        by(automata),
        expect(tau, log(ratio(P(tau), P(tau, policy=ref)))),
    )
