"""The gradient of the divergence of trajectories: log ratios as rewards, k1 in the reward.

    ∇E_{τ~P(·;θ)}[Σ_{t=0..H} KL(π_θ, ref, s_t)] = E_{τ~P(·;θ)}[Σ_{t=0..H} ∇log π_θ(a_t|s_t) Σ_{k=t..H}
        (log π_θ(a_k|s_k) - log ref(a_k|s_k))]

Why it matters: each score is weighted by the log ratios from its own step on, not by its own alone. Put
into the reward, k1 therefore gives the gradient of the whole divergence, for every token the later ones included.

Outline
    1. The divergence is the mean of the sum of log ratios.
    2. The scores before it weigh each log ratio; its own gradient has mean zero.

Source: J. Schulman, X. Chen, P. Abbeel, "Equivalence between policy gradients and soft Q-learning" (2017).
"""

from derive import (
    Policy,
    automata,
    by,
    calc,
    expect,
    grad,
    k,
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


@theorem("the gradient of the divergence of trajectories", assumes=[policy_positive])
def gradient_of_the_divergence_of_trajectories():
    def log_ratio(time):
        return log(pi(tau.a[time] | tau.s[time])) - log(ref(tau.a[time] | tau.s[time]))

    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(expect(tau, total(t, kl(pi, ref, tau.s[t])))),
        by(automata),
        grad(expect(tau, total(t, log_ratio(t)))),
        by(automata),
        expect(tau, total(t, score * total(k, log_ratio(k), start=t))),
    )
