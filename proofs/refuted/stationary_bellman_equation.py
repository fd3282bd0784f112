"""The Bellman equation is written with one value function at a finite horizon. False.

    V_t(s) = Σ_a π_θ(a|s) Σ_x P(x|s, a) (r(s, a, x) + γ V_t(x))

With a last decision a state is worth less the later it is reached; V_{t+1} must stand on the
right.
"""

from derive import P, Refuted, V, a, additive_return, by, calc, gamma, pi, r, s, t, theorem, total, x


@theorem("a stationary Bellman equation at a finite horizon", assumes=[additive_return])
def stationary_bellman_equation():
    return calc(
        V[t](s),
        by("the Bellman equation", expect=Refuted),
        total(a, pi(a | s) * total(x, P(x | s, a) * (r(s, a, x) + gamma * V[t](x)))),
    )
