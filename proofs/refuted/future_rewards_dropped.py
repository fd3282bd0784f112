"""Each score is multiplied by its own reward only. False.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) r(s_t, a_t, s_{t+1})]

An action also changes where one goes, and with it all later rewards. In a bandit, where
nothing follows, the line is true.
"""

from derive import J, Refuted, additive_return, by, calc, expect, gamma, grad, log, pi, r, t, tau, theorem, total


@theorem("future rewards are dropped", assumes=[additive_return])
def future_rewards_dropped():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    return calc(
        grad(J),
        by("credit for the own reward", expect=Refuted),
        expect(tau, total(t, gamma**t * score * reward)),
    )
