"""The score is corrected by its own ratio, and the rewards to go again from the same step. False.

    J(θ) = E_{τ~P(·;β)}[(π_θ(a_0|s_0)/β(a_0|s_0)) Σ_{t=0..H} γ^t (Π_{k=0..t} (π_θ(a_k|s_k)/β(a_k|s_k))) r(s_t,
        a_t, s_{t+1})]

The ratio at t stands twice. Either the products start at t + 1, or the first factor is left
out.
"""

from derive import (
    J,
    Policy,
    Refuted,
    Time,
    additive_return,
    by,
    calc,
    expect,
    gamma,
    k,
    pi,
    policy_positive,
    prod,
    r,
    ratio,
    tau,
    theorem,
    total,
)

beta, n = Policy("beta"), Time("n")


@theorem("a ratio is counted twice", assumes=[additive_return, policy_positive])
def ratio_counted_twice():
    own = ratio(pi(tau.a[0] | tau.s[0]), beta(tau.a[0] | tau.s[0]))
    importance = prod(n, ratio(pi(tau.a[n] | tau.s[n]), beta(tau.a[n] | tau.s[n])), stop=k)
    to_go = total(k, gamma**k * importance * r(tau.s[k], tau.a[k], tau.s[k + 1]))
    return calc(
        J,
        by("importance sampling", expect=Refuted),
        expect(tau, own * to_go, policy=beta),
    )
