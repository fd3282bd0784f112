"""One divides by the probability of impossible trajectories. It needs a condition.

    Σ_τ ∇P(τ;θ) R(τ) = Σ_τ (P(τ;θ)/P(τ;θ)) ∇P(τ;θ) R(τ)

The sum runs over all trajectories. Where the environment makes some impossible,
P(τ;θ) = 0 and the right side is 0/0, however positive the policy is.
"""

from derive import (
    NeedsCondition,
    P,
    R,
    by,
    calc,
    grad,
    multiply_by_one,
    ratio,
    tau,
    theorem,
    total,
)


@theorem("divided by the probability of impossible trajectories")
def impossible_trajectories():

    return calc(
        total(tau, grad(P(tau)) * R(tau)),
        by(multiply_by_one, expect=NeedsCondition),
        total(tau, ratio(P(tau), P(tau)) * grad(P(tau)) * R(tau)),
    )
