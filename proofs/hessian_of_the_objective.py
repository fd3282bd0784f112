"""The Hessian of the objective, in likelihood-ratio form.

    ∇∇J(θ) = E_{τ~P(·;θ)}[(∇∇P(τ;θ)/P(τ;θ)) R(τ)]

Why it matters: second-order methods and the analysis of Newton steps start here.

Outline
    1. The definition of the objective.
    2. The sum over trajectories is finite, and the return does not depend on θ.
    3. Multiply by P/P.

Source: J. Baxter, P. L. Bartlett, "Infinite-horizon policy-gradient estimation" (2001);
T. Furmston, G. Lever, D. Barber, "Approximate Newton methods for policy search in Markov
decision processes" (2016).
"""

from derive import (
    J,
    P,
    R,
    automata,
    by,
    calc,
    definition,
    expect,
    grad,
    policy_positive,
    possible,
    ratio,
    tau,
    theorem,
    total,
)


@theorem("the Hessian of the objective", assumes=[possible(tau), policy_positive])
def hessian_of_the_objective():
    return calc(
        grad(grad(J)),
        by(definition(J)),
        grad(grad(total(tau, P(tau) * R(tau)))),
        by(automata),
        total(tau, grad(grad(P(tau))) * R(tau)),
        by(automata),
        expect(tau, ratio(grad(grad(P(tau))), P(tau)) * R(tau)),
    )
