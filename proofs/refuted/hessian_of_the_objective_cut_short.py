"""The Hessian of the objective is taken by differentiating the scores only. False.

    ∇∇J(θ) = E_{τ~P(·;θ)}[∇∇log P(τ;θ) R(τ)]

∇∇P = P(∇∇log P + ∇log P ∇log P). Differentiating the loss of a program twice gives the first
term only.
"""

from derive import J, P, R, Refuted, by, calc, expect, grad, log, policy_positive, possible, tau, theorem


@theorem("the Hessian of the objective is cut short", assumes=[possible(tau), policy_positive])
def hessian_of_the_objective_cut_short():
    return calc(
        grad(grad(J)),
        by("the gradient of the likelihood-ratio form", expect=Refuted),
        expect(tau, grad(grad(log(P(tau)))) * R(tau)),
    )
