"""The rewards to go with r_t in the place of r_k. False.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} ∇log π_θ(a_t|s_t) Σ_{k=t..H} γ^k r(s_t, a_t, s_{t+1})]

The letter of the outer sum stands in the inner one, so the reward of the decision is
added up again and again.
"""

from derive import J, Refuted, additive_return, by, calc, expect, gamma, grad, k, log, pi, r, t, tau, theorem, total


@theorem("the reward of the decision for the later ones", assumes=[additive_return])
def reward_of_the_decision_repeated():
    score = grad(log(pi(tau.a[t] | tau.s[t])))

    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    return calc(
        grad(J),
        by("the rewards to go", expect=Refuted),
        expect(tau, total(t, score * total(k, gamma**k * reward, start=t))),
    )
