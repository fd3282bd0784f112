"""The policy gradient theorem, by passing the gradient on from state to state.

    ∇J(θ) = Σ_s d(s) Σ_a ∇π_θ(a|s) Q(s, a)

Why it matters: it is the proof that books print, without its "and so on": the steps are
summed, and what is passed on cancels.

Outline
    1. The objective is the mean value of the first state.
    2. Add and subtract the gradient of the value of every later state: they telescope.
    3. The gradient of a state value, one step ahead, in every state s_t.
    4. Gather the times in the occupancy.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), 13.2, box
"Proof of the policy gradient theorem (episodic case)".
"""

from derive import (
    J,
    Q,
    V,
    a,
    additive_return,
    automata,
    by,
    calc,
    d,
    discount_below_one,
    expect,
    forever,
    gamma,
    grad,
    pi,
    s,
    t,
    tau,
    theorem,
    total,
)


@theorem("the policy gradient theorem by telescoping", assumes=[additive_return, discount_below_one])
def policy_gradient_by_telescoping():
    passed_on = expect(tau, grad(V(tau.s[t]))) - gamma * expect(tau, grad(V(tau.s[t + 1])))
    return calc(
        grad(J),
        by(automata),
        expect(tau, grad(V(tau.s[0]))),
        by(automata),
        total(t, gamma**t * passed_on, stop=forever),
        by(automata),
        total(t, gamma**t * expect(tau, total(a, grad(pi(a | tau.s[t])) * Q(tau.s[t], a))), stop=forever),
        by(automata),
        total(s, d(s) * total(a, grad(pi(a | s)) * Q(s, a))),
    )
