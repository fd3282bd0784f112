"""The squared length of an estimated gradient is taken for that of the gradient. False.

    E_{τ^{(1:m)}~P(·;θ)}[‖(1/m) Σ_{i=1..m} ∇log P(τ^{(i)};θ) R(τ^{(i)})‖^2] = ‖∇J(θ)‖^2

The trace of the covariance, divided by m, is missing. Of two independent estimates the inner product is right.

Source: S. McCandlish, J. Kaplan, D. Amodei et al., "An empirical model of large-batch training" (2018), appendix A.1.
"""

from derive import (
    J,
    P,
    R,
    Refuted,
    automata,
    by,
    calc,
    expect,
    grad,
    i,
    iid_samples,
    inner,
    log,
    mean,
    samples,
    theorem,
)


@theorem("the squared length of an estimate", assumes=[iid_samples])
def squared_norm_of_the_estimate():
    estimate = mean(i, grad(log(P(samples[i]))) * R(samples[i]))
    return calc(
        expect(samples, inner(estimate, estimate)),
        by(automata, expect=Refuted),
        inner(grad(J), grad(J)),
    )
