"""The law of the next state.

    p_{t+1}(x) = Σ_s p_t(s) Σ_a π_θ(a|s) P(x|s, a)

Why it matters: the probabilities of the states go forward by the same sums by which values
go backward.

Outline
    1. Decided as a whole.

Source: M. L. Puterman, "Markov decision processes" (1994), appendix A.
"""

from derive import P, a, automata, by, calc, p, pi, s, t, theorem, total, x


@theorem("the law of the next state")
def chapman_kolmogorov():
    return calc(
        p[t + 1](x),
        by(automata),
        total(s, p[t](s) * total(a, pi(a | s) * P(x | s, a))),
    )
