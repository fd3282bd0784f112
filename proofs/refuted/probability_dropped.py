"""The probability is dropped after the log trick. False.

    Σ_τ P(τ;θ) ∇log P(τ;θ) R(τ) = Σ_τ ∇log P(τ;θ) R(τ)

The tempting thought: "the log trick replaces P by its logarithm". It replaces ∇P by
P ∇log P, and the factor P is what makes the sum an expectation.
"""

from derive import P, R, Refuted, by, calc, grad, log, log_derivative, possible, tau, theorem, total


@theorem("the probability is dropped after the log trick", assumes=[possible(tau)])
def probability_dropped():

    return calc(
        total(tau, P(tau) * grad(log(P(tau))) * R(tau)),
        by(log_derivative, expect=Refuted),
        total(tau, grad(log(P(tau))) * R(tau)),
    )
