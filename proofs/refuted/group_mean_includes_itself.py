"""The mean return of the group is subtracted, and the gradient said to be unbiased. False.

    ∇J(θ) = E_{τ^{(1:m)}~P(·;θ)}[(1/m) Σ_{i=1..m} ∇log P(τ^{(i)};θ) (R(τ^{(i)}) - (1/m) Σ_{j=1..m} R(τ^{(j)}))]

The group mean contains the sample itself. The right side is (m-1)/m times the gradient; with
the mean of the others (RLOO) it is unbiased.
"""

from derive import Draw, J, P, R, Refuted, by, calc, expect, grad, i, iid_samples, log, mean, samples, theorem

j = Draw("j")


@theorem("the group mean includes the sample itself", assumes=[iid_samples])
def group_mean_includes_itself():
    return calc(
        grad(J),
        by("the mean return is a baseline", expect=Refuted),
        expect(samples, mean(i, grad(log(P(samples[i]))) * (R(samples[i]) - mean(j, R(samples[j]))))),
    )
