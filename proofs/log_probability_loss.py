"""Differentiating log probabilities times a held return gives the policy gradient.

    ∇E_{τ~P(·;π_{old})}[(Σ_{t=0..H} log π_θ(a_t|s_t)) R(τ)] = ∇J(θ)

Why it matters: this is the loss that programs write, with samples drawn from the policy as
it is and the return held fixed. The loss itself has no meaning; its gradient has.

Outline
    1. The law of the samples and the return do not move; the gradient falls on the logarithm.

Source: R. J. Williams (1992); J. Schulman, N. Heess, T. Weber, P. Abbeel, "Gradient
estimation using stochastic computation graphs" (2015).
"""

from derive import J, R, automata, by, calc, expect, grad, log, pi, pi_old, t, tau, theorem, total


@theorem("the loss of log probabilities")
def log_probability_loss():
    scores = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
    return calc(
        grad(expect(tau, total(t, log(pi(tau.a[t] | tau.s[t]))) * R(tau), policy=pi_old)),
        by(automata),
        expect(tau, scores * R(tau)),
        by(automata),
        grad(J),
    )
