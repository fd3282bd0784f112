"""The rewards to go carry the weight γ^k, and the score another γ^t. False.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) Σ_{k=t..H} γ^k r(s_k, a_k, s_{k+1})]

γ^t may stand before the score if the rewards to go are discounted from t on, by γ^{k-t}; or
the rewards carry the whole γ^k, and the score nothing.
"""

from derive import J, Refuted, additive_return, by, calc, expect, gamma, grad, k, log, pi, r, t, tau, theorem, total


@theorem("the discount is counted twice", assumes=[additive_return])
def discount_counted_twice():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    to_go = total(k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t)
    return calc(
        grad(J),
        by("the policy gradient with the rewards to go", expect=Refuted),
        expect(tau, total(t, gamma**t * score * to_go)),
    )
