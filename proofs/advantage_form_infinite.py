"""The policy gradient with advantages, and with TD errors, without a last decision.

    ∇J(θ) = Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) δ_t(τ)]

Why it matters: it is the form of every actor-critic method, for a task that goes on.

Outline
    1. Decided as a whole, with the sums shown to converge.
    2. V(s_t) is a baseline of the state.
    3. Given s_t and a_t, the TD error has the mean A(s_t, a_t).

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
    discount_below_one,
    expect,
    forever,
    gamma,
    grad,
    log,
    pi,
    t,
    tau,
    theorem,
    total,
)


@theorem("the policy gradient with advantages, without a last decision", assumes=[additive_return, discount_below_one])
def advantage_form_infinite():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(J),
        by(automata),
        total(t, gamma**t * expect(tau, score * Q(tau.s[t], tau.a[t])), stop=forever),
        by(automata),
        total(t, gamma**t * expect(tau, score * A(tau.s[t], tau.a[t])), stop=forever),
        by(automata),
        total(t, gamma**t * expect(tau, score * delta[t](tau)), stop=forever),
    )
