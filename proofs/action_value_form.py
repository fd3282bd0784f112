"""The policy gradient with action values.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) Q_t(s_t, a_t)]

Why it matters: the rewards to go are one draw of Q_t(s_t, a_t), so a critic of actions may
take their place.

Outline
    1. The policy gradient with the rewards to go.
    2. Given s_t and a_t, the rewards to go have the mean Q_t(s_t, a_t).

Source: R. S. Sutton, D. McAllester, S. Singh, Y. Mansour, "Policy gradient methods for
reinforcement learning with function approximation" (1999).
"""

from derive import (
    J,
    Q,
    additive_return,
    automata,
    by,
    calc,
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

from .reward_to_go import reward_to_go


@theorem("the policy gradient with action values", assumes=[possible(tau), additive_return])
def action_value_form():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    reward = r(tau.s[k], tau.a[k], tau.s[k + 1])
    return calc(
        grad(J),
        by(reward_to_go),
        expect(tau, total(t, gamma**t * score * total(k, gamma ** (k - t) * reward, start=t))),
        by(automata),
        expect(tau, total(t, gamma**t * score * Q[t](tau.s[t], tau.a[t]))),
    )
