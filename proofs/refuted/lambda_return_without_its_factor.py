"""The λ-return without the factor 1 - λ. False.

    E_{τ~P(·;θ)}[Σ_{t=0..∞} λ^t (Σ_{k=0..t} γ^k r(s_k, a_k, s_{k+1}) + γ^{t+1} V(s_{t+1}))] = E_{τ~P(·;θ)}[V(s_0)]

The weights λ^n add up to 1/(1 - λ).
"""

from derive import (
    Refuted,
    Time,
    V,
    additive_return,
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


@theorem("the λ-return without its factor", assumes=[additive_return, discount_below_one, below_one(lam)])
def lambda_return_without_its_factor():
    rewards = total(k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), stop=n)
    return calc(
        expect(tau, total(n, lam**n * (rewards + gamma ** (n + 1) * V(tau.s[n + 1])), stop=forever)),
        by("the λ-return", expect=Refuted),
        expect(tau, V(tau.s[0])),
    )
