"""The differences of the returns of all pairs of samples, divided by m². False.

    E_{τ^{(1:m)}~P(·;θ)}[(Σ_{i=1..m} Σ_{j=1..m} ∇log P(τ^{(i)};θ) (R(τ^{(i)}) - R(τ^{(j)})))/m^2] = ∇J(θ)

A sample differs from itself by 0, so there are m (m - 1) pairs that count. The factor
is (m - 1)/m, as with the mean of the group as a baseline.
"""

from derive import (
    Draw,
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
    m,
    ratio,
    samples,
    theorem,
    total,
)

j = Draw("j")


@theorem("differences of all pairs divided by their number", assumes=[iid_samples])
def all_pairs_divided_by_their_number():
    differences = total(i, total(j, grad(log(P(samples[i]))) * (R(samples[i]) - R(samples[j]))))
    return calc(
        expect(samples, ratio(differences, m**2)),
        by("m² pairs", expect=Refuted),
        grad(J),
    )
