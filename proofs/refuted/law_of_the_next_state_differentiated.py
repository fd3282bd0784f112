"""The gradient is taken of the mean of the next value, not of the next value. False.

    ∇J(θ) = E_{τ~P(·;θ)}[∇log π_θ(a_0|s_0) Q(s_0, a_0)] + γ ∇E_{τ~P(·;θ)}[V(s_1)]

The law of s_1 depends on θ, and its gradient is already in the first term. It is counted
twice here.
"""

from derive import (
    J,
    Q,
    Refuted,
    V,
    additive_return,
    by,
    calc,
    discount_below_one,
    expect,
    gamma,
    grad,
    log,
    pi,
    tau,
    theorem,
)


@theorem("the law of the next state is differentiated", assumes=[additive_return, discount_below_one])
def law_of_the_next_state_differentiated():
    first = expect(tau, grad(log(pi(tau.a[0] | tau.s[0]))) * Q(tau.s[0], tau.a[0]))
    return calc(
        grad(J),
        by("one step of the recursion", expect=Refuted),
        first + gamma * grad(expect(tau, V(tau.s[1]))),
    )
