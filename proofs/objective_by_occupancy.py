"""The objective is the mean reward under the occupancy.

    J(θ) = (1/(1 - γ)) Σ_s d̄(s) Σ_a π_θ(a|s) r(s, a)

Why it matters: in the occupancy the objective is linear, which makes planning a linear
program.

Outline
    1. The mean reward at each time, weighted by γ^t.
    2. Gather the times in the occupancy.
    3. Normalised, it is a mean divided by 1-γ.

Source: M. L. Puterman, "Markov decision processes" (1994), 6.9.
"""

from derive import (
    J,
    a,
    additive_return,
    automata,
    by,
    calc,
    d,
    d_normalized,
    discount_below_one,
    expect,
    forever,
    gamma,
    r,
    ratio,
    s,
    t,
    tau,
    theorem,
    total,
)


@theorem("the objective by the occupancy", assumes=[additive_return, discount_below_one])
def objective_by_occupancy():
    return calc(
        J,
        by(automata),
        total(t, gamma**t * expect(tau, r(tau.s[t], tau.a[t])), stop=forever),
        by(automata),
        total(s, d(s) * expect(a, r(s, a), given=s)),
        by(automata),
        ratio(1, 1 - gamma) * expect(s, expect(a, r(s, a), given=s), law=d_normalized),
    )
