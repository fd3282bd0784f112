"""A baseline of the next state is subtracted. False.

    E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) b(s_{t+1})] = 0

The next state depends on the action, so it tells something about the score.
"""

from derive import Refuted, by, calc, expect, function, grad, log, pi, t, tau, theorem


@theorem("a baseline of the next state", assumes=[])
def baseline_of_the_next_state():
    return calc(
        expect(tau, grad(log(pi(tau.a[t] | tau.s[t]))) * function("b")(tau.s[t + 1])),
        by("a baseline of a state changes nothing", expect=Refuted),
        0,
    )
