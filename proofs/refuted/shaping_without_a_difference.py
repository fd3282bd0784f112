"""A reward for the state that is reached is said to change nothing. False.

    ∇E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t (r(s_t, a_t, s_{t+1}) + Phi(s_{t+1}))] = ∇J(θ)

Only differences γ Phi(s_{t+1}) - Phi(s_t) cancel along a trajectory; a bonus alone is a new objective.
"""

from derive import (
    J,
    Refuted,
    additive_return,
    by,
    calc,
    expect,
    function,
    gamma,
    grad,
    r,
    t,
    tau,
    theorem,
    total,
)


@theorem("shaping without a difference", assumes=[additive_return])
def shaping_without_a_difference():
    bonus = function("Phi")(tau.s[t + 1])
    return calc(
        grad(expect(tau, total(t, gamma**t * (r(tau.s[t], tau.a[t], tau.s[t + 1]) + bonus)))),
        by("potentials do not change the gradient", expect=Refuted),
        grad(J),
    )
