"""The covariance of the sample estimate is that of one sample, divided by m.

    Var_{τ^{(1:m)}~P(·;θ)}[(1/m) Σ_{i=1..m} ∇log P(τ^{(i)};θ) R(τ^{(i)})] = Var_{τ~P(·;θ)}[∇log P(τ;θ) R(τ)]/m

Why it matters: it says how many trajectories buy how much precision. It needs
independent samples, and a summand that uses its own sample only: subtracting the mean
return of the batch would break it.

Outline
    1. The variance of a mean of independent, equally distributed terms.

Source: the classical identity; the estimate is line 12 of the Hugging Face deep
reinforcement learning course, unit 4, optional page "the Policy Gradient Theorem".
"""

from derive import (
    P,
    R,
    by,
    calc,
    grad,
    i,
    iid_samples,
    log,
    m,
    mean,
    ratio,
    samples,
    tau,
    theorem,
    variance,
    variance_of_a_mean,
)


@theorem("the variance of the sample estimate", assumes=[iid_samples])
def variance_of_the_estimate():
    return calc(
        variance(samples, mean(i, grad(log(P(samples[i]))) * R(samples[i]))),
        by(variance_of_a_mean),
        ratio(variance(tau, grad(log(P(tau))) * R(tau)), m),
    )
