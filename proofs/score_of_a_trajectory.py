"""The score of a trajectory is the sum of the scores of its actions.

    ∇log P(τ;θ) = Σ_{t=0..H} ∇log π_θ(a_t|s_t)

Why it matters: the dynamics drop out. The score of a whole trajectory needs no model of
the environment, only the policy.

Outline
    1. Unfold the probability of the trajectory.
    2. The logarithm of a product is the sum of the logarithms.
    3. The gradient of a sum is the sum of the gradients.
    4. The initial law and the dynamics do not depend on θ. (The term is ∇log μ(s_0), not
       ∇μ(s_0), and it is defined because the trajectory is possible.)
    5. The gradient of a sum is the sum of the gradients.

Source: Hugging Face deep reinforcement learning course, unit 4, optional page "the
Policy Gradient Theorem", its lines 7 to 11.
"""

from derive import (
    P,
    by,
    calc,
    definition,
    grad,
    gradient_of_a_constant,
    gradient_of_a_sum,
    log,
    log_of_a_product,
    mu,
    pi,
    possible,
    t,
    tau,
    theorem,
    total,
    trajectory_probability_of,
)


@theorem("score of a trajectory", assumes=[possible(tau)])
def score_of_a_trajectory():
    log_mu = log(mu(tau.s[0]))
    log_dynamics = total(t, log(P(tau.s[t + 1] | tau.s[t], tau.a[t])))
    log_policy = total(t, log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(log(P(tau))),
        by(definition(P), tag="HF-7"),
        grad(log(trajectory_probability_of(tau))),
        by(log_of_a_product, tag="HF-8"),
        grad(log_mu + log_dynamics + log_policy),
        by(gradient_of_a_sum, tag="HF-9"),
        grad(log_mu) + grad(log_dynamics) + grad(log_policy),
        by(gradient_of_a_constant, tag="HF-10"),
        grad(log_policy),
        by(gradient_of_a_sum, tag="HF-11"),
        total(t, grad(log(pi(tau.a[t] | tau.s[t])))),
    )
