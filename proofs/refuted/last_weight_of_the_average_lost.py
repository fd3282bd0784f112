"""The average of advantages of n steps ends with the weight (1 - λ) λ^H. False at a finite horizon.

    E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) Σ_{t=0..H} (1 - λ) λ^t Σ_{k=0..t} γ^k δ_k(τ)] = E_{τ~P(·;θ)}[∇log
        π_θ(a_0|s_0) Σ_{t=0..H} (γ λ)^t δ_t(τ)]

The weights up to the end have to add up to 1, so the longest advantage gets λ^H: see
generalised_advantage_is_an_average_finite.
"""

from derive import (
    Refuted,
    Time,
    additive_return,
    by,
    calc,
    delta,
    expect,
    gamma,
    grad,
    k,
    log,
    pi,
    scalar,
    tau,
    theorem,
    total,
)

lam, n = scalar("lambda"), Time("n")


@theorem("the last weight of the average is lost", assumes=[additive_return])
def last_weight_of_the_average_lost():
    score = grad(log(pi(tau.a[0] | tau.s[0])))
    of_n_steps = total(k, gamma**k * delta[k](tau), stop=n)
    return calc(
        expect(tau, score * total(n, (1 - lam) * lam**n * of_n_steps)),
        by("as without a last decision", expect=Refuted),
        expect(tau, score * total(k, (gamma * lam) ** k * delta[k](tau))),
    )
