"""The entropy bonus is differentiated in each state by itself. False.

    ∇E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ℋ(s_t)] = E_{τ~P(·;θ)}[Σ_{t=0..H} γ^t ∇ℋ(s_t)]

A3C does this. The states that are reached depend on θ, and so does the mean of their entropy;
that part of the gradient is missing.
"""

from derive import Refuted, by, calc, entropy, expect, gamma, grad, policy_positive, t, tau, theorem, total


@theorem("the entropy of later states is dropped", assumes=[policy_positive])
def entropy_of_later_states_dropped():
    return calc(
        grad(expect(tau, total(t, gamma**t * entropy(tau.s[t])))),
        by("the gradient falls on the entropy", expect=Refuted),
        expect(tau, total(t, gamma**t * grad(entropy(tau.s[t])))),
    )
