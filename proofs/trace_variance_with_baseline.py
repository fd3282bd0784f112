"""The total variance of the policy gradient with a constant baseline is a parabola in the baseline.

    tr(Var_{τ~P(·;θ)}[∇log P(τ;θ) (R(τ) - b)])
        = E_{τ~P(·;θ)}[‖∇log P(τ;θ)‖^2 R(τ)^2] - 2 b E_{τ~P(·;θ)}[‖∇log P(τ;θ)‖^2 R(τ)]
          + b^2 E_{τ~P(·;θ)}[‖∇log P(τ;θ)‖^2] - ‖∇J(θ)‖^2

Why it matters: it is least where b E[‖∇log P‖²] = E[‖∇log P‖² R], which is not the mean return.

Outline
    1. The second moment less the square of the mean, which no baseline changes.
    2. Multiply the square out.

Source: E. Greensmith, P. L. Bartlett, J. Baxter, "Variance reduction techniques for gradient
estimates in reinforcement learning", Journal of Machine Learning Research 5 (2004).
"""

from derive import J, P, R, automata, by, calc, expect, grad, inner, log, scalar, tau, theorem, trace, variance


@theorem("the total variance with a constant baseline")
def trace_variance_with_baseline():
    b, score = scalar("b"), grad(log(P(tau)))
    squared = inner(score, score)
    return calc(
        trace(variance(tau, score * (R(tau) - b))),
        by(automata),
        expect(tau, squared * (R(tau) - b) ** 2) - inner(grad(J), grad(J)),
        by(automata),
        expect(tau, squared * R(tau) ** 2) - 2 * b * expect(tau, squared * R(tau)) + b**2 * expect(tau, squared)
        - inner(grad(J), grad(J)),
    )
