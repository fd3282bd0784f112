"""Shaping by a potential does not change the policy gradient.

    ∇Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[r(s_t, a_t, s_{t+1}) + (γ Phi(s_{t+1}) - Phi(s_t))] = ∇J(θ)

Why it matters: a reward may be made denser without changing which policies are good: the
objective moves by a number that does not depend on the policy.

Outline
    1. The shaped rewards telescope to -Φ(s_0), whose mean does not depend on θ.
    2. Its gradient is 0.

Source: A. Y. Ng, D. Harada, S. Russell, "Policy invariance under reward transformations"
(1999), theorem 1.
"""

from derive import (
    J,
    additive_return,
    automata,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    function,
    gamma,
    grad,
    mu,
    r,
    s,
    t,
    tau,
    theorem,
    total,
)


@theorem("potential shaping", assumes=[additive_return, discount_below_one])
def potential_shaping():
    phi = function("Phi")
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    shaping = gamma * phi(tau.s[t + 1]) - phi(tau.s[t])
    return calc(
        grad(total(t, gamma**t * expect(tau, reward + shaping), stop=forever)),
        by(automata),
        grad(J - total(s, mu(s) * phi(s))),
        by(automata),
        grad(J),
    )
