"""Leave one out, the mean of the group, and all pairs: one estimate in three forms, on every batch.

    (1/m) Σ_{i=1..m} ∇log P(τ^{(i)};θ) (R(τ^{(i)}) - (Σ_{j=1..m} R(τ^{(j)}) - R(τ^{(i)}))/(m - 1))
        = (1/(2 m (m - 1))) Σ_{i=1..m} Σ_{j=1..m}
          (∇log P(τ^{(i)};θ) - ∇log P(τ^{(j)};θ)) (R(τ^{(i)}) - R(τ^{(j)}))

Why it matters: RLOO, GRPO without the division by the standard deviation, and a sum over pairs of answers are the
same numbers up to a factor that m gives. No mean is taken: the lines are equal for every batch that is drawn.

Outline
    1. A return less the mean of the others is m/(m - 1) times the return less the mean of all.
    2. The mean of all, as a sum over pairs.
    3. Exchange i and j in one half.

Source: A. Ahmadian et al., "Back to basics: revisiting REINFORCE-style optimization for learning from human
feedback in LLMs" (2024); Z. Liu et al., "Understanding R1-Zero-like training: a critical perspective" (2025).
"""

from derive import (
    Draw,
    P,
    R,
    automata,
    by,
    calc,
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
    total,
)

j = Draw("j")


@theorem("leave one out by pairs", assumes=[iid_samples, samples_at_least(2)])
def pairwise_leave_one_out():
    score, other = (grad(log(P(samples[n]))) for n in (i, j))
    own, group = R(samples[i]), mean(j, R(samples[j]))
    others = ratio(total(j, R(samples[j])) - own, m - 1)
    return calc(
        mean(i, score * (own - others)),
        by(automata),
        ratio(m, m - 1) * mean(i, score * (own - group)),
        by(automata),
        ratio(1, m * (m - 1)) * total(i, total(j, score * (own - R(samples[j])))),
        by(automata),
        ratio(1, 2 * m * (m - 1)) * total(i, total(j, (score - other) * (own - R(samples[j])))),
    )
