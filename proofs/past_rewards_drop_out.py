"""A score is uncorrelated with the rewards that came before it (causality).

    E_{τ~P(·;θ)}[∇log π_θ(a_k|s_k) r(s_t, a_t, s_{t+1})] = 0

Why it matters: an action cannot change what was received before it was taken, so those
rewards only add variance.

Outline
    1. Decided as a whole: given what happened up to s_k, the reward is known and the score
       of a_k has mean zero.

Source: J. Baxter, P. L. Bartlett, "Infinite-horizon policy-gradient estimation", Journal of
Artificial Intelligence Research 15 (2001).
"""

from derive import automata, by, calc, earlier, expect, grad, k, log, pi, r, t, tau, theorem


@theorem("past rewards drop out", assumes=[earlier(t, k)])
def past_rewards_drop_out():
    return calc(
        expect(tau, grad(log(pi(tau.a[k] | tau.s[k]))) * r(tau.s[t], tau.a[t], tau.s[t + 1])),
        by(automata),
        0,
    )
