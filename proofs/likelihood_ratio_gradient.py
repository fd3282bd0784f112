"""The likelihood-ratio policy gradient.

    ∇J(θ) = Σ_τ P(τ;θ) ∇log P(τ;θ) R(τ)

Why it matters: the right side is an expectation, so it can be estimated from sampled
trajectories, whatever the return R(τ) is.

Outline
    1. Unfold the objective J.
    2. Differentiate the finite sum term by term.
    3. Move the return, which does not depend on θ, out of the gradient.
    4. Multiply by P/P; only possible trajectories may be summed over here.
    5. Regroup the factors.
    6. Recognise ∇P/P as the derivative of a logarithm.

Source: Hugging Face deep reinforcement learning course, unit 4, optional page "the
Policy Gradient Theorem", its lines 1 to 6.
"""

from derive import (
    J,
    P,
    R,
    by,
    calc,
    definition,
    factor_without_theta,
    grad,
    gradient_of_a_sum,
    log,
    log_derivative,
    multiply_by_one,
    possible,
    ratio,
    regroup,
    tau,
    theorem,
    total,
)


@theorem("likelihood-ratio policy gradient", assumes=[possible(tau)])
def likelihood_ratio_gradient():
    return calc(
        grad(J),
        by(definition(J), tag="HF-1"),
        grad(total(tau, P(tau) * R(tau))),
        by(gradient_of_a_sum, tag="HF-2"),
        total(tau, grad(P(tau) * R(tau))),
        by(factor_without_theta, tag="HF-3"),
        total(tau, grad(P(tau)) * R(tau)),
        by(multiply_by_one, tag="HF-4"),
        total(tau, ratio(P(tau), P(tau)) * grad(P(tau)) * R(tau)),
        by(regroup, tag="HF-5"),
        total(tau, P(tau) * ratio(grad(P(tau)), P(tau)) * R(tau)),
        by(log_derivative, tag="HF-6"),
        total(tau, P(tau) * grad(log(P(tau))) * R(tau)),
    )
