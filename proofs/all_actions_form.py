"""The policy gradient with a sum over all actions, at a finite horizon.

    ∇J(θ) = Σ_{t=0..H} γ^t Σ_s p_t(s) Σ_a ∇π_θ(a|s) Q_t(s, a)

Why it matters: no action needs to be sampled, and no division by the policy is needed: the
line holds for policies that never take some action.

Outline
    1. The policy gradient with action values.
    2. Given s_t, the mean over a_t is a sum over all actions.

Source: K. Ciosek, S. Whiteson, "Expected policy gradients" (2018).
"""

from derive import (
    J,
    Q,
    a,
    additive_return,
    automata,
    by,
    calc,
    expect,
    gamma,
    grad,
    log,
    p,
    pi,
    possible,
    s,
    t,
    tau,
    theorem,
    total,
)

from .action_value_form import action_value_form


@theorem("the policy gradient with a sum over all actions", assumes=[possible(tau), additive_return])
def all_actions_form():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(J),
        by(action_value_form),
        expect(tau, total(t, gamma**t * score * Q[t](tau.s[t], tau.a[t]))),
        by(automata),
        total(t, gamma**t * expect(tau, total(a, grad(pi(a | tau.s[t])) * Q[t](tau.s[t], a)))),
        by(automata),
        total(t, gamma**t * total(s, p[t](s) * total(a, grad(pi(a | s)) * Q[t](s, a)))),
    )
