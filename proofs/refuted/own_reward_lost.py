"""The rewards to go start one step too late. False.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} ∇log π_θ(a_t|s_t) Σ_{k=t+1..H} γ^k r(s_k, a_k, s_{k+1})]

The reward of the step itself, r(s_t, a_t, s_{t+1}), follows the action a_t and depends on it.
"""

from derive import J, Refuted, additive_return, by, calc, expect, gamma, grad, k, log, pi, r, t, tau, theorem, total


@theorem("the own reward is lost", assumes=[additive_return])
def own_reward_lost():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    later = total(k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t + 1)
    return calc(
        grad(J),
        by("only future rewards count", expect=Refuted),
        expect(tau, total(t, score * later)),
    )
