"""The policy gradient with three-step advantage estimates, without a last decision.

    Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) (Σ_{k=t..t+2} γ^{k-t} r(s_k, a_k, s_{k+1}) + γ^3 V(s_{t+3}) -
        V(s_t))] = ∇J(θ)

Why it matters: A3C cuts its paths after n steps and fills in a value. With the exact values
the gradient is not biased by it.

Outline
    1. Three TD errors telescope, except for the discounted rewards and the two ends.
    2. Decided as a whole, with the sums shown to converge.

Source: V. Mnih et al., "Asynchronous methods for deep reinforcement learning" (2016).
"""

from derive import (
    J,
    V,
    additive_return,
    automata,
    by,
    calc,
    delta,
    discount_below_one,
    expect,
    forever,
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


@theorem("three-step advantages without a last decision", assumes=[additive_return, discount_below_one])
def three_step_advantage_infinite():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    rewards = total(k, gamma ** (k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t, stop=t + 2)
    errors = delta[t](tau) + gamma * delta[t + 1](tau) + gamma**2 * delta[t + 2](tau)
    return calc(
        total(t, gamma**t * expect(tau, score * (rewards + gamma**3 * V(tau.s[t + 3]) - V(tau.s[t]))), stop=forever),
        by(automata),
        total(t, gamma**t * expect(tau, score * errors), stop=forever),
        by(automata),
        grad(J),
    )
