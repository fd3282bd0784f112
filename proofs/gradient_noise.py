"""The squared length of an estimated gradient is too large, by the trace of its covariance.

    E_{τ^{(1:m)}~P(·;θ)}[‖(1/m) Σ_{i=1..m} ∇log P(τ^{(i)};θ) R(τ^{(i)})‖^2]
        = ‖∇J(θ)‖^2 + tr(Var_{τ~P(·;θ)}[∇log P(τ;θ) R(τ)])/m

Why it matters: a gradient norm that is logged during training is mostly noise where m is small. Two batch sizes
give two such equations, and so ‖∇J(θ)‖² and the noise apart.

Outline
    1. The second moment is the square of the mean and the trace of the covariance.
    2. The covariance of a mean of independent samples is that of one, divided by m.

Source: S. McCandlish, J. Kaplan, D. Amodei et al., "An empirical model of large-batch training" (2018), appendix A.1.
"""

from derive import (
    J,
    P,
    R,
    automata,
    by,
    calc,
    expect,
    grad,
    i,
    iid_samples,
    inner,
    log,
    m,
    mean,
    samples,
    tau,
    theorem,
    trace,
    variance,
)


@theorem("the noise in the length of a gradient", assumes=[iid_samples])
def gradient_noise():
    estimate = mean(i, grad(log(P(samples[i]))) * R(samples[i]))
    return calc(
        expect(samples, inner(estimate, estimate)),
        by(automata),
        inner(grad(J), grad(J)) + trace(variance(samples, estimate)),
        by(automata),
        inner(grad(J), grad(J)) + trace(variance(tau, grad(log(P(tau))) * R(tau))) / m,
    )
