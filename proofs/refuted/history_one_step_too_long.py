"""A baseline reads the history after the action. False.

    E_{τ~P(·;θ)}[Σ_{t=0..H} ∇log π_θ(a_t|s_t) b(h_{t+1})] = 0

h_{t+1} = (s_0, a_0, ..., s_t, a_t, s_{t+1}) holds the action that is judged: a recurrent critic
that is fed one step too early.
"""

from derive import Refuted, by, calc, expect, function, grad, log, pi, t, tau, theorem, total


@theorem("a history one step too long", assumes=[])
def history_one_step_too_long():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        expect(tau, total(t, score * function("b")(tau.h[t + 1]))),
        by("a baseline of the history changes nothing", expect=Refuted),
        0,
    )
