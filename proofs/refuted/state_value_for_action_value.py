"""The state value takes the place of the action value. False.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) V_t(s_t)]

V_t(s_t) is a baseline: its product with the score has mean zero, and the right side is 0.
"""

from derive import J, Refuted, V, additive_return, by, calc, expect, gamma, grad, log, pi, t, tau, theorem, total


@theorem("the state value for the action value", assumes=[additive_return])
def state_value_for_action_value():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(J),
        by("a critic judges the actions", expect=Refuted),
        expect(tau, total(t, gamma**t * score * V[t](tau.s[t]))),
    )
