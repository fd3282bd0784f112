"""∇μ(s) = 0 is used where ∇log μ(s) occurs. It needs a condition.

    ∇log μ(s) = ∇μ(s)

Neither side depends on θ, so both gradients are 0 where they are defined; but log μ(s) is
defined only where μ(s) > 0, which the tempting version never asks.
"""

from derive import NeedsCondition, by, calc, grad, gradient_of_a_constant, log, mu, s, theorem


@theorem("the gradient of the initial law for that of its logarithm")
def gradient_of_the_initial_law():

    return calc(
        grad(log(mu(s))),
        by(gradient_of_a_constant, expect=NeedsCondition),
        grad(mu(s)),
    )
