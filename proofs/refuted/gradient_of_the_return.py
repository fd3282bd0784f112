"""The gradient is moved onto the return instead of the probability. False.

    Σ_τ ∇(P(τ;θ) R(τ)) = Σ_τ P(τ;θ) ∇R(τ)

The return of a given trajectory does not depend on θ: the right side is 0.
"""

from derive import (
    P,
    R,
    Refuted,
    by,
    calc,
    factor_without_theta,
    grad,
    tau,
    theorem,
    total,
)


@theorem("the gradient falls on the return")
def gradient_of_the_return():

    return calc(
        total(tau, grad(P(tau) * R(tau))),
        by(factor_without_theta, expect=Refuted),
        total(tau, P(tau) * grad(R(tau))),
    )
