"""The policy gradient estimate from m sampled trajectories, as its source writes it.

    ∇J(θ) = (1/m) Σ_{i=1..m} (Σ_{t=0..H} ∇log π_θ(a_t^{(i)}|s_t^{(i)})) R(τ^{(i)})

Why it matters: this is the formula that REINFORCE implements. As an equality it does not
hold, since the right side is random; its mean over samples is the gradient, for every m
(see sample_estimate_is_unbiased).

Outline
    1. Replace the expectation by the average over sampled trajectories.

Source: Hugging Face deep reinforcement learning course, unit 4, optional page "the
Policy Gradient Theorem", its line 13.
"""

from derive import Estimates, J, R, by, calc, grad, i, iid_samples, log, mean, pi, samples, t, theorem, total


@theorem("the policy gradient estimate, as written", assumes=[iid_samples])
def policy_gradient_estimate():
    drawn = samples[i]
    return calc(
        grad(J),
        by("estimate the gradient from sampled trajectories", tag="HF-13", expect=Estimates),
        mean(i, total(t, grad(log(pi(drawn.a[t] | drawn.s[t])))) * R(drawn)),
    )
