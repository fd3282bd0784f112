"""The λ-return less the value is the sum of the TD errors with the weights (γλ)^n, for every critic.

    E_{τ~P(·;θ)}[(1 - λ) Σ_{t=0..∞} λ^t (Σ_{k=0..t} γ^k r(s_k, a_k, s_{k+1}) + γ^{t+1} f(s_{t+1})) - f(s_0)] =
        E_{τ~P(·;θ)}[Σ_{t=0..∞} (γ λ)^t (r(s_t, a_t, s_{t+1}) + γ f(s_{t+1}) - f(s_t))]

Why it matters: it is why TD(λ) can be run backwards, by traces. No critic need be right
for it.

Outline
    1. The rewards and values of each n-step return come apart into TD errors.
    2. An error counts in all returns of n steps and more, whose weights add up to λ^n.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018),
12.1.
"""

from derive import (
    Time,
    automata,
    below_one,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    function,
    gamma,
    k,
    r,
    scalar,
    tau,
    theorem,
    total,
)

lam, n, critic = scalar("lambda"), Time("n"), function("f")


@theorem("the λ-return by TD errors", assumes=[discount_below_one, below_one(lam)])
def lambda_return_by_td_errors():
    rewards = total(k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), stop=n)
    steps = rewards + gamma ** (n + 1) * critic(tau.s[n + 1])
    error = r(tau.s[n], tau.a[n], tau.s[n + 1]) + gamma * critic(tau.s[n + 1]) - critic(tau.s[n])
    return calc(
        expect(tau, (1 - lam) * total(n, lam**n * steps, stop=forever) - critic(tau.s[0])),
        by(automata),
        expect(tau, total(n, (gamma * lam) ** n * error, stop=forever)),
    )
