"""The discount is lost when the return is written out. False.

    E_{τ~P(·;θ)}[R(τ)] = E_{τ~P(·;θ)}[Σ_{t=0..H} r(s_t, a_t, s_{t+1})]

With a single decision, or at γ = 1, the line is true; otherwise each reward is worth γ^t.
"""

from derive import (
    R,
    Refuted,
    additive_return,
    by,
    calc,
    definition,
    expect,
    r,
    t,
    tau,
    theorem,
    total,
)


@theorem("the discount is lost", assumes=[additive_return])
def discount_lost():

    return calc(
        expect(tau, R(tau)),
        by(definition(R), expect=Refuted),
        expect(tau, total(t, r(tau.s[t], tau.a[t], tau.s[t + 1]))),
    )
