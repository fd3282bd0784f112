"""The soft value of a softmax policy is its log-partition function.

    Σ_a π_θ(a|s) (q(s, a) - α log π_θ(a|s)) = z(s)

A policy π_θ(a|s) = exp(q(s, a)/α) / exp(z(s)/α) is one for which q(s, a) = α log π_θ(a|s) + z(s); here
that is what q stands for, and z = α log Σ_a exp(q(s, a)/α) is the log-partition function.

Why it matters: the regularised objective of a softmax policy has the value z(s), whatever q was;
this is the soft Bellman backup of maximum-entropy methods, without an exponential in it.

Outline
    1. What q stands for.
    2. The logarithms cancel, and probabilities sum to one.

Source: T. Haarnoja, H. Tang, P. Abbeel, S. Levine, "Reinforcement learning with deep energy-based
policies", ICML (2017), Theorem 1.
"""

from derive import (
    a,
    automata,
    by,
    calc,
    define,
    definition,
    function,
    log,
    pi,
    policy_positive,
    s,
    scalar,
    theorem,
    total,
)


@theorem("the soft value of a softmax policy", assumes=[policy_positive])
def soft_value():
    alpha, z, entropy = scalar("alpha"), function("z")(s), log(pi(a | s))
    q = define("q", [s, a], alpha * entropy + z)
    return calc(
        total(a, pi(a | s) * (q(s, a) - alpha * entropy)),
        by(definition(q)),
        total(a, pi(a | s) * ((alpha * entropy + z) - alpha * entropy)),
        by(automata),
        z,
    )
