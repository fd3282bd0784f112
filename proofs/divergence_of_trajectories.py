"""The divergence of the laws of trajectories is a sum of divergences along them.

    E_{τ~P(·;θ)}[log (P(τ;θ)/P(τ;ref))] = E_{τ~P(·;θ)}[Σ_{t=0..H} KL(π_θ, ref, s_t)]

Why it matters: a penalty on whole answers is the sum of the penalties on their tokens, for dynamics and
initial law are the same and cancel.

Outline
    1. The logarithm of a trajectory's probability is a sum; what both laws share cancels.
    2. Given s_t, the mean over a_t is the divergence in that state.

Source: T. M. Cover, J. A. Thomas, "Elements of information theory" (2006), theorem 2.5.3.
"""

from derive import (
    P,
    Policy,
    automata,
    by,
    calc,
    expect,
    kl,
    log,
    pi,
    policy_positive,
    ratio,
    t,
    tau,
    theorem,
    total,
)

ref = Policy("ref")


@theorem("the divergence of trajectories", assumes=[policy_positive])
def divergence_of_trajectories():
    log_ratio = log(pi(tau.a[t] | tau.s[t])) - log(ref(tau.a[t] | tau.s[t]))
    return calc(
        expect(tau, log(ratio(P(tau), P(tau, policy=ref)))),
        by(automata),
        expect(tau, total(t, log_ratio)),
        by(automata),
        expect(tau, total(t, kl(pi, ref, tau.s[t]))),
    )
