"""The policy gradient from trajectories of another policy, each reward with the ratios and the scores up to it.

    ∇J(θ) = E_{τ~P(·;β)}[Σ_{t=0..H} γ^t r(s_t, a_t, s_{t+1}) (Π_{k=0..t} (π_θ(a_k|s_k)/β(a_k|s_k))) Σ_{k=0..t} ∇log
        π_θ(a_k|s_k)]

Why it matters: later ratios and later scores only add variance.

Outline
    1. The gradient of a product of ratios is the product times the scores.
    2. Ratios and scores after a reward drop out.

Source: D. Precup, R. S. Sutton, S. Singh, "Eligibility traces for off-policy policy
evaluation" (2000).
"""

from derive import (
    J,
    Policy,
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
    policy_positive,
    prod,
    r,
    ratio,
    t,
    tau,
    theorem,
    total,
)

beta = Policy("beta")


@theorem("the gradient per decision", assumes=[additive_return, policy_positive])
def per_decision_gradient():
    ratios = prod(k, ratio(pi(tau.a[k] | tau.s[k]), beta(tau.a[k] | tau.s[k])), stop=t)
    scores = total(k, grad(log(pi(tau.a[k] | tau.s[k]))), stop=t)
    rewards = gamma**t * r(tau.s[t], tau.a[t], tau.s[t + 1])
    return calc(
        grad(J),
        by(automata),
        expect(tau, total(t, rewards * grad(ratios)), policy=beta),
        by(automata),
        expect(tau, total(t, rewards * ratios * scores), policy=beta),
    )
