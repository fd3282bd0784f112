"""The variance of the rewards to go is that given the state, in the mean, and that of the value.

    Var_{τ~P(·;θ)}[G_t(τ)] = Σ_s p_t(s) E_{τ~P(·;θ)}[(G_t(τ) - V_t(s))^2 | s_t = s] + Var_{τ~P(·;θ)}[V_t(s_t)]

Why it matters: a critic takes away the second part at most; what is left is the noise of
actions and transitions from the state on.

Outline
    1. G_t is V_t(s_t) and a rest with mean zero given the state, which are uncorrelated.
    2. The mean of the squared rest is taken state by state.

Source: E. Greensmith, P. L. Bartlett, J. Baxter, "Variance reduction techniques for gradient
estimates in reinforcement learning" (2004); the law of total variance.
"""

from derive import (
    G,
    V,
    additive_return,
    automata,
    by,
    calc,
    dynamics_positive,
    expect,
    initial_positive,
    p,
    s,
    same,
    t,
    tau,
    theorem,
    total,
    variance,
)


@theorem("the total variance of the return", assumes=[additive_return, initial_positive, dynamics_positive])
def total_variance_of_the_return():
    return calc(
        variance(tau, G[t](tau)),
        by(automata),
        expect(tau, (G[t](tau) - V[t](tau.s[t])) ** 2) + variance(tau, V[t](tau.s[t])),
        by(automata),
        total(s, p[t](s) * expect(tau, (G[t](tau) - V[t](s)) ** 2, given=[same(tau.s[t], s)]))
        + variance(tau, V[t](tau.s[t])),
    )
