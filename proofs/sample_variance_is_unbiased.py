"""The sample variance, divided by m - 1, is unbiased.

    E_{τ^{(1:m)}~P(·;θ)}[(m/(m - 1)) (1/m) Σ_{i=1..m} (R(τ^{(i)}) - (1/m) Σ_{j=1..m} R(τ^{(j)}))^2] =
        Var_{τ~P(·;θ)}[R(τ)]

Why it matters: the mean of the samples lies closer to them than the true mean does; the
factor m - 1 makes up for it (Bessel's correction).

Outline
    1. Decided as a whole, with two samples in one expectation.

Source: any textbook of statistics, such as G. Casella, R. Berger, "Statistical inference"
(2002), theorem 5.2.6.
"""

from derive import (
    Draw,
    R,
    automata,
    by,
    calc,
    expect,
    i,
    iid_samples,
    m,
    mean,
    ratio,
    samples,
    samples_at_least,
    tau,
    theorem,
    variance,
)

j = Draw("j")


@theorem("the sample variance is unbiased", assumes=[iid_samples, samples_at_least(2)])
def sample_variance_is_unbiased():
    deviation = R(samples[i]) - mean(j, R(samples[j]))
    return calc(
        expect(samples, ratio(m, m - 1) * mean(i, deviation**2)),
        by(automata),
        variance(tau, R(tau)),
    )
