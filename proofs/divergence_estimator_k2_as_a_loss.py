"""The estimator k2 of whole trajectories has as a loss the gradient of KL(π, ref).

    E_{τ~P(·;θ)}[∇((1/2) (log (P(τ;θ)/P(τ;ref)))^2)] = ∇E_{τ~P(·;θ)}[log (P(τ;θ)/P(τ;ref))]

Why it matters: k2 is a biased estimate of the divergence, and its gradient is an
unbiased one of the divergence's gradient.

Outline
    1. The samples are drawn from the policy as it is, and half the square is differentiated.
    2. The divergence is the mean of the log-ratio, whose own gradient has mean 0.

Source: J. Schulman, "Approximating KL divergence" (2020).
"""

from derive import P, Policy, automata, by, calc, expect, grad, log, policy_positive, ratio, tau, theorem

ref = Policy("ref")


@theorem("the estimator k2 of trajectories as a loss", assumes=[policy_positive])
def divergence_estimator_k2_as_a_loss():
    log_ratio = log(ratio(P(tau), P(tau, policy=ref)))
    return calc(
        expect(tau, grad(ratio(1, 2) * log_ratio**2)),
        by(automata),
        expect(tau, log_ratio * grad(log(P(tau)))),
        by(automata),
        grad(expect(tau, log_ratio)),
    )
