"""A baseline that depends on the action is subtracted. False.

    ∇J(θ) = E_{τ~P(·;θ)}[(Σ_{t=0..H} ∇log π_θ(a_t|s_t)) R(τ) - Σ_{t=0..H} ∇log π_θ(a_t|s_t) b(s_t, a_t)]

The score has mean zero given the state. A factor that depends on the action is correlated
with it, and the difference has to be added back.
"""

from derive import J, R, Refuted, by, calc, expect, function, grad, log, pi, t, tau, theorem, total


@theorem("a baseline of the action", assumes=[])
def baseline_of_the_action():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    scores = total(t, score)
    baselines = total(t, score * function("b")(tau.s[t], tau.a[t]))
    return calc(
        grad(J),
        by("a baseline changes nothing", expect=Refuted),
        expect(tau, scores * R(tau) - baselines),
    )
