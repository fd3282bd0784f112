"""The policy gradient from trajectories of another policy, with the ratios of each reward and ∇π/β at one decision.

    ∇J(θ) = E_{τ~P(·;β)}[Σ_{t=0..H} γ^t r(s_t, a_t, s_{t+1}) Σ_{k=0..t} (Π_{j=0..k-1} (π_θ(a_j|s_j)/β(a_j|s_j)))
        (∇π_θ(a_k|s_k)/β(a_k|s_k)) Π_{j=k+1..t} (π_θ(a_j|s_j)/β(a_j|s_j))]

Why it matters: β may leave out what π never does, and no logarithm is taken, so
policies with zeros are covered.

Outline
    1. Per-decision importance sampling of the objective.
    2. The gradient of a product of ratios, one factor at a time.

Source: D. Precup, R. S. Sutton, S. Singh, "Eligibility traces for off-policy policy
evaluation" (2000).
"""

from derive import (
    J,
    Policy,
    Time,
    additive_return,
    automata,
    by,
    calc,
    covers,
    expect,
    gamma,
    grad,
    k,
    pi,
    prod,
    r,
    ratio,
    t,
    tau,
    theorem,
    total,
)

beta, n = Policy("beta"), Time("n")


def rho(at):
    return ratio(pi(tau.a[at] | tau.s[at]), beta(tau.a[at] | tau.s[at]))


@theorem("the gradient per decision, without scores", assumes=[additive_return, covers(beta, pi)])
def per_decision_gradient_without_scores():
    rewards = gamma**t * r(tau.s[t], tau.a[t], tau.s[t + 1])
    slope = ratio(grad(pi(tau.a[k] | tau.s[k])), beta(tau.a[k] | tau.s[k]))
    moved = total(k, prod(n, rho(n), stop=k - 1) * slope * prod(n, rho(n), start=k + 1, stop=t), stop=t)
    return calc(
        grad(J),
        by(automata),
        expect(tau, total(t, rewards * grad(prod(k, rho(k), stop=t))), policy=beta),
        by(automata),
        expect(tau, total(t, rewards * moved), policy=beta),
    )
