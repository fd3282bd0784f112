"""The advantage is said to have mean zero under any policy. False.

    Σ_a β(a|s) A(s, a) = 0

Only under its own. Under another policy its mean is what is gained by following that policy
for one step.
"""

from derive import A, Policy, Refuted, a, additive_return, by, calc, discount_below_one, s, theorem, total

beta = Policy("beta")


@theorem("the advantage of another policy is centred", assumes=[additive_return, discount_below_one])
def advantage_of_another_policy_is_centred():
    return calc(
        total(a, beta(a | s) * A(s, a)),
        by("the advantage has mean zero", expect=Refuted),
        0,
    )
