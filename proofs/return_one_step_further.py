"""The rewards to go, one step further.

    G_t(τ) = r(s_t, a_t, s_{t+1}) + γ G_{t+1}(τ)

Why it matters: this holds on every trajectory, without a mean; from it come the Bellman equation of the values
and the loop, from the last step back, that computes returns in code. After the last step nothing is left.

Outline
    1. The first reward is taken out of the sum.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), equation 3.9.
"""

from derive import G, automata, by, calc, gamma, r, t, tau, theorem


@theorem("the rewards to go, one step further")
def return_one_step_further():
    return calc(
        G[t](tau),
        by(automata),
        r(tau.s[t], tau.a[t], tau.s[t + 1]) + gamma * G[t + 1](tau),
    )
