"""The potential of the last state is forgotten at a finite horizon. False.

    ∇E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t (r(s_t, a_t, s_{t+1}) + (γ Phi(s_{t+1}) - Phi(s_t)))] = ∇J(θ)

γ^{H+1} Φ(s_{H+1}) is left over, and its mean depends on the policy. It must be 0 there.
"""

from derive import J, Refuted, additive_return, by, calc, expect, function, gamma, grad, r, t, tau, theorem, total


@theorem("the end term of shaping is lost", assumes=[additive_return])
def shaping_end_term_lost():
    phi = function("Phi")
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    shaping = gamma * phi(tau.s[t + 1]) - phi(tau.s[t])
    return calc(
        grad(expect(tau, total(t, gamma**t * (reward + shaping)))),
        by("potential shaping", expect=Refuted),
        grad(J),
    )
