"""One divides by the probability and forgets to multiply by it. False.

    Σ_τ ∇P(τ;θ) R(τ) = Σ_τ (∇P(τ;θ)/P(τ;θ)) R(τ)

Multiplying by one means multiplying by P/P, not by 1/P.
"""

from derive import (
    P,
    R,
    Refuted,
    by,
    calc,
    grad,
    multiply_by_one,
    possible,
    ratio,
    tau,
    theorem,
    total,
)


@theorem("divided by the probability, which is not restored", assumes=[possible(tau)])
def probability_not_restored():

    return calc(
        total(tau, grad(P(tau)) * R(tau)),
        by(multiply_by_one, expect=Refuted),
        total(tau, ratio(grad(P(tau)), P(tau)) * R(tau)),
    )
