"""The law of the state is said not to change with time. False.

    p_{t+1}(x) = p_t(x)

It does, unless one starts in the stationary law. Averages over a trajectory are no means under
one law of states.
"""

from derive import Refuted, by, calc, p, t, theorem, x


@theorem("the law of the state does not change")
def states_are_stationary():
    return calc(
        p[t + 1](x),
        by("the chain is stationary", expect=Refuted),
        p[t](x),
    )
