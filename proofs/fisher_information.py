"""The Fisher information of the policy is minus the mean Hessian of its logarithm.

    Var_{τ~P(·;θ)}[∇log π_θ(a_t|s_t)] = -E_{τ~P(·;θ)}[∇∇log π_θ(a_t|s_t)]

Why it matters: the natural gradient divides by this matrix; both forms are estimated.

Outline
    1. Decided in every state: Σ_a ∇∇π = 0, and the score has mean zero.
    2. Given s_t, the mean over a_t is a mean over all actions.

Source: S. Amari, "Natural gradient works efficiently in learning" (1998); S. Kakade, "A natural
policy gradient" (2001).
"""

from derive import a, automata, by, calc, expect, grad, log, pi, policy_positive, t, tau, theorem, variance


@theorem("the Fisher information of the policy", assumes=[policy_positive])
def fisher_information():
    log_policy = log(pi(tau.a[t] | tau.s[t]))
    return calc(
        variance(tau, grad(log_policy)),
        by(automata),
        -expect(tau, expect(a, grad(grad(log(pi(a | tau.s[t])))), given=tau.s[t])),
        by(automata),
        -expect(tau, grad(grad(log_policy))),
    )
