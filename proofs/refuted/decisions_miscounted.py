"""There are H + 1 decisions, not H. False.

    Σ_{t=0..H} 1 = H

The decisions are at the times 0 to H. Averages over a trajectory divide by H + 1.
"""

from derive import H, Refuted, by, calc, t, theorem, total


@theorem("the decisions are miscounted")
def decisions_miscounted():
    return calc(
        total(t, 1),
        by("one for each decision", expect=Refuted),
        H,
    )
