"""The likelihood-ratio estimate from m sampled trajectories, as its source writes it.

    ∇J(θ) = (1/m) Σ_{i=1..m} ∇log P(τ^{(i)};θ) R(τ^{(i)})

Why it matters: the left side is a number and the right side is random, so this is not an
equality, and it is not simply false either. The right side *estimates* the left: its mean
over samples is the gradient, for every m.

Outline
    1. Replace the expectation by the average over sampled trajectories.

Source: Hugging Face deep reinforcement learning course, unit 4, optional page "the
Policy Gradient Theorem", its line 12.
"""

from derive import Estimates, J, P, R, by, calc, grad, i, iid_samples, log, mean, samples, theorem


@theorem("the likelihood-ratio estimate, as written", assumes=[iid_samples])
def likelihood_ratio_estimate():
    return calc(
        grad(J),
        by("estimate the gradient from sampled trajectories", tag="HF-12", expect=Estimates),
        mean(i, grad(log(P(samples[i]))) * R(samples[i])),
    )
