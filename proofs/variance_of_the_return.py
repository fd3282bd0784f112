"""The variance of the return about its value is a sum over the TD errors.

    Var_{τ~P(·;θ)}[R(τ) - V_0(s_0)] = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^{2t} δ_t(τ)^2]

Why it matters: it says where in time the noise of the return comes from, and how the discount damps it.

Outline
    1. The discounted TD errors add up to the return less the first value.
    2. They have mean zero and are uncorrelated, so that only the squares are left.

Source: M. J. Sobel, "The variance of discounted Markov decision processes" (1982).
"""

from derive import (
    R,
    V,
    additive_return,
    automata,
    by,
    calc,
    delta,
    expect,
    gamma,
    t,
    tau,
    theorem,
    total,
    variance,
)


@theorem("the variance of the return", assumes=[additive_return])
def variance_of_the_return():
    return calc(
        variance(tau, R(tau) - V[0](tau.s[0])),
        by(automata),
        variance(tau, total(t, gamma**t * delta[t](tau))),
        by(automata),
        expect(tau, total(t, gamma ** (2 * t) * delta[t](tau) ** 2)),
    )
