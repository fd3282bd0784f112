"""The gradient of the entropy has the wrong sign. False.

    ∇ℋ(s) = Σ_a ∇π_θ(a|s) log π_θ(a|s)

The entropy is minus the mean of log π. With the sign lost, the bonus makes the policy more
certain.
"""

from derive import Refuted, a, by, calc, entropy, grad, log, pi, policy_positive, s, theorem, total


@theorem("the entropy with the wrong sign", assumes=[policy_positive])
def entropy_with_the_wrong_sign():
    return calc(
        grad(entropy(s)),
        by("the gradient of the entropy", expect=Refuted),
        total(a, grad(pi(a | s)) * log(pi(a | s))),
    )
