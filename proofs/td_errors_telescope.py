"""The discounted TD errors add up to the return minus the value.

    E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) Σ_{k=t..H} γ^{k-t} δ_k(τ)] = E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) A_t(s_t, a_t)]

Why it matters: it is generalised advantage estimation with λ = 1, and the reason why a wrong
critic does no harm there: the values cancel.

Outline
    1. Decided as a whole: the values telescope.
    2. The mean is the advantage.

Source: J. Schulman, P. Moritz, S. Levine, M. Jordan, P. Abbeel, "High-dimensional continuous
control using generalized advantage estimation" (2016), equation 18.
"""

from derive import (
    A,
    V,
    additive_return,
    automata,
    by,
    calc,
    delta,
    expect,
    gamma,
    grad,
    k,
    log,
    pi,
    r,
    t,
    tau,
    theorem,
    total,
)


@theorem("the TD errors telescope", assumes=[additive_return])
def td_errors_telescope():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    to_go = total(k, gamma ** (k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t)
    return calc(
        expect(tau, score * total(k, gamma ** (k - t) * delta[k](tau), start=t)),
        by(automata),
        expect(tau, score * (to_go - V[t](tau.s[t]))),
        by(automata),
        expect(tau, score * A[t](tau.s[t], tau.a[t])),
    )
