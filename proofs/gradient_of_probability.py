"""The gradient of the trajectory probability is the probability times the score.

    ∇P(τ;θ) = P(τ;θ) ∇log P(τ;θ)

Why it matters: it turns a gradient of probabilities, which cannot be sampled, into a
probability times something, which can. It is the log-derivative (likelihood-ratio,
REINFORCE) trick.

Outline
    1. Multiply by P/P. This is where impossible trajectories must be left out.
    2. Regroup the factors.
    3. Recognise ∇P/P as the derivative of a logarithm.

Source: R. J. Williams, "Simple statistical gradient-following algorithms for
connectionist reinforcement learning", Machine Learning 8 (1992).
"""

from derive import P, by, calc, grad, log, log_derivative, multiply_by_one, possible, ratio, regroup, tau, theorem


@theorem("gradient of the trajectory probability", assumes=[possible(tau)])
def gradient_of_probability():
    return calc(
        grad(P(tau)),
        by(multiply_by_one),
        ratio(P(tau), P(tau)) * grad(P(tau)),
        by(regroup),
        P(tau) * ratio(grad(P(tau)), P(tau)),
        by(log_derivative),
        P(tau) * grad(log(P(tau))),
    )
