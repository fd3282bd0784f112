"""The estimate is summed, not averaged. False for m = 2 and more.

    E_{τ^{(1:m)}~P(·;θ)}[Σ_{i=1..m} ∇log P(τ^{(i)};θ) R(τ^{(i)})] = ∇J(θ)

With one sample the line is true, which is how the factor goes missing unnoticed; with m
samples the step is m times too long.
"""

from derive import (
    J,
    P,
    R,
    Refuted,
    by,
    calc,
    expect,
    grad,
    i,
    iid_samples,
    log,
    samples,
    theorem,
    total,
)


@theorem("the factor 1/m is missing", assumes=[iid_samples])
def one_over_m_missing():

    return calc(
        expect(samples, total(i, grad(log(P(samples[i]))) * R(samples[i]))),
        by("each sample has the mean of the gradient", expect=Refuted),
        grad(J),
    )
