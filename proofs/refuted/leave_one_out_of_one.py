"""The mean of the others is taken with any number of samples. It needs a condition.

    E_{τ^{(1:m)}~P(·;θ)}[(1/m) Σ_{i=1..m} ∇log P(τ^{(i)};θ) (R(τ^{(i)}) - (1/(m - 1)) (m (1/m) Σ_{j=1..m}
        R(τ^{(j)}) - R(τ^{(i)})))] = ∇J(θ)

With one sample there are no others, and one divides by 0. With samples_at_least(2) the line
is proved.
"""

from derive import (
    Draw,
    J,
    NeedsCondition,
    P,
    R,
    automata,
    by,
    calc,
    expect,
    grad,
    i,
    iid_samples,
    log,
    m,
    mean,
    ratio,
    samples,
    theorem,
)

j = Draw("j")


@theorem("one is left out of one", assumes=[iid_samples])
def leave_one_out_of_one():
    others = ratio(1, m - 1) * (m * mean(j, R(samples[j])) - R(samples[i]))
    return calc(
        expect(samples, mean(i, grad(log(P(samples[i]))) * (R(samples[i]) - others))),
        by(automata, expect=NeedsCondition),
        grad(J),
    )
