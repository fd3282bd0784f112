"""The constant baseline of least variance, by completing the square.

    E_{τ~P(·;θ)}[w(h_{H+1}) (R(τ) - b)^2] E_{τ~P(·;θ)}[w(h_{H+1})]
        = E_{τ~P(·;θ)}[w(h_{H+1}) R(τ)^2] E_{τ~P(·;θ)}[w(h_{H+1})] - E_{τ~P(·;θ)}[w(h_{H+1}) R(τ)]^2
          + (E_{τ~P(·;θ)}[w(h_{H+1}) R(τ)] - b E_{τ~P(·;θ)}[w(h_{H+1})])^2

w(h_{H+1}) is any function of the whole trajectory. With w = |∇log P(τ;θ)|^2 the first factor is the trace of the second
moment of ∇log P(τ;θ) (R(τ) - b), whose mean does not depend on b.

Why it matters: the first summand does not depend on b and the second is a square, so the trace of
the variance is least where b E[w] = E[w R(τ)]: at the mean return weighted by the squared score, not at
the mean return itself. No division is needed to say so.

Outline
    1. Multiply the square out under the expectation.
    2. Complete the square in b.

Source: J. Peters, S. Schaal, "Reinforcement learning of motor skills with policy gradients",
Neural Networks 21 (2008), section 3.
"""

from derive import H, R, automata, by, calc, expect, function, scalar, tau, theorem


@theorem("the constant baseline of least variance")
def least_variance_baseline():
    b, w = scalar("b"), function("w")(tau.h[H + 1])
    mass, first, second = expect(tau, w), expect(tau, w * R(tau)), expect(tau, w * R(tau) ** 2)
    return calc(
        expect(tau, w * (R(tau) - b) ** 2) * mass,
        by(automata),
        (second - 2 * b * first + b**2 * mass) * mass,
        by(automata),
        (second * mass - first**2) + (first - b * mass) ** 2,
    )
