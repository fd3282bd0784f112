"""Claims with values, free times, free trajectories and products of sums: ``values``, ``closure``, ``products``."""

from __future__ import annotations

from typing import Any

from claims_unfolding import A_, S, mean, off
from kernel_letters import (
    ADD,
    ALL,
    FALSE,
    NONE,
    POSS,
    PP,
    TRUE,
    Claim,
    at_sizes,
    beta,
    c,
    claims,
    d,
    discounted,
    e,
    f,
    g,
    h,
    pair,
    q,
    reward,
    rho,
    score,
    y,
    z,
)
from sympy import Expr

from derive.language.terms import Objective
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    R,
    V,
    gamma,
    grad,
    k,
    log,
    mu,
    pi,
    prod,
    r,
    ratio,
    t,
    tau,
    total,
    x,
)

ADD_PP = [*ADD, *PP]
J_BETA = Objective(beta)


def value(at: Any, **policy: Any) -> Expr:
    return V[at](S[at], **policy)


def advantage(at: Any, **policy: Any) -> Expr:
    return A[at](S[at], A_[at], **policy)


def action_value(at: Any, **policy: Any) -> Expr:
    return Q[at](S[at], A_[at], **policy)


def next_mean(of: Any, at: Any = 0) -> Expr:
    """The mean of a function of the next state, given state and action."""
    return total(y, P(y | S[at], A_[at]) * of(y))


def delta(at: Any, **policy: Any) -> Expr:
    """The temporal-difference error."""
    return reward(at) + gamma * value(at + 1, **policy) - value(at, **policy)


def steps(policy: Any) -> Expr:
    """prod_t P(s_{t+1}|s_t,a_t) policy(a_t|s_t)."""
    return prod(t, P(S[t + 1] | S[t], A_[t]) * policy(A_[t] | S[t]))


VALUES: list[Claim] = [
    *claims(
        "rewards in coordinates",
        ("policy gradient by advantages", grad(J), mean(total(t, gamma**t * score(t) * advantage(t))), ADD, TRUE),
        ("policy gradient by values of actions", grad(J), mean(total(t, gamma**t * score(t) * action_value(t))), ADD,
         TRUE),
        ("policy gradient by rewards", grad(J), mean(total(t, gamma**t * score(t) * reward(t))), ADD, FALSE),
        ("policy gradient by values", grad(J), mean(total(t, gamma**t * score(t) * value(t))), ADD, FALSE),
        ("policy gradient by errors", grad(J), mean(total(t, gamma**t * score(t) * delta(t))), ADD, TRUE),
        ("policy gradient by errors of the critic of beta", grad(J), mean(
            total(t, gamma**t * score(t) * delta(t, policy=beta))), ADD, FALSE, at_sizes((2, 2, 1))),
        ("policy gradient without gamma", grad(J), mean(total(t, score(t) * advantage(t))), ADD, FALSE, at_sizes(
            (1, 2, 1))),
        ("policy gradient by all actions", grad(J), mean(total(t, gamma**t * total(e, grad(pi(e | S[t])) * Q[t](
            S[t], e)))), ADD, TRUE),
        ("policy gradient by all actions of the next state", grad(J), mean(total(t, gamma**t * total(
            e, grad(pi(e | S[t + 1])) * Q[t](S[t + 1], e)))), ADD, FALSE),
        ("mean of an advantage", mean(total(t, gamma**t * advantage(t))), 0, ADD, TRUE),
        ("mean of an advantage under beta", off(total(t, gamma**t * advantage(t))), 0, ADD, FALSE),
        ("mean of an error", mean(total(t, gamma**t * delta(t))), 0, ADD, TRUE),
        ("mean of the square of an error", mean(total(t, delta(t) ** 2)), 0, ADD, FALSE),
        ("error beside what follows", mean(total(t, delta(t) * f(S[t + 1]))), 0, ADD, FALSE),
        ("error beside the past", mean(total(t, delta(t) * total(k, pair(k), stop=t - 1))), 0, ADD, TRUE),
        ("errors of two times", mean(delta(0) * delta(1)), 0, ADD, TRUE, {"first": 1}),
        ("a reward in values", mean(total(t, reward(t))), mean(total(t, value(t) - gamma * value(t + 1))), ADD, TRUE),
        ("a reward in values, without gamma", mean(total(t, reward(t))), mean(total(t, value(t) - value(t + 1))), ADD,
         FALSE, at_sizes((1, 2, 1))),
        ("a reward in values, of the wrong sign", mean(total(t, reward(t))), mean(
            total(t, value(t) + gamma * value(t + 1))), ADD, FALSE, at_sizes((1, 2, 1))),
        ("a reward is a value", mean(total(t, reward(t))), mean(total(t, value(t))), ADD, FALSE, at_sizes((1, 2, 1))),
        ("a reward is a value less gamma", mean(total(t, reward(t))), mean(total(t, value(t) - gamma)), ADD, FALSE),
        ("a value of another time", mean(V[1](S[0])), mean(value(0)), ADD, FALSE),
        ("values telescope", mean(total(t, gamma**t * (value(t) - gamma * value(t + 1)))), J, ADD, TRUE),
        ("values telescope to nothing", mean(total(t, gamma**t * (value(t) - value(t + 1)))), J, ADD, FALSE, at_sizes(
            (1, 2, 1))),
        ("the value after the last step", mean(value(H + 1)), 0, ADD, TRUE),
        ("the value after the last step, of beta", mean(V[H + 1](S[H + 1], policy=beta)), 0, ADD, TRUE),
        ("the value after the last step is 1", mean(value(H + 1)), 1, ADD, FALSE),
        ("the value at the last step", mean(value(H)), 0, ADD, FALSE),
        ("the value at the last step is a reward", mean(value(H) * f(S[H])), mean(reward(H) * f(S[H])), ADD, TRUE),
        ("a value beside a function", mean(value(1) * f(S[1])), mean(f(S[1]) * total(
            k, gamma ** (k - 1) * reward(k), start=1)), ADD, TRUE),
        ("a value beside a function of what follows", mean(value(1) * f(S[2])), mean(f(S[2]) * total(
            k, gamma ** (k - 1) * reward(k), start=1)), ADD, FALSE, {"first": 1, **at_sizes((1, 2, 1), (2, 2, 1))}),
        ("gradient of a value", grad(mean(value(0))), mean(total(t, gamma**t * score(t) * advantage(t))), [*ADD, *ALL],
         TRUE),
        ("gradient of a value beside a function", grad(mean(value(0) * f(S[0]))), mean(f(S[0]) * total(
            t, score(t)) * R(tau)), [*ADD, *ALL], TRUE),
        ("gradient of a value beside a function, of its first step", grad(mean(value(0) * f(S[0]))), mean(
            f(S[0]) * score(0) * R(tau)), [*ADD, *ALL], FALSE, at_sizes((1, 2, 1), (2, 2, 1))),
        ("gradient of a value beside the next state", grad(mean(value(0) * f(S[1]))), grad(mean(R(tau) * f(S[1]))),
         [*ADD, *ALL], FALSE),
        ("gradient of a value is nothing", grad(mean(value(0))), 0, [*ADD, *ALL], FALSE)),
    *claims(
        "rewards to go",
        ("the value of another policy", off(value(0) * f(S[0])), mean(f(S[0]) * R(tau)), ADD, TRUE),
        ("the value of another policy beside an action", off(pair(0) * value(0)), mean(pair(0) * R(tau)), ADD, FALSE),
        ("the value of beta beside an action", mean(pair(0) * V[0](S[0], policy=beta)), off(pair(0) * R(tau)), ADD,
         FALSE),
        ("the value of beta beside an action, of its own", off(pair(0) * V[0](S[0], policy=beta)), off(
            pair(0) * R(tau)), ADD, FALSE),
        ("the value of beta is that of pi", off(V[0](S[0], policy=beta)), off(value(0)), ADD, FALSE),
        ("the square of a value is a value", mean(V[0](S[0], policy=beta) ** 2), J_BETA, ADD, FALSE),
        ("beside no law", total(tau, mu(S[0]) * value(0)), J, ADD, FALSE),
        ("beside two laws", total(tau, mu(S[0]) * steps(pi) * steps(beta) * value(0)), J, ADD, FALSE),
        ("the square of a value", mean(V[0](S[0], policy=beta) ** 2), off(R(tau) ** 2), ADD, FALSE),
        ("the difference of two policies", J - J_BETA, off(-total(t, gamma**t * advantage(t))), ADD, TRUE),
        ("the difference of two policies, of the other", J - J_BETA, mean(
            total(t, gamma**t * A[t](S[t], A_[t], policy=beta))), ADD, TRUE),
        ("the difference of two policies, of itself", J - J_BETA, off(total(t, gamma**t * A[t](
            S[t], A_[t], policy=beta))), ADD, FALSE),
        ("the difference of two policies, with its sign", J - J_BETA, off(total(t, gamma**t * advantage(t))), ADD,
         FALSE),
        ("the difference of two policies without gamma", J - J_BETA, mean(total(t, A[t](S[t], A_[t], policy=beta))),
         ADD, FALSE, at_sizes((1, 2, 1))),
        ("a value later under another law", off(V[1](S[1])), off(total(t, gamma ** (t - 1) * reward(t), start=1)), ADD,
         FALSE, at_sizes((1, 2, 1), (2, 2, 1))),
        ("a value later under its own law, of beta", off(V[1](S[1], policy=beta)), off(
            total(t, gamma ** (t - 1) * reward(t), start=1)), ADD, TRUE)),
    *claims(
        "next state",
        ("a mean over next states", mean(total(y, P(y | S[t], A_[t]) * f(y))), mean(f(S[t + 1])), NONE, TRUE),
        ("a mean over next states at its time", mean(total(y, P(y | S[t], A_[t]) * f(y))), mean(f(S[t])), NONE, FALSE),
        ("beside the pair", mean(pair(0) * total(y, P(y | S[0], A_[0]) * f(y))), mean(pair(0) * f(S[1])), NONE, TRUE),
        ("beside the next state", mean(c(S[1]) * total(y, P(y | S[0], A_[0]) * f(y))), mean(c(S[1]) * f(S[1])), NONE,
         FALSE),
        ("beside the next action", mean(g(A_[1]) * total(y, P(y | S[0], A_[0]) * f(y))), mean(g(A_[1]) * f(S[1])), NONE,
         FALSE, at_sizes((2, 2, 1))),
        ("of a square", mean(total(y, P(y | S[0], A_[0]) * f(y)) ** 2), mean(f(S[1]) ** 2), NONE, FALSE),
        ("of a square is itself", mean(total(y, P(y | S[0], A_[0]) * f(y)) ** 2), mean(f(S[1])), NONE, FALSE),
        ("of a square, drawn once", mean(next_mean(f) ** 2), mean(f(S[1]) * next_mean(f)), NONE, TRUE),
        ("of a square over actions and states", mean(next_mean(f) ** 2), total(y, mu(y) * total(e, pi(e | y) * total(
            x, P(x | y, e) * f(x)) ** 2)), NONE, TRUE),
        ("of a square over actions and states, outside", mean(next_mean(f) ** 2), total(y, mu(y) * total(
            e, pi(e | y) * total(x, P(x | y, e) * f(x))) ** 2), NONE, FALSE),
        ("the variance", mean((f(S[1]) - next_mean(f)) ** 2), mean(f(S[1]) ** 2) - mean(next_mean(f) ** 2), NONE, TRUE),
        ("the variance, with its sign", mean((f(S[1]) - next_mean(f)) ** 2), mean(next_mean(f) ** 2) - mean(
            f(S[1]) ** 2), NONE, FALSE),
        ("the variance at all times", mean(total(t, (f(S[t + 1]) - next_mean(f, t)) ** 2)), mean(total(
            t, f(S[t + 1]) ** 2 - next_mean(f, t) ** 2)), NONE, TRUE),
        ("the variance at all times, of one step later", mean(total(t, (f(S[t + 1]) - next_mean(f, t)) ** 2)), mean(
            total(t, f(S[t]) ** 2 - next_mean(f, t) ** 2)), NONE, FALSE),
        ("of a product", mean(next_mean(f) * next_mean(c)), total(y, mu(y) * total(e, pi(e | y) * total(
            x, P(x | y, e) * f(x)) * total(x, P(x | y, e) * c(x)))), NONE, TRUE),
        ("of a product is one of them", mean(next_mean(f) * next_mean(c)), mean(c(S[1])), NONE, FALSE),
        ("of a product is the mean of the product", mean(next_mean(f) * next_mean(c)), mean(f(S[1]) * c(S[1])), NONE,
         FALSE),
        ("of a cube", mean(next_mean(f) ** 3), mean(f(S[1]) * next_mean(f) ** 2), NONE, TRUE),
        ("of a cube, drawn twice", mean(next_mean(f) ** 3), mean(f(S[1]) ** 2 * next_mean(f)), NONE, FALSE),
        ("the mean beside a later state", mean(c(S[2]) * f(S[1]) * next_mean(f)), mean(
            c(S[2]) * next_mean(f) ** 2), NONE, FALSE, at_sizes((2, 2, 1))),
        ("the mean beside the next action", mean(q(S[1], A_[1]) * next_mean(f)), mean(total(
            y, P(y | S[0], A_[0]) * q(y, A_[0])) * next_mean(f)), NONE, FALSE, at_sizes((2, 2, 1))),
        ("either of two may be drawn", mean(c(S[1]) * next_mean(f)), mean(f(S[1]) * next_mean(c)), NONE, TRUE),
        ("either of two may be drawn, and is another", mean(c(S[1]) * next_mean(f)), mean(f(S[1]) * next_mean(f)), NONE,
         FALSE),
        ("of a square over actions", mean(total(e, pi(e | S[0]) * q(S[0], e)) ** 2), mean(
            pair(0) * total(e, pi(e | S[0]) * q(S[0], e))), NONE, TRUE),
        ("of a square over actions, inside", mean(total(e, pi(e | S[0]) * q(S[0], e)) ** 2), mean(pair(0) ** 2), NONE,
         FALSE),
        ("the gradient of a square", grad(mean(next_mean(f) ** 2)), grad(mean(f(S[1]) * next_mean(f))), NONE, TRUE),
        ("of the squares of a function", mean(total(y, P(y | S[0], A_[0]) * f(y) ** 2)), mean(f(S[1])), NONE, FALSE),
        ("beside all three", mean(h(S[0], A_[0], S[1]) * total(y, P(y | S[0], A_[0]) * f(y))), mean(
            h(S[0], A_[0], S[1]) * f(S[1])), NONE, FALSE),
        ("beside no law", total(tau, mu(S[0]) * total(y, P(y | S[0], A_[0]) * f(y))), total(tau, mu(S[0]) * f(S[1])),
         NONE, FALSE),
        ("without P, of a function", mean(total(y, f(y) * pair(0))), mean(f(S[1]) * pair(0)), NONE, FALSE),
        ("without P", mean(total(y, h(S[0], A_[0], y))), mean(h(S[0], A_[0], S[1])), NONE, FALSE),
        ("of a reward in another order", mean(total(y, P(y | S[0], A_[0]) * r(y, A_[0], S[0]))), mean(reward(0)), NONE,
         FALSE),
        ("of the squares of P", mean(total(y, P(y | S[0], A_[0]) ** 2 * f(y))), mean(f(S[1])), NONE, FALSE),
        ("of a function of all three", mean(total(y, P(y | S[0], A_[0]) * h(S[0], A_[0], y))), mean(
            h(S[0], A_[0], S[1])), NONE, TRUE),
        ("of a function in another order", mean(total(y, P(y | S[0], A_[0]) * h(y, A_[0], S[0]))), mean(
            h(S[0], A_[0], S[1])), NONE, FALSE),
        ("of a value", mean(total(t, f(S[t]) * total(y, P(y | S[t], A_[t]) * V[t + 1](y)))), mean(total(
            t, f(S[t]) * value(t + 1))), ADD, TRUE),
        ("of a value of the same time", mean(total(t, f(S[t]) * total(y, P(y | S[t], A_[t]) * V[t](y)))), mean(total(
            t, f(S[t]) * value(t + 1))), ADD, FALSE),
        ("of another action", mean(total(e, total(y, P(y | S[0], e) * f(y)))), mean(f(S[1])), NONE, FALSE),
        ("a sum over actions", mean(total(e, pi(e | S[t]) * q(S[t], e))), mean(pair(t)), NONE, TRUE),
        ("a sum over actions of another policy", mean(total(e, beta(e | S[t]) * q(S[t], e))), mean(pair(t)), NONE,
         FALSE),
        ("a sum over actions under another law", off(total(e, pi(e | S[t]) * q(S[t], e))), off(pair(t)), NONE, FALSE),
        ("a sum over actions under another law, by a ratio", off(total(e, pi(e | S[t]) * q(S[t], e))), off(
            rho(t) * pair(t)), PP, TRUE),
        ("a sum over actions beside the action", mean(g(A_[0]) * total(e, pi(e | S[0]) * q(S[0], e))), mean(
            g(A_[0]) * pair(0)), NONE, FALSE),
        ("a sum over actions that joins steps", mean(total(e, pi(e | S[0]) * q(S[2], e))), mean(total(e, pi(
            e | S[0]) * q(S[0], e))), NONE, FALSE, at_sizes((2, 2, 1))),
        ("a sum over actions beside the next state", mean(total(e, q(S[0], e) * c(S[1]))), mean(total(e, q(
            S[0], e) * c(S[0]))), NONE, FALSE),
        ("a discount inside a sum over actions is none", mean(total(t, total(e, gamma**t * pi(e | S[t]) * q(
            S[t], e)))), mean(total(t, total(e, pi(e | S[t]) * q(S[t], e)))), NONE, FALSE, at_sizes((1, 2, 1))),
        ("a double sum", mean(total(e, total(d, pi(e | S[0]) * pi(d | S[0]) * q(S[0], e) * z(S[0], d)))), mean(
            pair(0) * total(d, pi(d | S[0]) * z(S[0], d))), NONE, TRUE),
        ("a double sum is one", mean(total(e, total(d, pi(e | S[0]) * pi(d | S[0]) * q(S[0], e) * z(S[0], d)))), mean(
            pair(0) * z(S[0], A_[0])), NONE, FALSE)),
    *claims(
        "first term apart",
        ("the values of beta", mean(total(t, gamma**t * V[t](S[t], policy=beta) * score(t))), 0, ADD, TRUE),
        ("the values of beta beside an action", mean(total(t, V[t](S[t], policy=beta) * g(A_[t]))), mean(
            total(t, V[t](S[t], policy=beta))) * mean(g(A_[0])), ADD, FALSE),
        ("the values of beta, summed", mean(total(t, V[t](S[t], policy=beta), stop=0)), J_BETA, ADD, TRUE),
        ("a sum of next values", mean(total(t, total(y, P(y | S[t], A_[t]) * f(y)))), mean(total(t, f(S[t + 1]))), NONE,
         TRUE),
        ("a sum of next values from one on", mean(total(t, total(y, P(y | S[t], A_[t]) * f(y)))), mean(
            total(t, f(S[t]))), NONE, FALSE),
        ("a sum that may be empty", mean(total(t, V[t](S[t], policy=beta), stop=H - 1)), mean(
            total(t, V[t](S[t], policy=beta)) - V[0](S[0], policy=beta)), ADD, FALSE, at_sizes((1, 2, 1), (2, 2, 1))),
        ("a sum that may be empty, of local sums", mean(total(t, total(e, pi(e | S[t]) * q(S[t], e)), stop=H - 1)),
         mean(total(t, pair(t), stop=H - 1)), NONE, TRUE),
        ("a sum that may be empty is never so", mean(total(t, total(e, pi(e | S[t]) * q(S[t], e)), stop=H - 1)), mean(
            total(e, pi(e | S[0]) * q(S[0], e)) + total(t, total(e, pi(e | S[t]) * q(S[t], e)), start=1, stop=H - 1)),
         NONE, FALSE, at_sizes((1, 2, 0))),
        ("a square of a sum is a sum", mean(total(t, total(e, pi(e | S[t]) * q(S[t], e))) ** 2), mean(total(t, total(
            e, pi(e | S[t]) * q(S[t], e)))), NONE, FALSE)),
    *claims(
        "free time",
        ("a score beside its state", mean(score(t) * f(S[t])), 0, NONE, TRUE),
        ("a score beside another state", mean(score(t) * f(S[k])), 0, NONE, FALSE, at_sizes((2, 2, 1), (2, 2, 0))),
        ("before the last", mean(f(S[0]) * (total(k, 1, start=t + 1) - total(k, 1, start=t + 2))), mean(f(S[0])), NONE,
         FALSE),
        ("two times are one", mean(f(S[t])), mean(f(S[k])), NONE, FALSE),
        ("two times in two orders", mean(f(S[t]) * c(S[k])), mean(c(S[k]) * f(S[t])), NONE, TRUE),
        ("two times change places", mean(f(S[t]) * c(S[k])), mean(f(S[k]) * c(S[t])), NONE, FALSE),
        ("the next time", mean(f(S[t])), mean(f(S[t + 1])), NONE, FALSE),
        ("gamma to a free time", mean(gamma**t * f(S[t])), gamma**t * mean(f(S[t])), NONE, TRUE),
        ("gamma to another free time", mean(gamma**t * f(S[t])), gamma**k * mean(f(S[t])), NONE, FALSE),
        ("gamma to a free time is a number", gamma**t, gamma**k, NONE, FALSE),
        ("what is up to it and what is after it", mean(total(k, f(S[k]), stop=t) + total(k, f(S[k]), start=t + 1)),
         mean(total(k, f(S[k]))), NONE, TRUE),
        ("what is up to it and what is from it on", mean(total(k, f(S[k]), stop=t) + total(k, f(S[k]), start=t)),
         mean(total(k, f(S[k]))), NONE, FALSE),
        ("is not the first", mean(score(t) * R(tau)), mean(score(0) * R(tau)), NONE, FALSE, at_sizes((1, 2, 1))),
        ("a value", mean(score(t) * action_value(t)), mean(score(t) * advantage(t)), ADD, TRUE),
        ("a value at another time", mean(score(t) * action_value(t)), mean(score(k) * action_value(k)), ADD, FALSE,
         at_sizes((2, 2, 1)))),
    *claims(
        "free trajectory",
        ("the logarithm of its probability", grad(log(P(tau))), total(t, score(t)), POSS, TRUE),
        ("the logarithm of its probability, from one on", grad(log(P(tau))), total(t, score(t), start=1), POSS, FALSE),
        ("the logarithm of its probability, all of it", log(P(tau)), log(mu(S[0])) + total(t, log(
            P(S[t + 1] | S[t], A_[t]))) + total(t, log(pi(A_[t] | S[t]))), POSS, TRUE),
        ("the logarithm of its probability, without mu", log(P(tau)), total(t, log(P(S[t + 1] | S[t], A_[t])))
         + total(t, log(pi(A_[t] | S[t]))), POSS, FALSE),
        ("states are equal", f(S[0]), f(S[1]), NONE, FALSE),
        ("a sum is counted from one on", total(t, f(S[t + 1]), stop=H - 1), total(t, f(S[t]), start=1), NONE, TRUE),
        ("an advantage has no mean on it", total(e, pi(e | S[0]) * q(S[0], e)), pair(0), NONE, FALSE),
        ("a next state has no mean on it", total(y, P(y | S[0], A_[0]) * f(y)), f(S[1]), NONE, FALSE),
        ("a square of mu", mu(S[0]) ** 2 * f(S[0]), mu(S[0]) * f(S[0]), NONE, FALSE),
        ("its return", R(tau), total(t, discounted(t)), ADD, TRUE),
        ("its return without discount", R(tau), total(t, reward(t)), ADD, FALSE, at_sizes((1, 2, 1))),
        ("its return is a number", R(tau) * f(S[0]), R(tau) * f(S[1]), NONE, FALSE),
        ("its probability", P(tau), mu(S[0]) * prod(t, P(S[t + 1] | S[t], A_[t]) * pi(A_[t] | S[t])), NONE, TRUE),
        ("its probability under beta", P(tau), P(tau, policy=beta), NONE, FALSE),
        ("ratio of probabilities", ratio(P(tau), P(tau, policy=beta)), prod(t, rho(t)), ALL, TRUE),
        ("ratio of probabilities to the last but one", ratio(P(tau), P(tau, policy=beta)), prod(t, rho(t), stop=H - 1),
         ALL, FALSE),
        ("an error is no advantage", delta(0), advantage(0), ADD, FALSE),
        ("a value of an action", action_value(t), value(t) + advantage(t), ADD, TRUE)),
    *claims(
        "product of sums",
        ("of equal sums", J * mean(value(0)), J**2, ADD, TRUE),
        ("of a sum and a return", J**2, mean(R(tau) ** 2), NONE, FALSE),
        ("of a sum and a constant", mean(R(tau) * J), J**2, NONE, TRUE),
        ("of two sums", mean(f(S[0])) * mean(c(S[1])), mean(c(S[0])) * mean(f(S[1])), NONE, FALSE),
        ("of two sums and one", mean(f(S[0])) * mean(c(S[0])), mean(f(S[0]) * c(S[0])), NONE, FALSE),
        ("gradient of a square", grad(J**2), 2 * J * grad(J), NONE, TRUE),
        ("gradient of a square, once", grad(J**2), J * grad(J), NONE, FALSE),
        ("by relations", grad(J) * mean(f(S[0])), mean(total(t, score(t) * total(
            k, gamma**k * reward(k), start=t))) * mean(f(S[0])), ADD, TRUE),
        ("by relations, one off", grad(J) * mean(f(S[0])), mean(total(t, score(t) * total(
            k, gamma**k * reward(k), start=t + 1))) * mean(f(S[0])), ADD, FALSE),
        ("with gamma in a relation", gamma * mean(total(t, gamma ** (t - 1) * f(S[t]), start=1)) * J, (mean(
            total(t, gamma**t * f(S[t]))) - mean(f(S[0]))) * J, NONE, TRUE),
        ("with gamma in a relation, forgotten", mean(total(t, gamma ** (t - 1) * f(S[t]), start=1)) * J, (mean(
            total(t, gamma**t * f(S[t]))) - mean(f(S[0]))) * J, NONE, FALSE),
        ("with the last gamma", gamma**H * mean(f(S[0])) * J, mean(gamma**H * f(S[0])) * J, NONE, TRUE),
        ("without the last gamma", gamma**H * mean(f(S[0])) * J, mean(f(S[0])) * J, NONE, FALSE),
        ("variance", mean(R(tau) ** 2) - J**2, mean((R(tau) - J) ** 2), NONE, TRUE),
        ("variance, its other half", mean(R(tau) ** 2) - J**2, mean(R(tau) * (R(tau) - J)) + J, NONE, FALSE),
        ("of three sums", J * J * mean(value(0)), J**3, ADD, TRUE),
        ("at a free time", mean(f(S[t])) * J, mean(total(k, f(S[k]), start=t, stop=t)) * J, NONE, TRUE),
        ("at another free time", mean(f(S[t])) * J, mean(f(S[k])) * J, NONE, FALSE)),
]
