"""The occupancy becomes a distribution between two lines, and its factor is lost. False.

    Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[f(s_t)] = Σ_s d̄(s) f(s)

The discounted occupancy sums to 1/(1 - γ); as a distribution it wants this factor before the sum.
"""

from derive import (
    Refuted,
    by,
    calc,
    d_normalized,
    discount_below_one,
    expect,
    forever,
    function,
    gamma,
    s,
    t,
    tau,
    theorem,
    total,
)


@theorem("the occupancy is normalised midway", assumes=[discount_below_one])
def occupancy_normalised_midway():
    f = function("f")
    return calc(
        total(t, gamma**t * expect(tau, f(tau.s[t])), stop=forever),
        by("the discounted occupancy is a distribution", expect=Refuted),
        expect(s, f(s), law=d_normalized),
    )
