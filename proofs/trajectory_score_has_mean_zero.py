"""The score of a trajectory has mean zero.

    E_{τ~P(·;θ)}[∇log P(τ;θ)] = 0

Why it matters: any constant may be subtracted from the return without a bias.

Outline
    1. The expectation is a sum weighted by P(τ;θ).
    2. The gradient of the trajectory probability, read from right to left.
    3. The gradient of a sum is the sum of the gradients.
    4. Probabilities add up to 1.

Source: R. J. Williams, "Simple statistical gradient-following algorithms for
connectionist reinforcement learning", Machine Learning 8 (1992).
"""

from derive import (
    P,
    automata,
    by,
    calc,
    expect,
    expectation_as_a_sum,
    grad,
    gradient_of_a_sum,
    log,
    possible,
    tau,
    theorem,
    total,
)

from .gradient_of_probability import gradient_of_probability


@theorem("the score of a trajectory has mean zero", assumes=[possible(tau)])
def trajectory_score_has_mean_zero():
    return calc(
        expect(tau, grad(log(P(tau)))),
        by(expectation_as_a_sum),
        total(tau, P(tau) * grad(log(P(tau)))),
        by(gradient_of_probability),
        total(tau, grad(P(tau))),
        by(gradient_of_a_sum),
        grad(total(tau, P(tau))),
        by(automata),
        0,
    )
