"""The average of advantages of n steps at a finite horizon, with the weight that is left for the last one.

    (1 - λ) Σ_{k=t..H-1} λ^{k-t} Σ_{j=t..k} γ^{j-t} δ_j(τ) + λ^{H-t} Σ_{k=t..H} γ^{k-t} δ_k(τ) =
        Σ_{k=t..H} (γ λ)^{k-t} δ_k(τ)

Why it matters: code that averages up to the end of an episode has to give the longest advantage all the
weight that is left, λ^{H-t}, not (1 - λ) λ^{H-t}. With it the estimate is a sum over TD errors, on every trajectory
and for every λ.

Outline
    1. The TD error at k stands in all averages from k on, whose weights add up to λ^{k-t}.

Source: R. S. Sutton, A. G. Barto, "Reinforcement learning: an introduction" (2018), equation 12.3, for
returns.
"""

from derive import (
    H,
    Time,
    additive_return,
    automata,
    by,
    calc,
    delta,
    gamma,
    k,
    scalar,
    t,
    tau,
    theorem,
    total,
)

lam, n = scalar("lambda"), Time("n")


@theorem("the average of advantages at a finite horizon", assumes=[additive_return])
def generalised_advantage_is_an_average_finite():
    of_n_steps = total(k, gamma ** (k - t) * delta[k](tau), start=t, stop=n)
    longest = total(k, gamma ** (k - t) * delta[k](tau), start=t)
    return calc(
        (1 - lam) * total(n, lam ** (n - t) * of_n_steps, start=t, stop=H - 1) + lam ** (H - t) * longest,
        by(automata),
        total(k, (gamma * lam) ** (k - t) * delta[k](tau), start=t),
    )
