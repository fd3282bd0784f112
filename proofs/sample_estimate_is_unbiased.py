"""The sample estimate of the policy gradient is unbiased, for every number m of samples.

    E_{τ^{(1:m)}~P(·;θ)}[(1/m) Σ_{i=1..m} (Σ_{t=0..H} ∇log π_θ(a_t^{(i)}|s_t^{(i)})) R(τ^{(i)})] = ∇J(θ)

Why it matters: this is what lines 12 and 13 of the source page mean where they write an
equality: the estimate is random, and its mean is the gradient.

Outline
    1. The expectation is linear, and m is not random.
    2. Each sample has the same law, and each summand uses its own sample only.
    3. The mean of m equal numbers is that number.
    4. The policy gradient theorem, read from right to left.

Source: Hugging Face deep reinforcement learning course, unit 4, optional page "the
Policy Gradient Theorem", the true statement behind its lines 12 and 13.
"""

from derive import (
    J,
    R,
    by,
    calc,
    equal_expectations,
    expect,
    grad,
    i,
    iid_samples,
    linearity_over_samples,
    log,
    mean,
    mean_of_equal_terms,
    pi,
    possible,
    samples,
    t,
    tau,
    theorem,
    total,
)

from .policy_gradient import policy_gradient


@theorem("the sample estimate is unbiased", assumes=[possible(tau), iid_samples])
def sample_estimate_is_unbiased():
    drawn = samples[i]
    estimate = total(t, grad(log(pi(drawn.a[t] | drawn.s[t])))) * R(drawn)
    one_trajectory = total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau)
    return calc(
        expect(samples, mean(i, estimate)),
        by(linearity_over_samples),
        mean(i, expect(samples, estimate)),
        by(equal_expectations),
        mean(i, expect(tau, one_trajectory)),
        by(mean_of_equal_terms),
        expect(tau, one_trajectory),
        by(policy_gradient),
        grad(J),
    )
