"""Claims that were called true once, and identities that hold on every small model: semantics.md 12, faults.md T."""

from __future__ import annotations

from claims_samples import drawn
from claims_unfolding import A_, S, mean, off
from kernel_letters import (
    ADD,
    FALSE,
    IID,
    NONE,
    PP,
    TRUE,
    Claim,
    at_sizes,
    beta,
    claims,
    e,
    f,
    j,
    reward,
    rho,
    score,
    u,
)
from sympy import Expr

from derive.language.vocabulary import H, J, R, gamma, grad, i, m, pi, prod, ratio, samples, t, total
from derive.language.vocabulary import k as k_
from derive.language.vocabulary import mean as average

D = mean(score(0) * f(S[1]))
"""A number that is not 0 from two states and two actions on."""


def over(first: int, ahead: int) -> Expr:
    """D max(0, H + 1 - first - ahead)."""
    return total(u, total(t, D, start=u + ahead), start=first, stop=first)


ONLY_AT_2 = over(1, 1) - 2 * over(2, 1) + over(2, 2)
"""D at H = 2, else 0."""
LAST = total(t, 1) - 1
"""H."""
SMALL_H = LAST * (LAST - 1) * (LAST - 2) * (LAST - 3)
POWERS = [total(e, pi(e | S[0]) ** power) for power in range(1, 6)]
FIVE = mean(POWERS[0] ** 5 - 10 * POWERS[0] ** 3 * POWERS[1] + 15 * POWERS[0] * POWERS[1] ** 2
            + 20 * POWERS[0] ** 2 * POWERS[2] - 20 * POWERS[1] * POWERS[2] - 30 * POWERS[0] * POWERS[3]
            + 24 * POWERS[4])
"""The mean of the sum over five distinct actions of the product of their probabilities."""
RETURN = R(samples[i])
AT_2 = at_sizes((2, 2, 2))

FAULTS: list[Claim] = [
    *claims(
        "nothing at most horizons",
        ("only at H = 2", ONLY_AT_2, 0, NONE, FALSE, AT_2),
        ("only at H = 2, added", grad(mean(f(S[0]))) + ONLY_AT_2, grad(mean(f(S[0]))), NONE, FALSE, AT_2),
        ("only at H = 0", J + total(t, total(k_, 1, start=t, stop=0), start=H), J, NONE, FALSE),
        ("nothing, where it is written at 0", mean(f(S[1])) - mean(f(S[1])), 0, NONE, TRUE),
        ("from H = 2 on", grad(J) + over(0, 2), grad(J), NONE, FALSE, AT_2),
        ("H (H - 1) (H - 2) (H - 3)", J + SMALL_H, J, NONE, FALSE, at_sizes((1, 1, 4))),
        ("H (H - 1) (H - 2) (H - 3) times a mean", SMALL_H * mean(f(S[0])), 0, NONE, FALSE, at_sizes((1, 1, 4))),
        ("a quotient plus H (H - 1) (H - 2) (H - 3)", mean(ratio(pi(A_[0] | S[0]), pi(A_[0] | S[0]))), 1 + SMALL_H, PP,
         FALSE, at_sizes((1, 1, 4)))),
    *claims(
        "nothing with few outcomes",
        ("five distinct actions", J + FIVE, J, NONE, FALSE, at_sizes((1, 5, 0))),
        ("two actions have opposite gradients", mean(total(e, grad(pi(e | S[0])) * pi(e | S[0]) ** 2)),
         mean(total(e, grad(pi(e | S[0])) * pi(e | S[0]))), NONE, FALSE, at_sizes((1, 3, 0))),
        ("m = 1, 2, 3", ratio(1, m) * J, ratio(m * m - 6 * m + 11, 6) * J, NONE, FALSE, at_sizes((1, 1, 0, 4))),
        ("late times", mean(total(t, score(t) * total(k_, f(S[k_]), start=t + 3))), 0, NONE, FALSE, at_sizes(
            (2, 2, 3))),
        ("late times, of rewards", grad(J), mean(total(t, score(t) * total(
            k_, gamma**k_ * reward(k_), start=t, stop=t + 1), stop=H - 1)) + mean(gamma**H * score(H) * reward(H)), ADD,
         FALSE, AT_2)),
    *claims(
        "estimates by means",
        ("where pi may be 0", off(reward(0)), drawn(average(i, ratio(beta(samples[i].a[0] | samples[i].s[0]), pi(
            samples[i].a[0] | samples[i].s[0])) * reward(0, path=samples[i]))), IID, FALSE),
        ("where it is not", off(reward(0)), drawn(average(i, ratio(beta(samples[i].a[0] | samples[i].s[0]), pi(
            samples[i].a[0] | samples[i].s[0])) * reward(0, path=samples[i]))), [*IID, *PP], TRUE),
        ("of J with a bias at H = 4", J, drawn(average(i, RETURN)) + SMALL_H, IID, FALSE, at_sizes((1, 1, 4, 1))),
        ("of J with five actions", J, drawn(average(i, RETURN)) + FIVE, IID, FALSE, at_sizes((1, 5, 0, 1))),
        ("of one sample less its mean", drawn(RETURN - average(j, R(samples[j]))), 0, IID, TRUE),
        ("of the square of one sample less its mean", drawn((RETURN - average(j, R(samples[j]))) ** 2), 0, IID, FALSE,
         at_sizes((1, 2, 0, 2)))),
    *claims(
        "per-decision importance sampling",
        ("of J", off(total(t, gamma**t * prod(k_, rho(k_), stop=t) * reward(t))), J, [*ADD, *PP], TRUE),
        ("with gamma counted twice", off(total(t, gamma**t * prod(k_, gamma * rho(k_), stop=t) * reward(t))), J,
         [*ADD, *PP], FALSE),
        ("of one step ahead", off(total(t, gamma**t * prod(k_, rho(k_), start=1, stop=t) * reward(t))), J, [*ADD, *PP],
         FALSE),
        ("of J where beta may be 0", off(total(t, gamma**t * prod(k_, rho(k_), stop=t) * reward(t))), J, ADD, FALSE)),
]
