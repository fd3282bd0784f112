"""The logarithm is pulled out of the expectation. False.

    E_{τ~P(·;θ)}[log P(τ;θ)] = log E_{τ~P(·;θ)}[P(τ;θ)]

The logarithm is not linear; Jensen's inequality says which side is larger.
"""

from derive import P, Refuted, by, calc, expect, log, tau, theorem


@theorem("the log of the expectation for the expectation of the log")
def log_of_the_expectation():

    return calc(
        expect(tau, log(P(tau))),
        by("the logarithm and the expectation exchange", expect=Refuted),
        log(expect(tau, P(tau))),
    )
