"""The variance of the score of a trajectory is the sum of the variances of its scores.

    Var_{τ~P(·;θ)}[Σ_{t=0..H} ∇log π_θ(a_t|s_t)] = Σ_{t=0..H} E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) ∇log π_θ(a_t|s_t)]

Why it matters: scores at different times are uncorrelated, so the variance grows with the
horizon, and the Fisher information of a trajectory is a sum.

Outline
    1. Decided as a whole: given the past, the next score has mean zero.

Source: J. Peters, S. Schaal, "Natural actor-critic", Neurocomputing 71 (2008).
"""

from derive import automata, by, calc, expect, grad, log, pi, policy_positive, t, tau, theorem, total, variance


@theorem("scores are uncorrelated", assumes=[policy_positive])
def scores_are_uncorrelated():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        variance(tau, total(t, score)),
        by(automata),
        total(t, variance(tau, score)),
        by(automata),
        total(t, expect(tau, score * score)),
    )
