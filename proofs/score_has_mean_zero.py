"""The score of an action has mean zero in every state.

    Σ_a π_θ(a|s) ∇log π_θ(a|s) = 0

Why it matters: whatever multiplies a score and does not depend on the action adds nothing
to the mean. Every baseline rests on this line.

Outline
    1. Where the policy is positive, π ∇log π = ∇π.
    2. The gradient of a sum is the sum of the gradients.
    3. Probabilities add up to 1, and the gradient of 1 is 0.

Source: R. J. Williams, "Simple statistical gradient-following algorithms for
connectionist reinforcement learning", Machine Learning 8 (1992).
"""

from derive import a, automata, by, calc, expect, grad, gradient_of_a_sum, log, pi, policy_positive, s, theorem, total


@theorem("the score of an action has mean zero", assumes=[policy_positive])
def score_has_mean_zero():
    return calc(
        expect(a, grad(log(pi(a | s))), given=s),
        by(automata),
        total(a, grad(pi(a | s))),
        by(gradient_of_a_sum),
        grad(total(a, pi(a | s))),
        by(automata),
        0,
    )
