"""The score meets the action value of the next step. False.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H-1} γ^t ∇log π_θ(a_t|s_t) Q_{t+1}(s_{t+1}, a_{t+1})]

The next action value misses the reward r(s_t, a_t, s_{t+1}), and is discounted once too little.
"""

from derive import (
    H,
    J,
    Q,
    Refuted,
    additive_return,
    by,
    calc,
    expect,
    gamma,
    grad,
    log,
    pi,
    t,
    tau,
    theorem,
    total,
)


@theorem("the action value of the next step", assumes=[additive_return])
def action_value_one_step_later():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(J),
        by("the policy gradient with action values", expect=Refuted),
        expect(tau, total(t, gamma**t * score * Q[t + 1](tau.s[t + 1], tau.a[t + 1]), stop=H - 1)),
    )
