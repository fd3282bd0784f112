"""The gradient of the action values is dropped under another law of states. False.

    ∇E_{τ~P(·;β)}[V_t(s_t)] = E_{τ~P(·;β)}[Σ_a ∇π_θ(a|s_t) Q_t(s_t, a)]

Off-policy actor-critic drops it and says so. With function approximation the result is
accepted as a direction of improvement; it is not the gradient.
"""

from derive import Policy, Q, Refuted, V, a, additive_return, by, calc, expect, grad, pi, t, tau, theorem, total

beta = Policy("beta")


@theorem("the off-policy gradient is cut short", assumes=[additive_return])
def off_policy_gradient_cut_short():
    return calc(
        grad(expect(tau, V[t](tau.s[t]), policy=beta)),
        by("the off-policy policy gradient", expect=Refuted),
        expect(tau, total(a, grad(pi(a | tau.s[t])) * Q[t](tau.s[t], a)), policy=beta),
    )
