"""The product of ratios is cut to the last two. False from three decisions on.

    J(θ) = E_{τ~P(·;β)}[Σ_{t=0..0} (Π_{k=0..t} (π_θ(a_k|s_k)/β(a_k|s_k))) γ^t r(s_t, a_t, s_{t+1}) +
        Σ_{t=1..H} (Π_{k=t-1..t} (π_θ(a_k|s_k)/β(a_k|s_k))) γ^t r(s_t, a_t, s_{t+1})]

Up to the second decision nothing is cut. However many ratios are kept, the slip shows one decision later.
"""

from derive import (
    J,
    Policy,
    Refuted,
    additive_return,
    by,
    calc,
    covers,
    expect,
    gamma,
    k,
    pi,
    prod,
    r,
    ratio,
    t,
    tau,
    theorem,
    total,
)

beta = Policy("beta")


@theorem("the ratios are cut to the last two", assumes=[additive_return, covers(beta, pi)])
def ratios_cut_to_the_last_two():
    def importance(first):
        return prod(k, ratio(pi(tau.a[k] | tau.s[k]), beta(tau.a[k] | tau.s[k])), start=first, stop=t)

    reward = gamma**t * r(tau.s[t], tau.a[t], tau.s[t + 1])
    return calc(
        J,
        by("per-decision importance sampling, truncated", expect=Refuted),
        expect(tau, total(t, importance(0) * reward, stop=0) + total(t, importance(t - 1) * reward, start=1),
               policy=beta),
    )
