"""The policy gradient with the rewards to go, without a discount.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} ∇log π_θ(a_t|s_t) Q_t(s_t, a_t)]

Why it matters: many pages set γ = 1 and leave it out. At a finite horizon nothing is lost.

Outline
    1. Decided as a whole, with γ = 1.

Source: J. Achiam, "Spinning Up in deep RL" (2018), part 3, introduction to policy optimization.
"""

from derive import (
    J,
    Q,
    additive_return,
    automata,
    by,
    calc,
    expect,
    grad,
    k,
    log,
    pi,
    r,
    t,
    tau,
    theorem,
    total,
    undiscounted,
)


@theorem("the rewards to go without a discount", assumes=[additive_return, undiscounted])
def reward_to_go_undiscounted():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    reward = r(tau.s[k], tau.a[k], tau.s[k + 1])
    return calc(
        grad(J),
        by(automata),
        expect(tau, total(t, score * total(k, reward, start=t))),
        by(automata),
        expect(tau, total(t, score * Q[t](tau.s[t], tau.a[t]))),
    )
