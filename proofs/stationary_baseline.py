"""Where the total variance of the policy gradient is stationary in a constant baseline.

    ∂_b(tr(Var_{τ~P(·;θ)}[∇log P(τ;θ) (R(τ) - b)]))
        = 2 (b E_{τ~P(·;θ)}[‖∇log P(τ;θ)‖^2] - E_{τ~P(·;θ)}[‖∇log P(τ;θ)‖^2 R(τ)])

Why it matters: the right side is 0 at the mean return weighted by the squared length of the score. Nothing is divided
by, so that also holds where every score is 0.

Outline
    1. The total variance is a parabola in the baseline.
    2. Differentiate it.

Source: E. Greensmith, P. L. Bartlett, J. Baxter, "Variance reduction techniques for gradient
estimates in reinforcement learning", Journal of Machine Learning Research 5 (2004).
"""

from derive import (
    J,
    P,
    R,
    automata,
    by,
    calc,
    derivative,
    expect,
    grad,
    inner,
    log,
    scalar,
    tau,
    theorem,
    trace,
    variance,
)


@theorem("the stationary baseline")
def stationary_baseline():
    b, score = scalar("b"), grad(log(P(tau)))
    squared = inner(score, score)
    mass, first, second = expect(tau, squared), expect(tau, squared * R(tau)), expect(tau, squared * R(tau) ** 2)
    return calc(
        derivative[b](trace(variance(tau, score * (R(tau) - b)))),
        by(automata),
        derivative[b](second - 2 * b * first + b**2 * mass - inner(grad(J), grad(J))),
        by(automata),
        2 * (b * mass - first),
    )
