"""The leave-one-out estimate (RLOO) is unbiased, for every number m ≥ 2 of samples.

    E_{τ^{(1:m)}~P(·;θ)}[(1/m) Σ_{i=1..m} ∇log P(τ^{(i)};θ) (R(τ^{(i)}) - (1/(m - 1)) (m (1/m) Σ_{j=1..m}
        R(τ^{(j)}) - R(τ^{(i)})))] = ∇J(θ)

Why it matters: each sample is judged by the mean of the others, which does not depend on
its actions. No critic is needed.

Outline
    1. Decided as a whole: the other samples are independent of this one, whose score has
       mean zero.

Source: W. Kool, H. van Hoof, M. Welling, "Buy 4 REINFORCE samples, get a baseline for free!"
(2019); A. Ahmadian et al., "Back to basics" (2024).
"""

from derive import (
    Draw,
    J,
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
    samples_at_least,
    theorem,
)

j = Draw("j")


@theorem("the leave-one-out estimate", assumes=[iid_samples, samples_at_least(2)])
def leave_one_out():
    others = ratio(1, m - 1) * (m * mean(j, R(samples[j])) - R(samples[i]))
    return calc(
        expect(samples, mean(i, grad(log(P(samples[i]))) * (R(samples[i]) - others))),
        by(automata),
        grad(J),
    )
