"""Each score is multiplied by its own reward only, without a last decision. False.

    ∇J(θ) = Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) r(s_t, a_t, s_{t+1})]

An action also changes where one goes. It takes two states to see it.
"""

from derive import (
    J,
    Refuted,
    additive_return,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    gamma,
    grad,
    log,
    pi,
    r,
    t,
    tau,
    theorem,
    total,
)


@theorem("future rewards are dropped, without a last decision", assumes=[additive_return, discount_below_one])
def future_rewards_dropped_infinite():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    return calc(
        grad(J),
        by("credit for the own reward", expect=Refuted),
        total(t, gamma**t * expect(tau, score * reward), stop=forever),
    )
