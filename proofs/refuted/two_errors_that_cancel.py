"""The discount of the state is dropped, and comes back two lines later. Each line is false, and the end is true.

    ∇J(θ) = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇log π_θ(a_t|s_t) Σ_{k=t..H} γ^{k-t} r(s_k, a_k, s_{k+1})]

A true end proves no chain: what stands between is wrong, and nothing follows from it.
"""

from derive import (
    J,
    Refuted,
    additive_return,
    by,
    calc,
    expect,
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


@theorem("two errors that cancel", assumes=[additive_return])
def two_errors_that_cancel():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    to_go = total(k, gamma ** (k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t)
    return calc(
        grad(J),
        by("the rewards to go", expect=Refuted),
        expect(tau, total(t, score * to_go)),
        by("the discount belongs there", expect=Refuted),
        expect(tau, total(t, gamma**t * score * to_go)),
    )
