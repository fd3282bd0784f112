"""An importance ratio has mean one.

    E_{τ~P(·;β)}[π_θ(a_t|s_t)/β(a_t|s_t)] = 1

Why it matters: it is why later ratios may be left out, and a check that programs print.

Outline
    1. Decided as a whole.

Source: D. Precup, R. S. Sutton, S. Singh, "Eligibility traces for off-policy policy
evaluation" (2000).
"""

from derive import Policy, automata, by, calc, covers, expect, pi, ratio, t, tau, theorem

beta = Policy("beta")


@theorem("an importance ratio has mean one", assumes=[covers(beta, pi)])
def importance_ratio_has_mean_one():
    return calc(
        expect(tau, ratio(pi(tau.a[t] | tau.s[t]), beta(tau.a[t] | tau.s[t])), policy=beta),
        by(automata),
        1,
    )
