"""Future rewards are said to drop out. False.

    E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) r(s_k, a_k, s_{k+1})] = 0

Past rewards do: the score of a later action has mean zero given an earlier reward, and not
the other way round.
"""

from derive import Refuted, by, calc, earlier, expect, grad, k, log, pi, r, t, tau, theorem


@theorem("future rewards are said to drop out", assumes=[earlier(t, k)])
def causality_reversed():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        expect(tau, score * r(tau.s[k], tau.a[k], tau.s[k + 1])),
        by("causality", expect=Refuted),
        0,
    )
