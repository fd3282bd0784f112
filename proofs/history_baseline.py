"""A baseline of the whole history does not change the policy gradient.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) (Σ_{k=t..H} γ^{k-t} r(s_k, a_k, s_{k+1}) - b(h_t))]

h_t = (s_0, a_0, ..., s_t) is all that has been seen before the action a_t.

Why it matters: a recurrent critic reads the history, and it is unbiased for the same reason
as a critic of the state, as long as it does not read the action it judges.

Outline
    1. The policy gradient with the rewards to go.
    2. Given the history, the score of the next action has mean zero.

Source: E. Greensmith, P. L. Bartlett, J. Baxter, "Variance reduction techniques for gradient
estimates in reinforcement learning", Journal of Machine Learning Research 5 (2004).
"""

from derive import (
    J,
    additive_return,
    automata,
    by,
    calc,
    expect,
    function,
    gamma,
    grad,
    k,
    log,
    pi,
    r,
    t,
    tau,
    theorem,
    total,
)


@theorem("a baseline of the history", assumes=[additive_return])
def history_baseline():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    to_go = total(k, gamma ** (k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t)
    baseline = function("b")(tau.h[t])
    return calc(
        grad(J),
        by(automata),
        expect(tau, total(t, gamma**t * score * to_go)),
        by(automata),
        expect(tau, total(t, gamma**t * score * (to_go - baseline))),
    )
