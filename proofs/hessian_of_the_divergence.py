"""The Hessian of the KL divergence at equal policies is the Fisher information.

    E_{τ~P(·;θ)}[∇∇KL(π_{old}, π_θ, s_t)] = E_{τ~P(·;θ)}[∇∇KL(π_θ, π_{old}, s_t)]

Why it matters: it is the metric of the natural gradient and of TRPO. To second order it does
not matter which of the two policies comes first.

Outline
    1. The old policy is held fixed; the divergence is differentiated twice and read at θ_old.
    2. The mean Hessian of the logarithm is minus the Fisher information.
    3. The same for the divergence the other way round.

Source: S. Kakade, "A natural policy gradient" (2001); J. Schulman, S. Levine, P. Moritz,
M. Jordan, P. Abbeel, "Trust region policy optimization" (2015), appendix C.
"""

from derive import automata, by, calc, expect, grad, kl, log, pi, pi_old, policy_positive, t, tau, theorem, variance

from .fisher_information import fisher_information


@theorem("the Hessian of the divergence", assumes=[policy_positive])
def hessian_of_the_divergence():
    log_policy = log(pi(tau.a[t] | tau.s[t]))
    return calc(
        expect(tau, grad(grad(kl(pi_old, pi, tau.s[t])))),
        by(automata),
        -expect(tau, grad(grad(log_policy))),
        by(fisher_information),
        variance(tau, grad(log_policy)),
        by(automata),
        expect(tau, grad(grad(kl(pi, pi_old, tau.s[t])))),
    )
