"""The gradient of the clipped surrogate at θ_old is the policy gradient.

    ∇E_{τ~P(·;π_{old})}[Σ_{t=0..H} γ^t clipped(s_t, a_t) A_t^{π_{old}}(s_t, a_t)] = ∇J(θ)

clipped(s, a) is clip(ρ, 1 - ε, 1 + ε) for the ratio ρ = π_θ(a|s)/π_old(a|s), as it is near θ_old: there ρ is
close to 1, which lies inside the interval for every ε > 0, so clip(ρ, 1 - ε, 1 + ε) = ρ, and the smaller one of
ρ A and clip(ρ, 1 - ε, 1 + ε) A is ρ A as well.

Why it matters: the first step of PPO on fresh samples follows the true gradient, whatever ε is. Clipping
acts from the second step on, away from θ_old, of which nothing is said here.

Outline
    1. Near θ_old the clipped ratio is the ratio.
    2. The gradient of the surrogate.

Source: J. Schulman, F. Wolski, P. Dhariwal, A. Radford, O. Klimov, "Proximal policy optimization
algorithms" (2017), equation 7.
"""

from derive import (
    A,
    J,
    a,
    additive_return,
    by,
    calc,
    define,
    definition,
    expect,
    gamma,
    grad,
    pi,
    pi_old,
    ratio,
    s,
    stop_gradient,
    t,
    tau,
    theorem,
    total,
)

from .surrogate_gradient import surrogate_gradient


@theorem("the gradient of the clipped surrogate", assumes=[additive_return])
def clipped_surrogate_gradient():
    clipped = define("clipped", [s, a], ratio(pi(a | s), pi_old(a | s)))
    importance = ratio(pi(tau.a[t] | tau.s[t]), pi_old(tau.a[t] | tau.s[t]))
    advantage = stop_gradient(A[t](tau.s[t], tau.a[t]))
    return calc(
        grad(expect(tau, total(t, gamma**t * clipped(tau.s[t], tau.a[t]) * advantage), policy=pi_old)),
        by(definition(clipped)),
        grad(expect(tau, total(t, gamma**t * importance * advantage), policy=pi_old)),
        by(surrogate_gradient),
        grad(J),
    )
