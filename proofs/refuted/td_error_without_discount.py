"""The discount is left out of the TD error. False.

    Σ_x P(x|s, a) (r(s, a, x) + V(x) - V(s)) = A(s, a)

The difference is (1-γ) times the mean value of the next state, which depends on the action.
"""

from derive import A, P, Refuted, V, a, additive_return, by, calc, discount_below_one, r, s, theorem, total, x


@theorem("the TD error without a discount", assumes=[additive_return, discount_below_one])
def td_error_without_discount():
    return calc(
        total(x, P(x | s, a) * (r(s, a, x) + V(x) - V(s))),
        by("the TD error has the mean of the advantage", expect=Refuted),
        A(s, a),
    )
