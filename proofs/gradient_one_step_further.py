"""The gradient of the value of s_t, passed on to s_{t+1}, at every time t of a finite horizon.

    E_{τ~P(·;θ)}[∇V_t(s_t)] = E_{τ~P(·;θ)}[Σ_a ∇π_θ(a|s_t) Q_t(s_t, a)] + γ E_{τ~P(·;θ)}[∇V_{t+1}(s_{t+1})]

Why it matters: summed over t, the tails cancel, and what is left is the policy gradient
theorem.

Outline
    1. The gradient of a state value, one step ahead, in the state s_t.
    2. The mean over s_{t+1} is a mean over the trajectory.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.2.
"""

from derive import P, Q, V, a, additive_return, automata, by, calc, expect, gamma, grad, pi, t, tau, theorem, total, x


@theorem("the gradient passed on to the next state", assumes=[additive_return])
def gradient_one_step_further():
    here, then = tau.s[t], tau.s[t + 1]
    now = total(a, grad(pi(a | here)) * Q[t](here, a))
    ahead = total(a, pi(a | here) * total(x, P(x | here, a) * grad(V[t + 1](x))))
    return calc(
        expect(tau, grad(V[t](here))),
        by(automata),
        expect(tau, now + gamma * ahead),
        by(automata),
        expect(tau, now) + gamma * expect(tau, grad(V[t + 1](then))),
    )
