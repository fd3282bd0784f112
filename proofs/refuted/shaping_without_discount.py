"""The shaping reward is a difference of potentials without the discount. False.

    ∇Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[r(s_t, a_t, s_{t+1}) + Phi(s_{t+1}) - Phi(s_t)] = ∇J(θ)

Φ(s') - Φ(s) telescopes for γ = 1 only. The policy that is best for the shaped reward may be
another one.
"""

from derive import (
    J,
    Refuted,
    additive_return,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    function,
    gamma,
    grad,
    r,
    t,
    tau,
    theorem,
    total,
)


@theorem("shaping without a discount", assumes=[additive_return, discount_below_one])
def shaping_without_discount():
    phi = function("Phi")
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    return calc(
        grad(total(t, gamma**t * expect(tau, reward + phi(tau.s[t + 1]) - phi(tau.s[t])), stop=forever)),
        by("potential shaping", expect=Refuted),
        grad(J),
    )
