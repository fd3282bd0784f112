"""The Fisher information of a trajectory is the sum over its decisions.

    Var_{τ~P(·;θ)}[∇log P(τ;θ)] = -Σ_{t=0..H} E_{τ~P(·;θ)}[∇∇log π_θ(a_t|s_t)]

Why it matters: scores at different times are uncorrelated, so the variance of the score of
a trajectory grows with the horizon, and no more than that.

Outline
    1. Minus the mean Hessian of log P(τ), whose dynamics do not depend on θ.
    2. The logarithm of a product is a sum.

Source: J. Peters, S. Schaal, "Natural actor-critic", Neurocomputing 71 (2008).
"""

from derive import P, automata, by, calc, expect, grad, log, pi, policy_positive, t, tau, theorem, total, variance


@theorem("scores are uncorrelated", assumes=[policy_positive])
def scores_are_uncorrelated():
    log_policy = log(pi(tau.a[t] | tau.s[t]))
    return calc(
        variance(tau, grad(log(P(tau)))),
        by(automata),
        variance(tau, total(t, grad(log_policy))),
        by(automata),
        -expect(tau, total(t, grad(grad(log_policy)))),
        by(automata),
        -total(t, expect(tau, grad(grad(log_policy)))),
    )
