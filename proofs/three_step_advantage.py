"""The three-step advantage estimate has the mean of the advantage.

    E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) (Σ_{k=t..t+2} γ^{k-t} r(s_k, a_k, s_{k+1}) + γ^3 V_{t+3}(s_{t+3}) -
        V_t(s_t))] = E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) A_t(s_t, a_t)]

Why it matters: the n-step estimates lie between one TD error and the whole return; all have
the same mean if the critic is exact.

Outline
    1. Three TD errors telescope, except for the discounted rewards and the two ends.
    2. Only the first of them has a mean other than 0, given s_t and a_t.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 7.1.
"""

from derive import (
    A,
    H,
    V,
    additive_return,
    at_most,
    automata,
    by,
    calc,
    delta,
    expect,
    gamma,
    grad,
    k,
    log,
    pi,
    r,
    t,
    tau,
    theorem,
    total,
)


@theorem("the three-step advantage", assumes=[additive_return, at_most(t, H - 2)])
def three_step_advantage():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    rewards = total(k, gamma ** (k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t, stop=t + 2)
    return calc(
        expect(tau, score * (rewards + gamma**3 * V[t + 3](tau.s[t + 3]) - V[t](tau.s[t]))),
        by(automata),
        expect(tau, score * (delta[t](tau) + gamma * delta[t + 1](tau) + gamma**2 * delta[t + 2](tau))),
        by(automata),
        expect(tau, score * A[t](tau.s[t], tau.a[t])),
    )
