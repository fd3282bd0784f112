"""The gradient of the law of the state at time t, by the scores before t.

    Σ_s ∇p_t(s) f(s) = E_{τ~P(·;θ)}[f(s_t) Σ_{k=0..t-1} ∇log π_θ(a_k|s_k)]

Why it matters: the law of the states moves with θ, through the actions taken before t and no
others. It is the gradient that the policy gradient theorem does without.

Outline
    1. Decided as a whole, for every function of the state and every time.

Source: P. W. Glynn, "Likelihood ratio gradient estimation for stochastic systems" (1990).
"""

from derive import automata, by, calc, expect, function, grad, k, log, p, pi, s, t, tau, theorem, total


@theorem("the gradient of the law of the state")
def gradient_of_the_state_law():
    weight = function("f")
    scores = total(k, grad(log(pi(tau.a[k] | tau.s[k]))), stop=t - 1)
    return calc(
        total(s, grad(p[t](s)) * weight(s)),
        by(automata),
        expect(tau, weight(tau.s[t]) * scores),
    )
