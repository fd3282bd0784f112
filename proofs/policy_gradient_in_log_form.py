"""The policy gradient theorem with occupancy, in the form of a logarithm.

    ∇J(θ) = Σ_s d(s) Σ_a π_θ(a|s) ∇log π_θ(a|s) A(s, a)

Why it matters: this is the form that can be sampled: a state from the occupancy, an action
from the policy.

Outline
    1. The policy gradient theorem with occupancy.
    2. Where the policy is positive, ∇π = π ∇log π.
    3. A sum over actions weighted by the policy is a mean.
    4. V is a baseline.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.3.
"""

from derive import (
    A,
    J,
    Q,
    a,
    additive_return,
    automata,
    by,
    calc,
    d,
    discount_below_one,
    expect,
    grad,
    log,
    pi,
    policy_positive,
    s,
    theorem,
    total,
)

from .policy_gradient_with_occupancy import policy_gradient_with_occupancy


@theorem("the policy gradient theorem in log form", assumes=[additive_return, discount_below_one, policy_positive])
def policy_gradient_in_log_form():
    score = grad(log(pi(a | s)))
    return calc(
        grad(J),
        by(policy_gradient_with_occupancy),
        total(s, d(s) * total(a, grad(pi(a | s)) * Q(s, a))),
        by(automata),
        total(s, d(s) * total(a, pi(a | s) * score * Q(s, a))),
        by(automata),
        total(s, d(s) * expect(a, score * Q(s, a), given=s)),
        by(automata),
        total(s, d(s) * expect(a, score * A(s, a), given=s)),
    )
