"""The performance difference lemma, at a finite horizon, by telescoping.

    J(θ) - E_{τ~P(·;β)}[R(τ)] = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t A_t^β(s_t, a_t)]

Why it matters: how much better one policy is than another is told by the advantages of the
other along the paths of the one. Trust-region methods start here.

Outline
    1. The other policy's objective is the mean of its values at s_0, which both share.
    2. Add and subtract its values along the path: they telescope.
    3. Rewards and values make TD errors.
    4. Given s_t and a_t, the TD error has the mean of the advantage.

Source: S. Kakade, J. Langford, "Approximately optimal approximate reinforcement learning"
(2002), lemma 6.1.
"""

from derive import A, J, Policy, R, V, additive_return, automata, by, calc, expect, gamma, r, t, tau, theorem, total

beta = Policy("beta")


@theorem("the performance difference lemma", assumes=[additive_return])
def performance_difference():
    reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
    gain = gamma * V[t + 1](tau.s[t + 1], policy=beta) - V[t](tau.s[t], policy=beta)
    return calc(
        J - expect(tau, R(tau), policy=beta),
        by(automata),
        J - expect(tau, V[0](tau.s[0], policy=beta)),
        by(automata),
        J + expect(tau, total(t, gamma**t * gain)),
        by(automata),
        expect(tau, total(t, gamma**t * (reward + gain))),
        by(automata),
        expect(tau, total(t, gamma**t * A[t](tau.s[t], tau.a[t], policy=beta))),
    )
