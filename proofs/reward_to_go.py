"""The policy gradient with the rewards to go.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) Σ_{k=t..H} γ^{k-t} r(s_k, a_k, s_{k+1})]

Why it matters: it is the form that REINFORCE programs implement: each score is multiplied
by the rewards that follow it, and by no others.

Outline
    1. The policy gradient theorem.
    2. Write the return out.
    3. Past rewards drop out of each product.
    4. Take γ^t out of the rewards to go.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.3.
"""

from derive import (
    J,
    R,
    additive_return,
    automata,
    by,
    calc,
    definition,
    expect,
    gamma,
    grad,
    k,
    log,
    pi,
    possible,
    r,
    t,
    tau,
    theorem,
    total,
)

from .policy_gradient import policy_gradient


@theorem("the policy gradient with the rewards to go", assumes=[possible(tau), additive_return])
def reward_to_go():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    reward = r(tau.s[k], tau.a[k], tau.s[k + 1])
    return calc(
        grad(J),
        by(policy_gradient),
        expect(tau, total(t, score) * R(tau)),
        by(definition(R)),
        expect(tau, total(t, score) * total(k, gamma**k * reward)),
        by(automata),
        expect(tau, total(t, score * total(k, gamma**k * reward, start=t))),
        by(automata),
        expect(tau, total(t, gamma**t * score * total(k, gamma ** (k - t) * reward, start=t))),
    )
