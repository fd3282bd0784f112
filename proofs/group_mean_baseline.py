"""With the mean of the group as a baseline, the gradient shrinks by (m-1)/m.

    E_{τ^{(1:m)}~P(·;θ)}[(1/m) Σ_{i=1..m} ∇log P(τ^{(i)};θ) (R(τ^{(i)}) - (1/m) Σ_{j=1..m} R(τ^{(j)}))] = ((m -
        1)/m) ∇J(θ)

Why it matters: the group mean contains the sample itself. GRPO and many programs subtract
it; the direction stays, the length does not.

Outline
    1. Decided as a whole: of the m terms of the mean, one is the sample's own return.

Source: W. Kool, H. van Hoof, M. Welling, "Buy 4 REINFORCE samples, get a baseline for free!"
(2019); Z. Shao et al., "DeepSeekMath" (2024), without the division by the deviation.
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
    theorem,
)

j = Draw("j")


@theorem("the mean of the group as a baseline", assumes=[iid_samples])
def group_mean_baseline():
    return calc(
        expect(samples, mean(i, grad(log(P(samples[i]))) * (R(samples[i]) - mean(j, R(samples[j]))))),
        by(automata),
        ratio(m - 1, m) * grad(J),
    )
