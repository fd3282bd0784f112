"""The gradient of the surrogate objective is the policy gradient, at the old policy.

    ∇E_{τ~P(·;π_{old})}[Σ_{t=0..H} γ^t (π_θ(a_t|s_t)/π_{old}(a_t|s_t)) A_t^{π_{old}}(s_t, a_t)] = ∇J(θ)

Why it matters: TRPO and PPO ascend this surrogate. It has the right slope where it is
built, and only there: the equation holds at θ = θ_old and may not be differentiated.

Outline
    1. The old policy and its advantages are held fixed; only the ratio moves.
    2. At θ_old the ratio is 1 and its gradient is the score.

Source: J. Schulman, S. Levine, P. Moritz, M. Jordan, P. Abbeel, "Trust region policy
optimization" (2015), equation 4; J. Schulman et al., "Proximal policy optimization
algorithms" (2017), section 3.
"""

from derive import (
    A,
    J,
    additive_return,
    automata,
    by,
    calc,
    expect,
    gamma,
    grad,
    log,
    pi,
    pi_old,
    ratio,
    stop_gradient,
    t,
    tau,
    theorem,
    total,
)


@theorem("the gradient of the surrogate", assumes=[additive_return])
def surrogate_gradient():
    importance = ratio(pi(tau.a[t] | tau.s[t]), pi_old(tau.a[t] | tau.s[t]))
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(expect(tau, total(t, gamma**t * importance * stop_gradient(A[t](tau.s[t], tau.a[t]))), policy=pi_old)),
        by(automata),
        expect(tau, total(t, gamma**t * score * A[t](tau.s[t], tau.a[t]))),
        by(automata),
        grad(J),
    )
