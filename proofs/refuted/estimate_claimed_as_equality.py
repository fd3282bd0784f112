"""The estimate is claimed to be the gradient. It is random; only its mean is.

    ∇J(θ) = (1/m) Σ_{i=1..m} ∇log P(τ^{(i)};θ) R(τ^{(i)})

Two batches give two different right sides. What is true is that the mean of the right
side over batches is the gradient, for every m.
"""

from derive import Estimates, J, P, R, by, calc, grad, i, iid_samples, log, mean, samples, theorem


@theorem("the estimate is claimed to be the gradient", assumes=[iid_samples])
def estimate_claimed_as_equality():

    return calc(
        grad(J),
        by("replace the expectation by an average", expect=Estimates),
        mean(i, grad(log(P(samples[i]))) * R(samples[i])),
    )
