"""The n-step advantage beside the score, for every n.

    E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) (Σ_{t=0..n} γ^t r(s_t, a_t, s_{t+1}) + γ^{n+1} V(s_{n+1}) - V(s_0))] =
        E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) A(s_0, a_0)]

Why it matters: one law covers A3C's n, the one-step critic (n = 0) and everything
between.

Outline
    1. The rewards up to the time n and the value after it are the value before them, and what the first action adds.

Source: V. Mnih et al., "Asynchronous methods for deep reinforcement learning" (2016),
section 4.
"""

from derive import (
    A,
    Time,
    V,
    additive_return,
    automata,
    by,
    calc,
    discount_below_one,
    expect,
    gamma,
    grad,
    k,
    log,
    pi,
    r,
    tau,
    theorem,
    total,
)

n = Time("n")


@theorem("the advantage after any number of steps", assumes=[additive_return, discount_below_one])
def advantage_of_n_steps():
    score = grad(log(pi(tau.a[0] | tau.s[0])))
    rewards = total(k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), stop=n)
    return calc(
        expect(tau, score * (rewards + gamma ** (n + 1) * V(tau.s[n + 1]) - V(tau.s[0]))),
        by(automata),
        expect(tau, score * A(tau.s[0], tau.a[0])),
    )
