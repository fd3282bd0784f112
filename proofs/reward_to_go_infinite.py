"""The policy gradient with the rewards to go, without a last decision.

    ∇J(θ) = Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) Q(s_t, a_t)]

Why it matters: it shows where γ^t belongs: in front of the return from t on, which carries
its own γ^{k-t}.

Outline
    1. Decided as a whole, with the sums shown to converge.
    2. The rewards to go have the mean Q(s_t, a_t).

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.3.
"""

from derive import (
    J,
    Q,
    additive_return,
    automata,
    by,
    calc,
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


@theorem("the rewards to go, without a last decision", assumes=[additive_return, discount_below_one])
def reward_to_go_infinite():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    to_go = total(k, gamma ** (k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t, stop=forever)
    return calc(
        grad(J),
        by(automata),
        total(t, gamma**t * expect(tau, score * to_go), stop=forever),
        by(automata),
        total(t, gamma**t * expect(tau, score * Q(tau.s[t], tau.a[t])), stop=forever),
    )
