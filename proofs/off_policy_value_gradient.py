"""The gradient of the value under another law of states, with the term that is often dropped.

    ∇E_{τ~P(·;β)}[V_t(s_t)] = E_{τ~P(·;β)}[(π_θ(a_t|s_t)/β(a_t|s_t)) (∇log π_θ(a_t|s_t) Q_t(s_t, a_t) + ∇Q_t(s_t, a_t))]

Why it matters: off-policy actor-critic keeps the first term and drops the second, the
gradient of the action values. This line shows what is dropped.

Outline
    1. The product rule, in every state.
    2. The mean over actions is taken under β with a ratio.

Source: T. Degris, M. White, R. S. Sutton, "Off-policy actor-critic" (2012), section 2.2.
"""

from derive import (
    Policy,
    Q,
    V,
    a,
    additive_return,
    automata,
    by,
    calc,
    expect,
    grad,
    log,
    pi,
    policy_positive,
    ratio,
    t,
    tau,
    theorem,
    total,
)

beta = Policy("beta")


@theorem("the gradient of the value under another law", assumes=[additive_return, policy_positive])
def off_policy_value_gradient():
    here, act = tau.s[t], tau.a[t]
    importance = ratio(pi(act | here), beta(act | here))
    first = total(a, grad(pi(a | here)) * Q[t](here, a))
    return calc(
        grad(expect(tau, V[t](here), policy=beta)),
        by(automata),
        expect(tau, first + total(a, pi(a | here) * grad(Q[t](here, a))), policy=beta),
        by(automata),
        expect(tau, importance * (grad(log(pi(act | here))) * Q[t](here, act) + grad(Q[t](here, act))), policy=beta),
    )
