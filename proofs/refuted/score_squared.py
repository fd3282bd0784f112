"""The score is written twice. It has no meaning.

    Σ_τ P(τ;θ) ∇log P(τ;θ) R(τ) = Σ_τ ∇P(τ;θ) ∇log P(τ;θ) R(τ)

The log trick was already used: ∇P = P ∇log P. The right side multiplies two gradients.
"""

from derive import (
    Malformed,
    P,
    R,
    by,
    calc,
    grad,
    log,
    log_derivative,
    possible,
    tau,
    theorem,
    total,
)


@theorem("a score squared", assumes=[possible(tau)])
def score_squared():

    return calc(
        total(tau, P(tau) * grad(log(P(tau))) * R(tau)),
        by(log_derivative, expect=Malformed),
        total(tau, grad(P(tau)) * grad(log(P(tau))) * R(tau)),
    )
