"""The policy gradient with the rewards to go, their times counted from the decision.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) Σ_{k=0..H-t} γ^k r(s_{t+k}, a_{t+k}, s_{t+k+1})]

Why it matters: it is how the return of a decision is defined in textbooks: what comes k
steps later is r_{t+k}.

Outline
    1. The policy gradient with the rewards to go.
    2. A sum over k = t..H of what is at k is one over k = 0..H-t of what is at t + k.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 3.3
and 13.3.
"""

from derive import H, J, additive_return, automata, by, calc, expect, gamma, grad, k, log, pi, r, t, tau, theorem, total


@theorem("REINFORCE, its rewards counted from the decision", assumes=[additive_return])
def reinforce_with_added_times():
    score = grad(log(pi(tau.a[t] | tau.s[t])))

    later = r(tau.s[t + k], tau.a[t + k], tau.s[t + k + 1])
    reward = r(tau.s[k], tau.a[k], tau.s[k + 1])
    return calc(
        grad(J),
        by(automata),
        expect(tau, total(t, gamma**t * score * total(k, gamma ** (k - t) * reward, start=t))),
        by(automata),
        expect(tau, total(t, gamma**t * score * total(k, gamma**k * later, stop=H - t))),
    )
