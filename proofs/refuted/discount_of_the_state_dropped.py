"""The weight γ^t of the states is dropped. False.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} ∇log π_θ(a_t|s_t) Q_t(s_t, a_t)]

Nearly every program does this. The line is true for γ = 1; otherwise the right side is not
the gradient of J, and of no other function either.
"""

from derive import J, Q, Refuted, additive_return, by, calc, expect, grad, log, pi, t, tau, theorem, total


@theorem("the weight of the states is dropped", assumes=[additive_return])
def discount_of_the_state_dropped():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(J),
        by("the policy gradient with action values", expect=Refuted),
        expect(tau, total(t, score * Q[t](tau.s[t], tau.a[t]))),
    )
