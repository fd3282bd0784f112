"""The policy gradient with advantages, and with TD errors.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) δ_t(τ)]

Why it matters: it is the form of every actor-critic method. V_t is a baseline, and the TD
error is one draw of the advantage.

Outline
    1. The policy gradient with action values.
    2. V_t(s_t) is a baseline of the state.
    3. Given s_t and a_t, the TD error has the mean A_t(s_t, a_t).

Source: J. Schulman, P. Moritz, S. Levine, M. Jordan, P. Abbeel, "High-dimensional continuous
control using generalized advantage estimation" (2016), section 2.
"""

from derive import (
    A,
    J,
    Q,
    additive_return,
    automata,
    by,
    calc,
    delta,
    expect,
    gamma,
    grad,
    log,
    pi,
    possible,
    t,
    tau,
    theorem,
    total,
)

from .action_value_form import action_value_form


@theorem("the policy gradient with advantages", assumes=[possible(tau), additive_return])
def advantage_form():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(J),
        by(action_value_form),
        expect(tau, total(t, gamma**t * score * Q[t](tau.s[t], tau.a[t]))),
        by(automata),
        expect(tau, total(t, gamma**t * score * A[t](tau.s[t], tau.a[t]))),
        by(automata),
        expect(tau, total(t, gamma**t * score * delta[t](tau))),
    )
