"""A baseline of the past does not change the policy gradient.

    Σ_{t=1..H} E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) b(s_{t-1}, a_{t-1}, s_t)] = 0

Why it matters: a recurrent critic reads the history, and it is unbiased for the same reason
as a critic of the state, as long as it does not read the action it judges.

Outline
    1. Decided as a whole: given the past, the score of the next action has mean zero.

Source: E. Greensmith, P. L. Bartlett, J. Baxter, "Variance reduction techniques for gradient
estimates in reinforcement learning", Journal of Machine Learning Research 5 (2004).
"""

from derive import automata, by, calc, expect, function, grad, log, pi, t, tau, theorem, total


@theorem("a baseline of the past", assumes=[])
def history_baseline():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    baseline = function("b")(tau.s[t - 1], tau.a[t - 1], tau.s[t])
    return calc(
        total(t, expect(tau, score * baseline), start=1),
        by(automata),
        0,
    )
