"""Claims with probabilities of places, by which means given events are divided: ``atoms``, ``Closed.joined``."""

from __future__ import annotations

from typing import Any

from claims_unfolding import A_, S
from kernel_letters import (
    ADD,
    ALL,
    END,
    FALSE,
    LT1,
    MP,
    NONE,
    POSS,
    PP,
    TRUE,
    UNDEFINED,
    Claim,
    at_sizes,
    beta,
    c,
    claims,
    f,
    reward,
    rho,
)
from sympy import Expr

from derive import State, d, function, p
from derive.language.assumptions import covers, initial_positive
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    R,
    V,
    a,
    expect,
    forever,
    gamma,
    grad,
    k,
    mu,
    pi,
    pi_old,
    prod,
    r,
    ratio,
    s,
    same,
    t,
    tau,
    total,
    x,
)

KNOWN, g, y = [*ADD, *ALL], function("g"), State("y")
MANY: dict[str, Any] = at_sizes((2, 1, 1), (2, 2, 1), (3, 2, 1))
AT_ONCE: dict[str, Any] = {"first": 1, **MANY}


def within(*factors: Any, policy: Any = pi) -> Expr:
    """E[f 1{...}]."""
    body, *more = factors
    for one in more:
        body = body * one
    return expect(tau, body, policy=policy)


def given(body: Any, *events: Expr, policy: Any = pi) -> Expr:
    """E[f | ...]."""
    return expect(tau, body, given=list(events), policy=policy)


FIRST, FIRST_ACTION = same(S[0], s), same(A_[0], a)
NOW, ACTION = same(S[t], s), same(A_[t], a)
EVERY = total(t, gamma**t * total(s, p[t](s) * given(reward(t), NOW)))
DELTA = reward(t) + gamma * V[t + 1](S[t + 1]) - V[t](S[t])
LATE = total(t, gamma**t * total(s, p[t](s) * given(reward(t), same(S[t + 1], s))))

CONDITIONAL: list[Claim] = claims(
    "given a place",
    ("the law of total expectation", total(s, mu(s) * given(R(tau), FIRST)), J, MP, TRUE),
    ("total expectation, twice", total(s, mu(s) * given(R(tau), FIRST)), 2 * J, MP, FALSE),
    ("total expectation, each state once", total(s, given(R(tau), FIRST)), J, MP, FALSE, MANY),
    ("total expectation, of the next state", total(s, mu(s) * given(R(tau), same(S[1], s))), J, ALL, FALSE, MANY),
    ("a value", given(R(tau), FIRST), V[0](s), [*ADD, *MP], TRUE),
    ("a value, of a later time", given(R(tau), FIRST), V[1](s), [*ADD, *MP], FALSE, MANY),
    ("each value once", total(s, given(R(tau), FIRST)), total(s, V[0](s)), [*ADD, *MP], TRUE),
    ("each value once, with the initial law", total(s, given(R(tau), FIRST)), total(s, mu(s) * V[0](s)), [*ADD, *MP],
     FALSE, MANY),
    ("a weighted mean", total(s, mu(s) * f(s) * given(R(tau), FIRST)), expect(tau, f(S[0]) * R(tau)), MP, TRUE),
    ("a weighted mean, of the next state", total(s, mu(s) * f(s) * given(R(tau), FIRST)), expect(tau, f(S[1]) * R(tau)),
     MP, FALSE, MANY),
    ("the gradient of each", total(s, mu(s) * grad(given(R(tau), FIRST))), grad(J), MP, TRUE),
    ("the gradient of each, without it", total(s, mu(s) * grad(given(R(tau), FIRST))), J, MP, FALSE),
    ("of a pair", given(R(tau), FIRST, FIRST_ACTION), Q[0](s, a), KNOWN, TRUE),
    ("of a pair, of the state", given(R(tau), FIRST, FIRST_ACTION), V[0](s), KNOWN, FALSE, MANY),
    ("over a pair", total(s, total(a, mu(s) * pi(a | s) * given(R(tau), FIRST, FIRST_ACTION))), J, ALL, TRUE),
    ("over a pair, by another policy", total(s, total(a, mu(s) * beta(a | s) * given(R(tau), FIRST, FIRST_ACTION))), J,
     ALL, FALSE, MANY),
    ("the gradient of a pair", total(a, pi(a | s) * grad(given(R(tau), FIRST, FIRST_ACTION))),
     total(a, pi(a | s) * grad(Q[0](s, a))), KNOWN, TRUE),
    ("the gradient of a pair, of pi Q", total(a, pi(a | s) * grad(given(R(tau), FIRST, FIRST_ACTION))), grad(V[0](s)),
     KNOWN, FALSE, MANY),
    ("at a time, of the state alone", given(V[t](S[t]), NOW, ACTION), V[t](s), KNOWN, TRUE),
    ("at a time, of the next state", given(V[t + 1](S[t + 1]), NOW, ACTION), V[t](s), KNOWN, FALSE, MANY),
    ("at a time, of both", given(f(S[t]) * g(A_[t]), NOW, ACTION), f(s) * g(a), ALL, TRUE),
    ("at a time, of both, the action not given", given(f(S[t]) * g(A_[t]), NOW), f(s) * g(a), ALL, FALSE, MANY),
    ("the TD error", given(DELTA, NOW, ACTION), A[t](s, a), KNOWN, TRUE),
    ("the TD error, as a value", given(DELTA, NOW, ACTION), Q[t](s, a), KNOWN, FALSE, MANY),
    ("the TD error, given the state alone", given(DELTA, NOW), A[t](s, a), KNOWN, FALSE, MANY),
    ("the TD error has mean 0", given(DELTA, NOW), 0, KNOWN, TRUE),
    ("at a time, over actions", total(a, pi(a | s) * given(R(tau), NOW, ACTION)), given(R(tau), NOW), ALL, TRUE),
    ("at a time, over actions of another policy", total(a, beta(a | s) * given(R(tau), NOW, ACTION)),
     given(R(tau), NOW), ALL, FALSE, MANY),
    ("at a time, over states", total(s, p[t](s) * given(reward(t), NOW)), expect(tau, reward(t)), ALL, TRUE),
    ("at a time, over states of the next", total(s, p[t + 1](s) * given(reward(t), NOW)), expect(tau, reward(t)), ALL,
     FALSE, MANY),
    ("at every time", EVERY, J, KNOWN, TRUE),
    ("at every time, given the next", LATE, J, KNOWN, FALSE, MANY),
    ("of another policy", total(s, mu(s) * given(R(tau), FIRST, policy=beta)), expect(tau, R(tau), policy=beta), MP,
     TRUE),
    ("of another policy, as of pi", total(s, mu(s) * given(R(tau), FIRST, policy=beta)), J, MP, FALSE, MANY),
    ("without end", total(s, mu(s) * given(total(t, gamma**t * reward(t), stop=forever), FIRST)),
     expect(tau, total(t, gamma**t * reward(t), stop=forever)), [*END, *MP], TRUE),
    ("without end, from the next", total(s, mu(s) * given(total(t, gamma**t * reward(t), stop=forever), FIRST)),
     expect(tau, total(t, gamma**t * reward(t), start=1, stop=forever)), [*END, *MP], FALSE),
)

TIMES, CHOSEN = total(k, 1), pi(A_[0] | S[0])
"""H + 1, and a factor that makes the divisor one of the trajectory."""
SHARE, MEAN, OTHER = expect(tau, ratio(CHOSEN, TIMES * CHOSEN)), expect(tau, f(S[0])), expect(tau, c(S[0]))
"""1/(H + 1), and two means, so that products of sums are compared."""
SQUARE = expect(tau, ratio(CHOSEN**2, (TIMES * CHOSEN)**2))
QUOTIENTS: list[Claim] = claims(
    "divided by a number of times",
    ("beside means", TIMES * SHARE * MEAN * OTHER, MEAN * OTHER, PP, TRUE),
    ("beside means, lost", SHARE * MEAN * OTHER, MEAN * OTHER, PP, FALSE, AT_ONCE),
    ("squared", TIMES**2 * SQUARE * MEAN * OTHER, MEAN * OTHER, PP, TRUE),
    ("squared, once", TIMES * SQUARE * MEAN * OTHER, MEAN * OTHER, PP, FALSE, AT_ONCE),
    ("alone", TIMES * SHARE, 1, PP, TRUE),
    ("alone, lost", SHARE, 1, PP, FALSE, AT_ONCE),
    ("beside one mean", TIMES * SHARE * MEAN, MEAN, PP, TRUE),
    ("beside one mean, lost", SHARE * MEAN, MEAN, PP, FALSE, AT_ONCE),
)

PROBABILITIES: list[Claim] = claims(
    "probability of a place",
    ("of a first state", within(FIRST) * J, mu(s) * J, NONE, TRUE),
    ("of a first state, squared", within(FIRST) ** 2, mu(s) ** 2, NONE, TRUE),
    ("of a first state, its square", within(FIRST) ** 2, mu(s), NONE, FALSE, MANY),
    ("of a first pair", within(FIRST, FIRST_ACTION) * J, mu(s) * pi(a | s) * J, NONE, TRUE),
    ("of a first pair under beta is that under pi", within(FIRST, FIRST_ACTION, policy=beta), mu(s) * pi(a | s), NONE,
     FALSE, MANY),
    ("of a pair at a time", within(NOW, ACTION) * J, pi(a | s) * within(NOW) * J, NONE, TRUE),
    ("of a pair at a time, of the first state", within(NOW, ACTION) * J, pi(a | s) * mu(s) * J, NONE, FALSE, MANY),
    ("of a state and a later action", within(FIRST, same(A_[1], a)), mu(s) * pi(a | s), NONE, FALSE, AT_ONCE),
    ("beside a function", within(FIRST, f(S[0])), mu(s), NONE, FALSE, MANY),
    ("beside the initial law", within(FIRST, mu(S[0])), mu(s), NONE, FALSE, MANY),
    ("of two states that are the same", expect(tau, same(S[0], S[1])), expect(tau, same(S[0], S[1]), policy=beta), NONE,
     FALSE, MANY),
    ("of a state, by ratios, where pi covers nothing", expect(tau, prod(t, rho(t)) * FIRST, policy=beta), mu(s), NONE,
     FALSE, MANY),
    ("of a state, by ratios", expect(tau, prod(t, rho(t)) * FIRST, policy=beta), mu(s), [covers(beta, pi)], TRUE),
    ("over the possible, by the law of another policy", total(tau, P(tau, policy=beta) * FIRST), mu(s), POSS, FALSE,
     MANY),
    ("over the possible", total(tau, P(tau) * FIRST), mu(s), POSS, TRUE),
    ("over itself", ratio(J * J, J * within(FIRST)), ratio(J, mu(s)), MP, UNDEFINED,
     {"owes": ("nonzero",)}),
    ("a mean over itself is itself", ratio(within(NOW), within(NOW)), within(NOW), ALL, FALSE, MANY),
    ("a mean over itself is 1", ratio(within(NOW), within(NOW)), 1, ALL, TRUE),
    ("a mean over its square is 1", ratio(within(NOW), within(NOW) ** 2), 1, ALL, FALSE, MANY),
    ("a mean over another is 1", ratio(within(NOW), within(same(S[t], x))), 1, ALL, FALSE, MANY),
    ("the initial law of a letter at the next state", total(s, mu(s) * within(same(S[1], s))), total(s, mu(s) ** 2),
     NONE, FALSE, MANY),
    ("the initial law of a letter at the first", total(s, mu(s) * within(FIRST)), expect(tau, mu(S[0])), NONE, TRUE),
    ("the square of the initial law", expect(tau, mu(S[0]) * f(S[0])), total(s, mu(s) ** 2 * f(s)), NONE, TRUE),
    ("the cube of the initial law, of its square", expect(tau, mu(S[0]) * f(S[0])),
     expect(tau, mu(S[0]) ** 2 * f(S[0])), NONE, FALSE, MANY),
    ("the cube of the initial law", expect(tau, mu(S[0]) ** 2 * R(tau)), total(s, mu(s) ** 3 * V[0](s)), ADD, TRUE),
)


def by_actions(body: Expr, state: Expr = s) -> Expr:
    """sum_a pi(a|s) f(s, a)."""
    return total(a, pi(a | state) * body)


def next_of(body: Any) -> Expr:
    """sum_x P(x|s,a) f(x)."""
    return total(x, P(x | s, a) * body(x))


HELD, DRAWN = pi_old(a | s), total(y, f(y) * pi(a | y))
WHERE_K_IS_T = {"start": k, "stop": k}


def of_next(body: Expr) -> Expr:
    """sum_x P(x|s,a) f."""
    return expect(x, body, given=(s, a))


BECOME_ONE: list[Claim] = claims(
    "symbols that become one",
    ("held and moving", by_actions(HELD * r(s, a)), total(a, pi(a | s) ** 2 * r(s, a)), ADD, TRUE),
    ("held and moving, to the power of one", by_actions(HELD * r(s, a)), by_actions(r(s, a)), ADD, FALSE, MANY),
    ("held and moving, of another state", by_actions(HELD * DRAWN), by_actions(DRAWN), NONE, FALSE, MANY),
    ("held and moving, both powers", by_actions(HELD * DRAWN), total(a, pi(a | s) ** 2 * DRAWN), NONE, TRUE),
    ("a ratio to itself", by_actions(ratio(pi(a | s), HELD) * r(s, a)), by_actions(r(s, a)), [*ADD, *PP], TRUE),
    ("a ratio to itself, without its weight", total(a, ratio(pi(a | s), HELD) * r(s, a)), by_actions(r(s, a)),
     [*ADD, *PP], FALSE, MANY),
    ("a ratio to itself is 1", total(a, ratio(pi(a | s), HELD) * r(s, a)), total(a, r(s, a)), [*ADD, *PP], TRUE),
    ("a square of a ratio to itself", total(a, HELD * ratio(pi(a | s), HELD) ** 2 * r(s, a)), by_actions(r(s, a)),
     [*ADD, *PP], TRUE),
    ("a square of a ratio to itself, without end", by_actions(HELD * Q(s, a)), V(s), END, FALSE),
    ("of the last action value", by_actions(HELD * Q[H](s, a)), V[H](s), ADD, FALSE, MANY),
    ("the values of two times", grad(total(t, of_next(V[t](x) * V[k](x)), **WHERE_K_IS_T)), 2 * grad(of_next(V[k](x))),
     ADD, FALSE, MANY),
    ("the values of two times, squared", grad(total(t, of_next(V[t](x) * V[k](x)), **WHERE_K_IS_T)),
     2 * of_next(V[k](x) * grad(V[k](x))), ADD, TRUE),
)

PAIR, FUTURE = Q[0](S[0], A_[0]), reward(0) + gamma * V[1](S[1])
SQUARES: list[Claim] = claims(
    "a square of a mean of the next state",
    ("of an action value", total(s, mu(s) * by_actions(Q[0](s, a) ** 2)), expect(tau, PAIR**2), ADD, TRUE),
    ("of a value, for one of an action value", total(s, mu(s) * V[0](s) ** 2), expect(tau, PAIR**2), ADD, FALSE, MANY),
    ("of a mean is the mean of a square", total(s, mu(s) * by_actions(Q[0](s, a) ** 2)), expect(tau, FUTURE**2), ADD,
     FALSE, MANY),
    ("beside what it is the mean of", expect(tau, FUTURE * PAIR), total(s, mu(s) * by_actions(Q[0](s, a) ** 2)), ADD,
     TRUE),
    ("at a time", expect(tau, Q[t](S[t], A_[t]) ** 2), total(s, p[t](s) * by_actions(Q[t](s, a) ** 2)), ADD, TRUE),
    ("at a time, of the next law", expect(tau, Q[t](S[t], A_[t]) ** 2),
     total(s, p[t + 1](s) * by_actions(Q[t](s, a) ** 2)), ADD, FALSE, MANY),
    ("of an advantage", expect(tau, by_actions(A[t](S[t], a) ** 2, S[t])), expect(tau, A[t](S[t], A_[t]) ** 2), ADD,
     TRUE),
    ("of an advantage, its mean", expect(tau, by_actions(A[t](S[t], a), S[t]) ** 2),
     expect(tau, A[t](S[t], A_[t]) ** 2), ADD, FALSE, MANY),
    ("of an advantage, by another policy", expect(tau, total(a, beta(a | S[t]) * A[t](S[t], a) ** 2)),
     expect(tau, A[t](S[t], A_[t]) ** 2), ADD, FALSE, MANY),
    ("without end", expect(tau, by_actions(A(S[t], a) ** 2, S[t])), expect(tau, A(S[t], A_[t]) ** 2), END, TRUE),
    ("without end, of the action value", expect(tau, by_actions(A(S[t], a) ** 2, S[t])),
     expect(tau, Q(S[t], A_[t]) ** 2), END, FALSE),
    ("of two functions", total(s, mu(s) * by_actions(next_of(f) * next_of(g))),
     expect(tau, f(S[1]) * total(x, P(x | S[0], A_[0]) * g(x))), NONE, TRUE),
    ("of two functions, both drawn", total(s, mu(s) * by_actions(next_of(f) * next_of(g))),
     expect(tau, f(S[1]) * g(S[1])), NONE, FALSE, MANY),
    ("of a function, once", total(s, mu(s) * by_actions(next_of(f) ** 2)), expect(tau, f(S[1])), NONE, FALSE, MANY),
    ("of a function, for all actions", total(s, mu(s) * by_actions(next_of(f)) ** 2),
     total(s, mu(s) * by_actions(next_of(f) ** 2)), NONE, FALSE, MANY),
    ("the variance by the first pair", expect(tau, (R(tau) - PAIR) ** 2) + expect(tau, PAIR**2), expect(tau, R(tau)**2),
     ADD, TRUE),
    ("the variance by the first pair, of the next", expect(tau, (R(tau) - PAIR) ** 2) + expect(tau, FUTURE**2),
     expect(tau, R(tau)**2), ADD, FALSE, MANY),
)


OCCUPIED, OCCUPIED_BY_B, NAUGHT = d(s), d(s, policy=beta), {"owes": ("nonzero",)}
STEPS = total(t, gamma**t * p[t](s))
OCCUPANCIES: list[Claim] = claims(
    "an occupancy is not 0",
    ("the ratio of two", total(s, OCCUPIED_BY_B * ratio(OCCUPIED, OCCUPIED_BY_B) * f(s)), total(s, OCCUPIED * f(s)),
     [*LT1, initial_positive], TRUE),
    ("the ratio of two is 1", ratio(OCCUPIED, OCCUPIED_BY_B), 1, [*LT1, *ALL], FALSE),
    ("beside itself", ratio(OCCUPIED, OCCUPIED), 1, [*LT1, initial_positive], TRUE),
    ("where a state may never be first", ratio(OCCUPIED, OCCUPIED), 1, [*LT1, *PP], UNDEFINED, NAUGHT),
    ("with an end", ratio(STEPS, STEPS), 1, [*LT1, initial_positive], TRUE),
    ("from the second time on", ratio(total(t, p[t](s), start=1), total(t, p[t](s), start=1)), 1, [initial_positive],
     UNDEFINED, NAUGHT),
)
AT_NEGATIVE_DISCOUNTS: list[Claim] = claims(
    "what no discount of 0 or more shows",
    ("an occupancy with an end", ratio(STEPS, STEPS), 1, [initial_positive], UNDEFINED, NAUGHT))
"""p_0(s) - p_1(s) is 0 where both are 1/2; the models of the other claims have positive discounts."""
