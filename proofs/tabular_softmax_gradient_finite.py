"""The policy gradient of a tabular softmax policy at a finite horizon, coordinate by coordinate.

    E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t·1{s_t = s} (1{a_t = a} - π_θ(a|s)) Q_t(s_t, a_t)]
        = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t·1{s_t = s} π_θ(a|s_t) A_t(s_t, a)]

For π_θ(b|x) ∝ exp θ(x, b), the derivative of log π_θ(b|x) along θ(s, a) is 1{x = s} (1{b = a} - π_θ(a|s)), so
the left side is ∂J/∂θ(s, a) by the action-value form of the policy gradient.

Why it matters: a logit grows with the advantages of its action at every visit of its state, each
with the discount of its time and with the decisions that are left.

Outline
    1. Decided as a whole: the mean over the action that is taken, at each visit of the state.

Source: A. Agarwal, S. M. Kakade, J. D. Lee, G. Mahajan, "On the theory of policy gradient methods",
Journal of Machine Learning Research 22 (2021), section 5, without a last decision there.
"""

from derive import A, Q, a, additive_return, automata, by, calc, expect, gamma, pi, s, same, t, tau, theorem, total


@theorem("the gradient of a tabular softmax policy, finite horizon", assumes=[additive_return])
def tabular_softmax_gradient_finite():
    visit, chosen = same(tau.s[t], s), same(tau.a[t], a) - pi(a | s)
    return calc(
        expect(tau, total(t, gamma**t * visit * chosen * Q[t](tau.s[t], tau.a[t]))),
        by(automata),
        expect(tau, total(t, gamma**t * visit * pi(a | tau.s[t]) * A[t](tau.s[t], a))),
    )
