"""The gradient of the entropy-regularised objective.

    ∇E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t (r(s_t, a_t, s_{t+1}) - α log π_θ(a_t|s_t))] = E_{τ~P(·;θ)}[Σ_{t=0..H} ∇log
        π_θ(a_t|s_t) Σ_{k=t..H} γ^k (r(s_k, a_k, s_{k+1}) - α log π_θ(a_k|s_k))]

Why it matters: the bonus -α log π enters as a reward, and the rewards to go are those of the
regularised problem. That π itself is differentiated makes no difference.

Outline
    1. Decided as a whole: the direct derivative of the logarithm has mean zero.

Source: J. Schulman, X. Chen, P. Abbeel, "Equivalence between policy gradients and soft
Q-learning" (2017).
"""

from derive import (
    automata,
    by,
    calc,
    expect,
    gamma,
    grad,
    k,
    log,
    pi,
    policy_positive,
    r,
    scalar,
    t,
    tau,
    theorem,
    total,
)

alpha = scalar("alpha")


@theorem("the entropy-regularised gradient", assumes=[policy_positive])
def entropy_regularised_gradient():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    bonus = -alpha * log(pi(tau.a[k] | tau.s[k]))
    regularised = gamma**k * (r(tau.s[k], tau.a[k], tau.s[k + 1]) + bonus)
    return calc(
        grad(expect(tau, total(k, regularised))),
        by(automata),
        expect(tau, total(t, score * total(k, regularised, start=t))),
    )
