"""Each score meets the log ratio of its own token only. False.

    ∇E_{τ~P(·;θ)}[Σ_{t=0..H} KL(π_θ, ref, s_t)] = E_{τ~P(·;θ)}[Σ_{t=0..H} ∇log π_θ(a_t|s_t) (log
        π_θ(a_t|s_t) - log ref(a_t|s_t))]

A token also decides what later ones are asked for; the log ratios from its own on belong to its score.
"""

from derive import (
    Policy,
    Refuted,
    by,
    calc,
    expect,
    grad,
    kl,
    log,
    pi,
    policy_positive,
    t,
    tau,
    theorem,
    total,
)

ref = Policy("ref")


@theorem("the divergence of later tokens is dropped", assumes=[policy_positive])
def divergence_of_later_tokens_dropped():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    log_ratio = log(pi(tau.a[t] | tau.s[t])) - log(ref(tau.a[t] | tau.s[t]))
    return calc(
        grad(expect(tau, total(t, kl(pi, ref, tau.s[t])))),
        by("k1 for each token", expect=Refuted),
        expect(tau, total(t, score * log_ratio)),
    )
