"""The Hessian of the objective, in likelihood-ratio form.

    ∇∇J(θ) = E_{τ~P(·;θ)}[(∇log P(τ;θ) ∇log P(τ;θ) + ∇∇log P(τ;θ)) R(τ)]

Why it matters: second-order methods and the analysis of Newton steps start here.

Outline
    1. Decided as a whole: ∇∇P = P (∇log P ∇log P + ∇∇log P).

Source: J. Baxter, P. L. Bartlett, "Infinite-horizon policy-gradient estimation" (2001);
T. Furmston, G. Lever, D. Barber, "Approximate Newton methods for policy search in Markov
decision processes" (2016), theorem 3.
"""

from derive import J, P, R, automata, by, calc, expect, grad, log, policy_positive, possible, tau, theorem, total


@theorem("the Hessian of the objective", assumes=[possible(tau), policy_positive])
def hessian_of_the_objective():
    score = grad(log(P(tau)))
    return calc(
        grad(grad(J)),
        by(automata),
        total(tau, grad(grad(P(tau))) * R(tau)),
        by(automata),
        expect(tau, (score * score + grad(grad(log(P(tau))))) * R(tau)),
    )
