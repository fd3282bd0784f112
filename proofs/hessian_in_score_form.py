"""The Hessian of the objective, by scores and their derivatives.

    ∇∇J(θ) = E_{τ~P(·;θ)}[R(τ) (∇log P(τ;θ) (∇log P(τ;θ))^T + ∇∇log P(τ;θ))]

Why it matters: it is what second-order policy gradients and meta-learning estimate. Differentiating the usual
surrogate loss twice gives the second part alone.

Outline
    1. The Hessian in likelihood-ratio form.
    2. ∇∇P/P = ∇log P (∇log P)^T + ∇∇log P.

Source: J. Baxter, P. L. Bartlett, "Infinite-horizon policy-gradient estimation" (2001); J. Foerster et al.,
"DiCE: the infinitely differentiable Monte Carlo estimator" (2018).
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
    log,
    outer,
    policy_positive,
    possible,
    ratio,
    tau,
    theorem,
)

from .hessian_of_the_objective import hessian_of_the_objective


@theorem("the Hessian of the objective, by scores", assumes=[possible(tau), policy_positive])
def hessian_in_score_form():
    score = grad(log(P(tau)))
    return calc(
        grad(grad(J)),
        by(hessian_of_the_objective),
        expect(tau, ratio(grad(grad(P(tau))), P(tau)) * R(tau)),
        by(automata),
        expect(tau, R(tau) * (outer(score, score) + grad(score))),
    )
