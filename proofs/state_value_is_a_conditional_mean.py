"""The state value is the mean of the rewards to go, given the state.

    E_{τ~P(·;θ)}[Σ_{k=t..H} γ^{k-t} r(s_k, a_k, s_{k+1}) | s_t = s] = V_t(s)

Why it matters: most books define V this way. Here it is a theorem.

Outline
    1. Decided as a whole. The state at time t must have positive probability.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 3.5.
"""

from derive import (
    V,
    additive_return,
    automata,
    by,
    calc,
    dynamics_positive,
    expect,
    gamma,
    initial_positive,
    k,
    r,
    s,
    same,
    t,
    tau,
    theorem,
    total,
)


@theorem("the state value is a conditional mean", assumes=[additive_return, initial_positive, dynamics_positive])
def state_value_is_a_conditional_mean():
    to_go = total(k, gamma ** (k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t)
    return calc(
        expect(tau, to_go, given=same(tau.s[t], s)),
        by(automata),
        V[t](s),
    )
