"""A baseline of the state does not change the policy gradient.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) (Σ_{k=t..H} γ^{k-t} r(s_k, a_k, s_{k+1}) - b(s_t))]

Why it matters: subtracting a guess of the return from the return lowers the variance, and
any function of the state is such a guess.

Outline
    1. Decided as a whole: given s_t, the baseline is a number and the score has mean zero.

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


@theorem("a baseline of the state", assumes=[additive_return])
def state_baseline():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    to_go = total(k, gamma ** (k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t)
    baseline = function("b")(tau.s[t])
    return calc(
        grad(J),
        by(automata),
        expect(tau, total(t, gamma**t * score * to_go)),
        by(automata),
        expect(tau, total(t, gamma**t * score * (to_go - baseline))),
    )
