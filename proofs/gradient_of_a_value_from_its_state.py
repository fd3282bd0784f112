"""The policy gradient theorem in its start-state form: the gradient of the value of a state.

    μ(s) ∇V(s) = E_{τ~P(·;θ)}[1{s_0 = s} Σ_{t=0..∞} γ^t Σ_a ∇π_θ(a|s_t) Q(s_t, a)]

Why it matters: the states that count are those reached from s, each with its discount.
The derivatives of the action values are gone.

Outline
    1. Trajectories that begin in s, which has the probability μ(s).

Source: R. S. Sutton et al., "Policy gradient methods for reinforcement learning with
function approximation" (2000), theorem 1.
"""

from derive import (
    Q,
    V,
    a,
    additive_return,
    automata,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    gamma,
    grad,
    mu,
    pi,
    s,
    same,
    t,
    tau,
    theorem,
    total,
)


@theorem("the gradient of a value, from its state on", assumes=[additive_return, discount_below_one])
def gradient_of_a_value_from_its_state():
    return calc(
        mu(s) * grad(V(s)),
        by(automata),
        expect(tau, same(tau.s[0], s) * total(
            t, gamma**t * total(a, grad(pi(a | tau.s[t])) * Q(tau.s[t], a)), stop=forever)),
    )
