"""Action values from the trajectories of another policy.

    E_{τ~P(·;β)}[f(s_t, a_t) Q_t(s_t, a_t)] = E_{τ~P(·;β)}[f(s_t, a_t) Σ_{k=t..H} γ^{k-t} (Π_{j=t+1..k}
        (π_θ(a_j|s_j)/β(a_j|s_j))) r(s_k, a_k, s_{k+1})]

Why it matters: the ratio of the first action is not needed, for that action is given.

Outline
    1. Decided as a whole: the ratios start one step later.

Source: D. Precup, R. S. Sutton, S. Singh, "Eligibility traces for off-policy policy
evaluation" (2000).
"""

from derive import (
    Policy,
    Q,
    Time,
    additive_return,
    automata,
    by,
    calc,
    covers,
    expect,
    function,
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

beta, n = Policy("beta"), Time("n")


@theorem("action values from another policy", assumes=[additive_return, covers(beta, pi)])
def off_policy_action_values():
    weight = function("f")(tau.s[t], tau.a[t])
    importance = prod(n, ratio(pi(tau.a[n] | tau.s[n]), beta(tau.a[n] | tau.s[n])), start=t + 1, stop=k)
    reward = r(tau.s[k], tau.a[k], tau.s[k + 1])
    return calc(
        expect(tau, weight * Q[t](tau.s[t], tau.a[t]), policy=beta),
        by(automata),
        expect(tau, weight * total(k, gamma ** (k - t) * importance * reward, start=t), policy=beta),
    )
