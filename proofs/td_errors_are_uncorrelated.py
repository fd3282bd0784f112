"""TD errors of the values at different times are uncorrelated.

    E_{τ~P(·;θ)}[δ_t(τ) δ_k(τ)] = 0

Why it matters: what a step brings beyond its expectation says nothing about what a later one will. So the
variances of TD errors add up.

Outline
    1. Given the history up to s_k, the later TD error has mean 0.

Source: M. J. Sobel, "The variance of discounted Markov decision processes" (1982).
"""

from derive import additive_return, automata, by, calc, delta, earlier, expect, k, t, tau, theorem


@theorem("TD errors are uncorrelated", assumes=[additive_return, earlier(t, k)])
def td_errors_are_uncorrelated():
    return calc(
        expect(tau, delta[t](tau) * delta[k](tau)),
        by(automata),
        0,
    )
