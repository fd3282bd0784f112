"""The λ-return, an average of the n-step returns of all n, has the mean of the value.

    (1 - λ) E_{τ~P(·;θ)}[Σ_{t=0..∞} λ^t (Σ_{k=0..t} γ^k r(s_k, a_k, s_{k+1}) + γ^{t+1} V(s_{t+1}))] =
        E_{τ~P(·;θ)}[V(s_0)]

Why it matters: TD(λ) moves towards it. Its weights (1 - λ) λ^n add up to 1, so with the
exact values it is right in the mean.

Outline
    1. Each n-step return has the mean of the value.
    2. The weights add up to 1.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018),
12.2.
"""

from derive import (
    Time,
    V,
    additive_return,
    automata,
    below_one,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    gamma,
    k,
    r,
    scalar,
    tau,
    theorem,
    total,
)

lam, n = scalar("lambda"), Time("n")


@theorem("the λ-return has the mean of the value", assumes=[additive_return, discount_below_one, below_one(lam)])
def lambda_return_has_the_mean_of_the_value():
    rewards = total(k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), stop=n)
    steps = rewards + gamma ** (n + 1) * V(tau.s[n + 1])
    return calc(
        (1 - lam) * expect(tau, total(n, lam**n * steps, stop=forever)),
        by(automata),
        (1 - lam) * total(n, lam**n * expect(tau, V(tau.s[0])), stop=forever),
        by(automata),
        expect(tau, V(tau.s[0])),
    )
