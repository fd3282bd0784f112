"""The policy gradient theorem, in trajectory form.

    ∇J(θ) = E_{τ~P(·;θ)}[(Σ_{t=0..H} ∇log π_θ(a_t|s_t)) R(τ)]

Why it matters: the gradient of the expected return is the expectation of the scores
times the return. Both can be computed from sampled trajectories alone.

Outline
    1. The likelihood-ratio policy gradient.
    2. The score of a trajectory is the sum of the scores of its actions.
    3. A sum weighted by P(τ;θ) is an expectation.

Source: Hugging Face deep reinforcement learning course, unit 4, optional page "the
Policy Gradient Theorem"; R. S. Sutton, D. McAllester, S. Singh, Y. Mansour, "Policy
gradient methods for reinforcement learning with function approximation" (1999).
"""

from derive import (
    J,
    P,
    R,
    by,
    calc,
    expect,
    expectation_as_a_sum,
    grad,
    log,
    main,
    pi,
    possible,
    t,
    tau,
    theorem,
    total,
)

from .likelihood_ratio_gradient import likelihood_ratio_gradient
from .score_of_a_trajectory import score_of_a_trajectory


@theorem("policy gradient theorem", assumes=[possible(tau)])
def policy_gradient():
    scores = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
    return calc(
        grad(J),
        by(likelihood_ratio_gradient),
        total(tau, P(tau) * grad(log(P(tau))) * R(tau)),
        by(score_of_a_trajectory),
        total(tau, P(tau) * scores * R(tau)),
        by(expectation_as_a_sum),
        expect(tau, scores * R(tau)),
    )


if __name__ == "__main__":
    raise SystemExit(main(["check", __file__]))
