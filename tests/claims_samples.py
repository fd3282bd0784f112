"""Claims about samples, and about infinite horizons."""

from __future__ import annotations

from typing import Any

from claims_unfolding import A_, S, mean, off
from kernel_letters import (
    ADD,
    DIVERGENT,
    END,
    FALSE,
    IID,
    LT1,
    NONE,
    PP,
    TRUE,
    Claim,
    at_sizes,
    beta,
    c,
    claims,
    e,
    f,
    g,
    j,
    q,
    reward,
    rho,
    score,
)
from sympy import Expr

from derive.language.terms import Draw, Objective
from derive.language.vocabulary import (
    A,
    J,
    P,
    Q,
    R,
    V,
    expect,
    forever,
    gamma,
    grad,
    i,
    k,
    log,
    m,
    pi,
    prod,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    variance,
)
from derive.language.vocabulary import mean as average


def drawn(body: Any, **law: Any) -> Expr:
    return expect(samples, body, **law)


RETURN, OTHER, EACH = R(samples[i]), R(samples[j]), (average(i, R(samples[i])), average(j, R(samples[j])))
AT_T = f(samples[i].s[t])
PAIR, SQUARE, THIRD = RETURN * OTHER, expect(tau, R(tau) ** 2), Draw("l")
SCORE = grad(log(P(samples[i])))
FEW, LATER = at_sizes((1, 2, 0, 2)), at_sizes((1, 2, 1, 2), (2, 2, 1, 2))

SAMPLES: list[Claim] = [
    *claims(
        "one draw",
        ("a mean of means", drawn(average(i, RETURN)), J, IID, TRUE),
        ("a mean of a square", drawn(average(i, RETURN**2)), J**2, IID, FALSE),
        ("a sum of means", drawn(total(i, RETURN)), m * J, IID, TRUE),
        ("a sum of means is a mean", drawn(total(i, RETURN)), J, IID, FALSE, FEW),
        ("a sum of sums of means", drawn(total(i, total(j, OTHER))), m**2 * J, IID, TRUE, FEW),
        ("a sum of sums of means, once", drawn(total(i, total(j, OTHER))), m * J, IID, FALSE, FEW),
        ("beside two numbers", drawn(J * total(i, RETURN) * mean(f(S[0]))), m * J**2, IID, FALSE),
        ("of a number over draws", drawn(total(i, J)) + total(i, J), 2 * m * J, IID, TRUE, FEW),
        ("of a number over draws, once", total(i, J), J, IID, FALSE, FEW),
        ("a literal draw", drawn(R(samples[3])), J, IID, TRUE, {"samples": 3, **at_sizes((1, 2, 0, 3))}),
        ("a free draw", drawn(R(samples[i]) * 2), 2 * J, IID, TRUE),
        ("a draw of another law", drawn(average(i, RETURN), policy=beta), J, IID, FALSE),
        ("a draw of another law, weighted", drawn(average(i, RETURN * prod(t, ratio(
            pi(samples[i].a[t] | samples[i].s[t]), beta(samples[i].a[t] | samples[i].s[t])))), policy=beta), J,
         [*IID, *PP], TRUE),
        ("a sum over times outside", drawn(total(t, gamma**t * average(i, AT_T))), mean(total(t, gamma**t * f(S[t]))),
         IID, TRUE),
        ("a sum over times outside, of its numbers", drawn(total(t, gamma**t * average(i, AT_T))),
         mean(total(t, f(S[t]))), IID, FALSE, LATER),
        ("a sum over times outside, of what knows none", drawn(total(t, gamma**t * average(i, RETURN))),
         total(t, gamma**t) * J, IID, TRUE),
        ("a sum over times outside, of what knows none, once", drawn(total(t, gamma**t * average(i, RETURN))), J, IID,
         FALSE, LATER),
        ("a sum over times outside, from the second on", drawn(total(t, average(i, AT_T), start=1)),
         mean(total(t, f(S[t]))), IID, FALSE),
        ("a number", drawn(m * 2), 2 * m, IID, TRUE),
        ("m is a number of its own", drawn(average(i, RETURN)), ratio(m * m - 6 * m + 11, 6) * m * J, IID, FALSE,
         at_sizes((1, 2, 0, 4)))),
    *claims(
        "two sums over draws",
        ("of a product", drawn(total(i, total(j, PAIR))), m * SQUARE + m * (m - 1) * J**2, IID, TRUE, FEW),
        ("of a product, as if never the same", drawn(total(i, total(j, PAIR))), m * (m - 1) * J**2, IID, FALSE, FEW),
        ("of a product, as if the same", drawn(total(i, total(j, PAIR))), m * SQUARE, IID, FALSE, FEW),
        ("of squared differences", drawn(total(i, total(j, (RETURN - OTHER) ** 2))), 2 * m * (m - 1) * variance(
            tau, R(tau)), IID, TRUE, FEW),
        ("of squared differences, m for m - 1", drawn(total(i, total(j, (RETURN - OTHER) ** 2))), 2 * m**2 * variance(
            tau, R(tau)), IID, FALSE, FEW),
        ("beside a literal draw", drawn(total(j, R(samples[1]) * OTHER)), SQUARE + (m - 1) * J**2, IID, TRUE, FEW),
        ("beside a literal draw, which is none", drawn(total(j, R(samples[1]) * OTHER)), m * J**2, IID, FALSE, FEW),
        ("of all others", drawn(total(i, total(j, PAIR, other_than=i))), m * (m - 1) * J**2, IID, TRUE, FEW),
        ("of all", drawn(total(i, total(j, PAIR, other_than=i))), m**2 * J**2, IID, FALSE, FEW),
        ("beside a third, twice where two are one", drawn(total(i, total(j, PAIR * total(i, RETURN)))), drawn(
            total(i, RETURN) ** 3) + m * mean(R(tau) ** 3), IID, FALSE, FEW),
        ("of three, twice where two are one", drawn(total(i, total(j, total(THIRD, PAIR * R(samples[THIRD]))))), drawn(
            total(i, RETURN) ** 3) + m * mean(R(tau) ** 3), IID, FALSE, FEW),
        ("of two that are free", drawn(PAIR), J**2, IID, FALSE, FEW)),
    *claims(
        "two draws",
        ("of two numbers", drawn(R(samples[1]) * R(samples[2])), J**2, IID, TRUE, {"samples": 2, **FEW}),
        ("of one number", drawn(R(samples[1]) * R(samples[1])), J**2, IID, FALSE),
        ("of one number beside another", drawn(R(samples[1]) * R(samples[2]) * g(samples[1].a[0])), mean(
            R(tau) * g(A_[0])) * J, IID, TRUE, {"samples": 2, **FEW}),
        ("of one number beside another, and of two", drawn(R(samples[1]) * R(samples[2]) * g(samples[1].a[0])), mean(
            R(tau) * g(A_[0])) * J + J**2 * mean(g(A_[0])), IID, FALSE, FEW),
        ("of one number is a square", drawn(R(samples[1]) * R(samples[1])), mean(R(tau) ** 2), IID, TRUE),
        ("at each time beside another", drawn(total(t, average(i, AT_T) * EACH[1])), ratio(1, m) * mean(
            total(t, f(S[t])) * R(tau)) + ratio(m - 1, m) * mean(total(t, f(S[t]))) * J, IID, TRUE, FEW),
        ("at each time beside another, of two", drawn(total(t, average(i, AT_T) * EACH[1])),
         mean(total(t, f(S[t]))) * J, IID, FALSE, LATER),
        ("at each time, both", drawn(total(t, f(samples[1].s[t]) * f(samples[2].s[t]))),
         drawn(total(t, f(samples[1].s[t])) * total(t, f(samples[2].s[t]))), IID, FALSE, {"samples": 2, **LATER}),
        ("a free one and a literal one", drawn(R(samples[i]) * R(samples[1])), J**2, IID, FALSE),
        ("two free ones", drawn(R(samples[i]) * R(samples[j])), J**2, IID, FALSE),
        ("a free one twice", drawn(R(samples[i]) * R(samples[i])), mean(R(tau) ** 2), IID, TRUE),
        ("the square of a mean", drawn(EACH[0] ** 2), ratio(1, m) * mean(R(tau) ** 2) + ratio(m - 1, m) * J**2, IID,
         TRUE, FEW),
        ("the square of a mean is a square", drawn(EACH[0] ** 2), J**2, IID, FALSE, FEW),
        ("the square of a mean without its squares", drawn(EACH[0] ** 2), ratio(m - 1, m) * J**2, IID, FALSE),
        ("the square of a mean, m for m - 1", drawn(EACH[0] ** 2), ratio(1, m) * mean(R(tau) ** 2) + J**2, IID, FALSE,
         FEW),
        ("the cube of a mean", drawn(EACH[0] ** 3), ratio(1, m**2) * mean(R(tau) ** 3) + 3 * ratio(
            m - 1, m**2) * mean(R(tau) ** 2) * J + ratio((m - 1) * (m - 2), m**2) * J**3, IID, TRUE, FEW),
        ("the cube of a mean, m - 1 for m - 2", drawn(EACH[0] ** 3), ratio(1, m**2) * mean(R(tau) ** 3) + 3 * ratio(
            m - 1, m**2) * mean(R(tau) ** 2) * J + ratio((m - 1) ** 2, m**2) * J**3, IID, FALSE, FEW),
        ("the product of two means", drawn(EACH[0] * average(j, g(samples[j].a[0]))), ratio(1, m) * mean(
            R(tau) * g(A_[0])) + ratio(m - 1, m) * J * mean(g(A_[0])), IID, TRUE, FEW),
        ("the product of two means is of one draw", drawn(EACH[0] * average(j, g(samples[j].a[0]))), mean(
            R(tau) * g(A_[0])), IID, FALSE, FEW),
        ("a mean beside one draw", drawn(EACH[0] * R(samples[1])), ratio(1, m) * mean(R(tau) ** 2) + ratio(
            m - 1, m) * J**2, IID, TRUE, FEW),
        ("a mean beside one draw, m for m - 1", drawn(EACH[0] * R(samples[1])), ratio(1, m) * mean(R(tau) ** 2) + J**2,
         IID, FALSE, FEW),
        ("a mean beside one draw, all of it", drawn(EACH[0] * R(samples[1])), mean(R(tau) ** 2) + ratio(
            m - 1, m) * J**2, IID, FALSE, FEW),
        ("a mean beside two draws", drawn(EACH[0] * R(samples[1]) * R(samples[2])), ratio(2, m) * mean(
            R(tau) ** 2) * J + ratio(m - 2, m) * J**3, IID, TRUE, {"samples": 2, **FEW}),
        ("a mean beside two draws, once", drawn(EACH[0] * R(samples[1]) * R(samples[2])), ratio(1, m) * mean(
            R(tau) ** 2) * J + ratio(m - 1, m) * J**3, IID, FALSE, FEW),
        ("a fourth power, and more", drawn(total(i, RETURN) ** 2 * total(i, RETURN) ** 2), drawn(
            total(i, RETURN) ** 4) + 2 * m * (m - 1) * mean(R(tau) ** 3) * J + m * mean(R(tau) ** 4), IID, FALSE, FEW),
        ("a fourth power", drawn(total(i, RETURN) ** 2 * total(i, RETURN) ** 2), drawn(total(i, RETURN) ** 4), IID,
         TRUE, FEW),
        ("two literal draws for any two", drawn(total(i, R(samples[1]) * R(samples[2]) * total(j, OTHER))), m * (
            m - 1) * (2 * mean(R(tau) ** 2) * J + (m - 2) * J**3), IID, FALSE, at_sizes((1, 2, 0, 3))),
        ("variance of a mean", variance(samples, EACH[0]), ratio(1, m) * variance(tau, R(tau)), IID, TRUE, FEW),
        ("variance of a mean is variance", variance(samples, EACH[0]), variance(tau, R(tau)), IID, FALSE, FEW),
        ("sample variance", drawn(average(i, (RETURN - EACH[0]) * (RETURN - EACH[1]))), ratio(m - 1, m) * variance(
            tau, R(tau)), IID, TRUE, FEW),
        ("sample variance without its factor", drawn(average(i, (RETURN - EACH[0]) * (RETURN - EACH[1]))), variance(
            tau, R(tau)), IID, FALSE, FEW)),
    *claims(
        "gradients of samples",
        ("REINFORCE", drawn(average(i, SCORE * RETURN)), grad(J), IID, TRUE),
        ("REINFORCE, its square", drawn(average(i, SCORE * RETURN**2)), grad(J), IID, FALSE),
        ("the mean of all as a baseline", drawn(average(i, SCORE * (RETURN - average(j, OTHER)))), ratio(
            m - 1, m) * grad(J), IID, TRUE, FEW),
        ("the mean of all as a baseline, without its factor", drawn(average(i, SCORE * (RETURN - average(j, OTHER)))),
         grad(J), IID, FALSE, FEW),
        ("a gradient inside holds samples", drawn(grad(average(i, pi(samples[i].a[0] | samples[i].s[0])))), mean(grad(
            pi(A_[0] | S[0]))), IID, TRUE),
        ("a gradient inside holds no samples", drawn(grad(average(i, pi(samples[i].a[0] | samples[i].s[0])))), grad(
            mean(pi(A_[0] | S[0]))), IID, FALSE),
        ("a gradient inside of a mean beside a draw", drawn(grad(J * average(i, RETURN))), grad(J) * J, IID, TRUE),
        ("a gradient inside of a mean beside a draw is nothing", drawn(grad(J * average(i, RETURN))), 0, IID, FALSE),
        ("a gradient outside", grad(drawn(EACH[0])), grad(J), IID, TRUE),
        ("a gradient outside of a product", grad(drawn(R(samples[1]) * R(samples[2]))), 2 * J * grad(J), IID, TRUE,
         {"samples": 2, **FEW}),
        ("a gradient outside of a product, once", grad(drawn(R(samples[1]) * R(samples[2]))), J * grad(J), IID, FALSE,
         FEW),
        ("a gradient inside of a product", drawn(grad(pi(samples[1].a[0] | samples[1].s[0]) * pi(
            samples[2].a[0] | samples[2].s[0]))), 2 * mean(pi(A_[0] | S[0])) * mean(grad(pi(A_[0] | S[0]))), IID, TRUE,
         {"samples": 2, **FEW}),
        ("a gradient inside of a product, once", drawn(grad(pi(samples[1].a[0] | samples[1].s[0]) * pi(
            samples[2].a[0] | samples[2].s[0]))), mean(pi(A_[0] | S[0])) * mean(grad(pi(A_[0] | S[0]))), IID, FALSE,
         FEW)),
]


def endless(index: Any, body: Any, **limits: Any) -> Expr:
    return total(index, body, stop=forever, **limits)


def cost(at: Any) -> Expr:
    """gamma^t f(s_t)."""
    return gamma**at * f(S[at])


INFINITE: list[Claim] = [
    *claims(
        "infinite sum",
        ("geometric", (1 - gamma) * endless(t, gamma**t), 1, LT1, TRUE),
        ("geometric without its factor", endless(t, gamma**t), 1, LT1, FALSE),
        ("a first term apart", mean(endless(t, cost(t))), mean(f(S[0])) + mean(endless(t, cost(t), start=1)), LT1,
         TRUE),
        ("a first term forgotten", mean(endless(t, cost(t))), mean(endless(t, cost(t), start=1)), LT1, FALSE),
        ("gamma comes out", mean(endless(t, cost(t), start=1)), gamma * mean(endless(t, gamma**t * f(S[t + 1]))), LT1,
         TRUE),
        ("gamma comes out without a factor", mean(endless(t, cost(t), start=1)), mean(
            endless(t, gamma**t * f(S[t + 1]))), LT1, FALSE),
        ("sums inside and outside", endless(t, gamma**t * mean(f(S[t]))), mean(endless(t, cost(t))), LT1, TRUE),
        ("sums inside and outside, at the first state", endless(t, gamma**t * mean(f(S[t]))), mean(
            endless(t, gamma**t * f(S[0]))), LT1, FALSE, at_sizes((2, 1, 3))),
        ("twice", mean(endless(t, cost(t))), 2 * mean(endless(t, cost(t))), LT1, FALSE),
        ("gamma squared", mean(endless(t, gamma ** (2 * t) * f(S[t]))), mean(endless(t, cost(t))), LT1, FALSE),
        ("sums change places", mean(endless(t, endless(k, gamma**k * f(S[k]) * c(S[t]), start=t))), mean(
            endless(k, gamma**k * f(S[k]) * total(t, c(S[t]), stop=k))), LT1, TRUE, at_sizes((1, 2, 3), (2, 1, 3))),
        ("sums change places, but for the diagonal", mean(endless(t, endless(
            k, gamma**k * f(S[k]) * c(S[t]), start=t))), mean(endless(k, gamma**k * f(S[k]) * total(
                t, c(S[t]), stop=k - 1))), LT1, FALSE, at_sizes((1, 2, 3))),
        ("an action is no other action", mean(endless(t, gamma**t * q(S[t], A_[t]))), mean(
            endless(t, gamma**t * total(e, q(S[t], e)))), LT1, FALSE, at_sizes((1, 2, 3))),
        ("a score has mean 0", mean(endless(t, gamma**t * score(t) * f(S[t]))), 0, LT1, TRUE),
        ("a score beside the next state", mean(endless(t, gamma**t * score(t) * f(S[t + 1]))), 0, LT1, FALSE,
         at_sizes((2, 2, 3)))),
    *claims(
        "free time without end",
        ("action values and advantages", mean(score(t) * Q(S[t], A_[t])), mean(score(t) * A(S[t], A_[t])), END, TRUE),
        ("action values and values", mean(score(t) * Q(S[t], A_[t])), mean(score(t) * V(S[t])), END, FALSE),
        ("Bellman", mean(V(S[t])), mean(reward(t) + gamma * V(S[t + 1])), END, TRUE),
        ("Bellman without a discount", mean(V(S[t])), mean(reward(t) + V(S[t + 1])), END, FALSE),
        ("the rest of the rewards", mean(V(S[t])), total(k, gamma**(k - t) * mean(reward(k)), start=t, stop=forever),
         END, TRUE),
        ("the rest of the rewards, one late", mean(V(S[t])), total(
            k, gamma**(k - t) * mean(reward(k)), start=t + 1, stop=forever), END, FALSE),
        ("two times are one", mean(V(S[t])), mean(V(S[k])), END, FALSE),
        ("two times", mean(V(S[t])) * gamma**k, gamma**k * mean(Q(S[t], A_[t])), END, TRUE),
        ("but the first", V(s) * total(k, 1, start=1, stop=t), V(s) * (1 + total(k, 1, start=2, stop=t)), END, FALSE),
        ("a count", V(s) * total(k, 1, start=1, stop=t), V(s) * (total(k, 1, stop=t) - 1), END, TRUE)),
    *claims(
        "infinite horizon",
        ("policy gradient", grad(J), endless(t, gamma**t * mean(score(t) * Q(S[t], A_[t]))), END, TRUE,
         at_sizes((1, 2, 3))),
        ("policy gradient by advantages", grad(J), mean(endless(t, gamma**t * score(t) * A(S[t], A_[t]))), END, TRUE,
         at_sizes((1, 2, 3))),
        ("policy gradient by all actions", grad(J), endless(t, gamma**t * mean(total(e, grad(pi(e | S[t])) * Q(
            S[t], e)))), END, TRUE, at_sizes((1, 2, 3))),
        ("policy gradient by rewards", grad(J), endless(t, gamma**t * mean(score(t) * reward(t))), END, FALSE,
         at_sizes((2, 2, 3))),
        ("policy gradient by values", grad(J), endless(t, gamma**t * mean(score(t) * V(S[t]))), END, FALSE, at_sizes(
            (1, 2, 3))),
        ("policy gradient without gamma", grad(J), mean(endless(t, score(t) * A(S[t], A_[t]))), END, DIVERGENT,
         {"part": mean(endless(t, score(t) * A(S[t], A_[t])))}),
        ("the gradient of J is nothing", grad(J), 0, END, FALSE),
        ("the gradient of a mean of probabilities is nothing", grad(mean(endless(t, gamma**t * pi(A_[t] | S[t])))), 0,
         END, FALSE),
        ("J is a mean of V", J, mean(V(S[0])), END, TRUE, at_sizes((1, 2, 3), (2, 1, 3))),
        ("J is the mean of a later V", J, mean(V(S[1])), END, FALSE, at_sizes((2, 1, 3))),
        ("J is the first reward", J, mean(reward(0)), END, FALSE, at_sizes((1, 2, 3))),
        ("J by Bellman", J, mean(reward(0) + gamma * V(S[1])), END, TRUE, at_sizes((1, 2, 3), (2, 1, 3))),
        ("J by Bellman without gamma", J, mean(reward(0) + V(S[1])), END, FALSE, at_sizes((1, 2, 3))),
        ("a product", J * mean(V(S[0])), J**2, END, TRUE, at_sizes((1, 2, 3))),
        ("a product without its factor", endless(t, gamma**t) * J, J, END, FALSE, at_sizes((1, 2, 3))),
        ("a product of two", J * J, mean(reward(0)) * J, END, FALSE, at_sizes((1, 2, 3))),
        ("the difference of two policies", J - Objective(beta), endless(t, gamma**t * off(A(S[t], A_[t]))) * (-1), END,
         TRUE, at_sizes((1, 2, 3))),
        ("the difference of two policies, with its sign", J - Objective(beta), endless(
            t, gamma**t * off(A(S[t], A_[t]))), END, FALSE, at_sizes((1, 2, 3))),
        ("an advantage under another law", endless(t, gamma**t * off(A(S[t], A_[t]))), 0, END, FALSE, at_sizes(
            (1, 2, 3))),
        ("importance sampling by decisions", endless(t, gamma**t * off(prod(k, rho(k), stop=t) * reward(t))), J,
         [*END, *PP], TRUE, at_sizes((1, 2, 3))),
        ("importance sampling to the time before", endless(t, gamma**t * off(prod(k, rho(k), stop=t - 1) * reward(t))),
         J, [*END, *PP], FALSE, at_sizes((1, 2, 3))),
        ("importance sampling where beta may be 0", endless(t, gamma**t * off(prod(k, rho(k), stop=t) * reward(t))), J,
         END, FALSE, at_sizes((1, 2, 3)))),
]


def twice(body: Expr) -> tuple[Expr, Expr]:
    return body, body


OWED = {"owes": ("discount",)}
RATIOS = prod(k, rho(k), stop=t)
CONVERGENCE: list[Claim] = [
    *claims(
        "convergence",
        ("without a discount below one", *twice(mean(endless(t, cost(t)))), NONE, DIVERGENT, OWED),
        ("a value without a discount below one", *twice(mean(V(S[0]))), ADD, DIVERGENT, OWED),
        ("a sum of ones", *twice(endless(t, 1)), LT1, DIVERGENT),
        ("a sum of functions", *twice(mean(endless(t, f(S[t])))), LT1, DIVERGENT),
        ("a sum that is taken off itself", mean(endless(t, 2 * f(S[t])) - endless(t, 2 * f(S[t]))), 0, LT1, DIVERGENT,
         {"part": mean(endless(t, 2 * f(S[t])))}),
        ("0 times what diverges", 0 * endless(t, 1), 0, LT1, DIVERGENT, {"part": endless(t, 1)}),
        ("an inner sum", *twice(mean(endless(t, gamma**t * f(S[t]) * endless(k, c(S[k]))))), LT1, DIVERGENT),
        ("an inner sum of what follows", *twice(mean(endless(t, gamma**t * f(S[t]) * endless(k, c(S[k]), start=t)))),
         LT1, DIVERGENT),
        ("squares of ratios", *twice(endless(t, gamma**t * off(RATIOS**2 * reward(t)))), [*END, *PP], DIVERGENT),
        ("ratios the wrong way", *twice(endless(t, gamma**t * mean(RATIOS * reward(t)))), [*END, *PP], DIVERGENT),
        ("a product of functions", *twice(endless(t, gamma**t * mean(prod(k, f(S[k]), stop=t)))), LT1, DIVERGENT),
        ("reciprocals of probabilities", *twice(endless(t, gamma**t * mean(prod(
            k, ratio(1, pi(A_[k] | S[k])), stop=t)))), [*LT1, *PP], DIVERGENT),
        ("ratios may diverge no more than they are one", endless(t, gamma**t * off(RATIOS)), endless(t, gamma**t),
         [*LT1, *PP], TRUE)),
]
