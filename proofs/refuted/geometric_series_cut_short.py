"""The geometric series is summed as if it did not end. False.

    Σ_{t=0..H} γ^t = 1/(1 - γ)

At a finite horizon the sum is (1 - γ^{H+1})/(1 - γ).
"""

from derive import Refuted, by, calc, discount_below_one, gamma, ratio, t, theorem, total


@theorem("the geometric series is cut short", assumes=[discount_below_one])
def geometric_series_cut_short():
    return calc(
        total(t, gamma**t),
        by("the geometric series", expect=Refuted),
        ratio(1, 1 - gamma),
    )
