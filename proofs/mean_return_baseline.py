"""The mean return is a baseline.

    ∇J(θ) = E_{τ~P(·;θ)}[(Σ_{t=0..H} ∇log π_θ(a_t|s_t)) (R(τ) - J(θ))]

Why it matters: it is the first baseline that anyone tries. As a known number it is
unbiased; estimated from the same samples it is not (see group_mean_baseline).

Outline
    1. The policy gradient theorem.
    2. The objective is a number, and the score of a trajectory has mean zero.

Source: R. J. Williams, "Simple statistical gradient-following algorithms for
connectionist reinforcement learning", Machine Learning 8 (1992).
"""

from derive import J, R, automata, by, calc, expect, grad, log, pi, possible, t, tau, theorem, total

from .policy_gradient import policy_gradient


@theorem("the mean return is a baseline", assumes=[possible(tau)])
def mean_return_baseline():
    scores = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
    return calc(
        grad(J),
        by(policy_gradient),
        expect(tau, scores * R(tau)),
        by(automata),
        expect(tau, scores * (R(tau) - J)),
    )
