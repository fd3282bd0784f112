"""The action value is the mean of the rewards to go, given the state and the action.

    E_{τ~P(·;θ)}[Σ_{k=t..H} γ^{k-t} r(s_k, a_k, s_{k+1}) | s_t = s, a_t = a] = Q_t(s, a)

Why it matters: most books define Q this way. Here it is a theorem, for Q is defined by the
Bellman equation.

Outline
    1. Decided as a whole. Conditions on s_t and a_t must have positive probability.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 3.5.
"""

from derive import (
    Q,
    a,
    additive_return,
    automata,
    by,
    calc,
    dynamics_positive,
    expect,
    gamma,
    initial_positive,
    k,
    policy_positive,
    r,
    s,
    same,
    t,
    tau,
    theorem,
    total,
)


@theorem("the action value is a conditional mean",
         assumes=[additive_return, policy_positive, initial_positive, dynamics_positive])
def action_value_is_a_conditional_mean():
    to_go = total(k, gamma ** (k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t)
    return calc(
        expect(tau, to_go, given=[same(tau.s[t], s), same(tau.a[t], a)]),
        by(automata),
        Q[t](s, a),
    )
