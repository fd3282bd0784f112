"""The performance difference lemma, without a last decision, with occupancy.

    J(θ) - Σ_s μ(s) V^β(s) = (1/(1 - γ)) Σ_s d̄(s) Σ_a π_θ(a|s) A^β(s, a)

Why it matters: it compares two policies by advantages of the one in the states of the other.

Outline
    1. Decided as a whole, with the sums shown to converge.
    2. Gather the times in the occupancy.
    3. The same with the normalised occupancy.

Source: S. Kakade, J. Langford, "Approximately optimal approximate reinforcement learning"
(2002), lemma 6.1.
"""

from derive import (
    A,
    J,
    Policy,
    V,
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
    mu,
    ratio,
    s,
    t,
    tau,
    theorem,
    total,
)

beta = Policy("beta")


@theorem("the performance difference lemma, without a last decision", assumes=[additive_return, discount_below_one])
def performance_difference_infinite():
    gain = expect(a, A(s, a, policy=beta), given=s)
    return calc(
        J - total(s, mu(s) * V(s, policy=beta)),
        by(automata),
        total(t, gamma**t * expect(tau, A(tau.s[t], tau.a[t], policy=beta)), stop=forever),
        by(automata),
        total(s, d(s) * gain),
        by(automata),
        ratio(1, 1 - gamma) * expect(s, gain, law=d_normalized),
    )
