"""The gradient of the value of s_t, passed on to s_{t+1}, at every time t.

    γ^t E_{τ~P(·;θ)}[∇V(s_t)] = γ^t E_{τ~P(·;θ)}[Σ_a ∇π_θ(a|s_t) Q(s_t, a)] + γ^{t+1} E_{τ~P(·;θ)}[∇V(s_{t+1})]

Why it matters: summed over t with weights γ^t, both tails cancel, and what is left is the
policy gradient theorem.

Outline
    1. The gradient of a state value, one step ahead, in the state s_t.
    2. The mean over s_{t+1} is a mean over the trajectory.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.2.
"""

from derive import Q, V, a, additive_return, automata, by, calc, discount_below_one, expect, gamma, grad, pi, t, tau, theorem, total


@theorem("the gradient passed on to the next state", assumes=[additive_return, discount_below_one])
def gradient_one_step_further():
    now = expect(tau, total(a, grad(pi(a | tau.s[t])) * Q(tau.s[t], a)))
    return calc(
        gamma**t * expect(tau, grad(V(tau.s[t]))),
        by(automata),
        gamma**t * now + gamma ** (t + 1) * expect(tau, grad(V(tau.s[t + 1]))),
    )
