"""Shaping by a potential at a finite horizon, with its end term.

    E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t (r(s_t, a_t, s_{t+1}) + (γ Phi(s_{t+1}) - Phi(s_t)))] = J(θ) +
        E_{τ~P(·;θ)}[γ^{H+1} Phi(s_{H+1})] - Σ_s μ(s) Phi(s)

Why it matters: at a finite horizon the policy is changed, by the potential of the state
that is reached at the end. It must be 0 there, or be paid back.

Outline
    1. Decided as a whole: the shaped rewards telescope.

Source: A. Y. Ng, D. Harada, S. Russell, "Policy invariance under reward transformations"
(1999); M. Grzes, "Reward shaping in episodic reinforcement learning" (2017).
"""

from derive import H, J, additive_return, automata, by, calc, expect, function, gamma, mu, r, s, t, tau, theorem, total


@theorem("potential shaping at a finite horizon", assumes=[additive_return])
def potential_shaping_finite():
    phi = function("Phi")
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    shaping = gamma * phi(tau.s[t + 1]) - phi(tau.s[t])
    return calc(
        expect(tau, total(t, gamma**t * (reward + shaping))),
        by(automata),
        J + expect(tau, gamma ** (H + 1) * phi(tau.s[H + 1])) - total(s, mu(s) * phi(s)),
    )
