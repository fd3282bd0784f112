"""The rewards to go with γ^{t+k}, beside γ^t. False.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) Σ_{k=0..H-t} γ^{t+k} r(s_{t+k}, a_{t+k}, s_{t+k+1})]

The discount of the state is counted twice: γ^t stands for it already, so the k-th
reward after the decision has γ^k.
"""

from derive import H, J, Refuted, additive_return, by, calc, expect, gamma, grad, k, log, pi, r, t, tau, theorem, total


@theorem("the rewards to go with the discounts of the return", assumes=[additive_return])
def discount_of_the_rewards_from_the_start():
    score = grad(log(pi(tau.a[t] | tau.s[t])))

    later = r(tau.s[t + k], tau.a[t + k], tau.s[t + k + 1])
    return calc(
        grad(J),
        by("the rewards to go", expect=Refuted),
        expect(tau, total(t, gamma**t * score * total(k, gamma ** (t + k) * later, stop=H - t))),
    )
