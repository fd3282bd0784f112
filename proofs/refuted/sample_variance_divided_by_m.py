"""The sample variance is divided by m. False.

    E_{τ^{(1:m)}~P(·;θ)}[(1/m) Σ_{i=1..m} (R(τ^{(i)}) - (1/m) Σ_{j=1..m} R(τ^{(j)}))^2] = Var_{τ~P(·;θ)}[R(τ)]

Its mean is (m-1)/m times the variance, for the samples lie closer to their own mean than to
the true one.
"""

from derive import Draw, R, Refuted, by, calc, expect, i, iid_samples, mean, samples, tau, theorem, variance

j = Draw("j")


@theorem("the sample variance is divided by m", assumes=[iid_samples])
def sample_variance_divided_by_m():
    deviation = R(samples[i]) - mean(j, R(samples[j]))
    return calc(
        expect(samples, mean(i, deviation**2)),
        by("the mean squared deviation", expect=Refuted),
        variance(tau, R(tau)),
    )
