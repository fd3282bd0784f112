"""Claims about sums over states and actions alone, one true and one false for each row of ``local_sums``."""

from __future__ import annotations

from typing import Any

from kernel_letters import (
    ADD,
    END,
    FALSE,
    NONE,
    PP,
    TRUE,
    UNDEFINED,
    Claim,
    at_sizes,
    beta,
    c,
    claims,
    d,
    e,
    f,
    g,
    h,
    q,
    w,
    y,
    z,
)
from sympy import Expr

from derive.language.vocabulary import A, H, P, Q, V, a, gamma, grad, log, mu, pi, r, ratio, s, t, total, x

EPS = r(s, a, x) + gamma * V[t + 1](x) - Q[t](s, a)
TWO = at_sizes((2, 2, 0))


def move(now: Any, then: Any) -> Expr:
    """P_pi(x|s)."""
    return total(a, pi(a | now) * P(then | now, a))


TRACE = total(s, move(s, s))
SQUARE = total(s, total(x, move(s, x) * move(x, s)))
CUBE = total(s, total(x, total(y, move(s, x) * move(x, y) * move(y, s))))
POWERS = [total(a, pi(a | s) ** power) for power in range(1, 5)]
FOUR_ACTIONS = (POWERS[0] ** 4 - 6 * POWERS[0] ** 2 * POWERS[1] + 3 * POWERS[1] ** 2 + 8 * POWERS[0] * POWERS[2]
                - 6 * POWERS[3])
"""24 times the sum over four distinct actions of the product of their probabilities."""

LOCAL: list[Claim] = [
    *claims(
        "sum of mu",
        ("is 1", total(s, mu(s)), 1, NONE, TRUE),
        ("of its square is 1", total(s, mu(s) ** 2), 1, NONE, FALSE),
        ("beside a function is the function", total(s, mu(s) * f(s)), f(y), NONE, FALSE),
        ("beside another is both", total(s, mu(s) * f(y)), f(y), NONE, TRUE),
        ("beside a function is 1", total(s, mu(s) * f(s)), 1, NONE, FALSE)),
    *claims(
        "sum of P",
        ("over the next state is 1", total(x, P(x | s, a)), 1, NONE, TRUE),
        ("over the state is 1", total(s, P(x | s, a)), 1, NONE, FALSE),
        ("over the action is 1", total(a, P(x | s, a)), 1, NONE, FALSE),
        ("of its square is 1", total(x, P(x | s, a) ** 2), 1, NONE, FALSE),
        ("staying where it is, is 1", total(s, P(s | s, a)), 1, NONE, FALSE),
        ("is the number of its states", total(s, total(x, P(x | s, a))), total(s, 1), NONE, TRUE)),
    *claims(
        "sum of pi",
        ("is 1", total(a, pi(a | s)), 1, NONE, TRUE),
        ("of another policy is 1", total(a, beta(a | s)), 1, NONE, TRUE),
        ("over the state is 1", total(s, pi(a | s)), 1, NONE, FALSE),
        ("of its square is 1", total(a, pi(a | s) ** 2), 1, NONE, FALSE),
        ("of two policies is 1", total(a, pi(a | s) * beta(a | s)), 1, NONE, FALSE),
        ("of a quotient is 1", total(a, ratio(pi(a | s), beta(a | s))), 1, PP, FALSE),
        ("of two states is 1", total(a, pi(a | s) * pi(a | y)), 1, NONE, FALSE)),
    *claims(
        "sum of dpi",
        ("is 0", total(a, grad(pi(a | s))), 0, NONE, TRUE),
        ("over the state is 0", total(s, grad(pi(a | s))), 0, NONE, FALSE),
        ("beside pi is 0", total(a, pi(a | s) * grad(pi(a | s))), 0, NONE, FALSE),
        ("is 1", total(a, grad(pi(a | s)) * f(y)), total(a, pi(a | s) * grad(pi(d | y))) * f(y), NONE, FALSE),
        ("of another state beside pi is 0", total(a, pi(a | s) * grad(pi(a | y))), 0, NONE, FALSE)),
    *claims(
        "sum of d2pi",
        ("is 0", total(a, grad(grad(pi(a | s)))), 0, NONE, TRUE),
        ("over the state is 0", total(s, grad(grad(pi(a | s)))), 0, NONE, FALSE),
        ("beside pi is 0", total(a, pi(a | s) * grad(grad(pi(a | s)))), 0, NONE, FALSE),
        ("beside pi is less the square of dpi", total(a, pi(a | s) * grad(grad(pi(a | s)))),
         -total(a, grad(pi(a | s)) ** 2), NONE, FALSE)),
    *claims(
        "sum of pi A",
        ("is 0", total(a, pi(a | s) * A[t](s, a)), 0, ADD, TRUE),
        ("of another policy is 0", total(a, beta(a | s) * A[t](s, a, policy=beta)), 0, ADD, TRUE),
        ("of beta and the values of pi is 0", total(a, beta(a | s) * A[t](s, a)), 0, ADD, FALSE),
        ("of pi and the values of beta is 0", total(a, pi(a | s) * A[t](s, a, policy=beta)), 0, ADD, FALSE),
        ("of the squares of pi is 0", total(a, pi(a | s) ** 2 * A[t](s, a)), 0, ADD, FALSE),
        ("of the squares of A is 0", total(a, pi(a | s) * A[t](s, a) ** 2), 0, ADD, FALSE),
        ("over the state is 0", total(s, pi(a | s) * A[t](s, a)), 0, ADD, FALSE),
        ("of another state is 0", total(a, pi(a | y) * A[t](s, a)), 0, ADD, FALSE),
        ("of another action is 0", total(a, pi(a | s) * A[t](s, e)), 0, ADD, FALSE),
        ("of two times is 0", total(a, pi(a | s) * (Q[t](s, a) - V[t + 1](s))), 0, ADD, FALSE),
        ("without time is 0", total(a, pi(a | s) * A(s, a)), 0, END, TRUE),
        ("without time, of beta and the values of pi, is 0", total(a, beta(a | s) * A(s, a)), 0, END, FALSE),
        ("beside a function of the state is 0", total(a, pi(a | s) * f(s) * A[t](s, a)), 0, ADD, TRUE),
        ("beside a function of the action is 0", total(a, pi(a | s) * g(a) * A[t](s, a)), 0, ADD, FALSE)),
    *claims(
        "sum of P eps",
        ("is 0", total(x, P(x | s, a) * EPS), 0, ADD, TRUE),
        ("of another state is 0", total(x, P(x | y, a) * EPS), 0, ADD, FALSE),
        ("of another action is 0", total(x, P(x | s, e) * EPS), 0, ADD, FALSE),
        ("over the state is 0", total(s, P(x | s, a) * EPS), 0, ADD, FALSE),
        ("of another next state is 0", total(x, P(x | s, a) * (r(s, a, y) + gamma * V[t + 1](y) - Q[t](s, a))), 0,
         ADD, FALSE),
        ("of the squares of eps is 0", total(x, P(x | s, a) * EPS**2), 0, ADD, FALSE),
        ("of the squares of P is 0", total(x, P(x | s, a) ** 2 * EPS), 0, ADD, FALSE),
        ("is 0 without a sum", EPS, 0, ADD, FALSE),
        ("staying where it is, is 0", total(x, P(x | x, a) * (r(x, a, x) + gamma * V[t + 1](x) - Q[t](x, a))), 0, ADD,
         FALSE),
        ("beside a function of the pair is 0", total(x, P(x | s, a) * q(s, a) * EPS), 0, ADD, TRUE),
        ("beside a function of the next state is 0", total(x, P(x | s, a) * f(x) * EPS), 0, ADD, FALSE)),
    *claims(
        "Bellman",
        ("V is a mean of Q", V[t](s), total(a, pi(a | s) * Q[t](s, a)), ADD, TRUE),
        ("V of beta is a mean of Q of beta under pi", V[t](s, policy=beta), total(
            a, pi(a | s) * Q[t](s, a, policy=beta)), ADD, FALSE),
        ("V in rewards", V[t](s), total(a, pi(a | s) * total(x, P(x | s, a) * (r(s, a, x) + gamma * V[t + 1](x)))), ADD,
         TRUE),
        ("V in rewards, without gamma", V[t](s), total(
            a, pi(a | s) * total(x, P(x | s, a) * (r(s, a, x) + V[t + 1](x)))), ADD, FALSE, at_sizes((1, 2, 1))),
        ("V in rewards, at the same time", V[t](s), total(
            a, pi(a | s) * total(x, P(x | s, a) * (r(s, a, x) + gamma * V[t](x)))), ADD, FALSE),
        ("V without time in rewards", V(s), total(a, pi(a | s) * total(x, P(x | s, a) * (r(s, a, x) + gamma * V(x)))),
         END, TRUE),
        ("V without time in the rewards of another action", V(s), total(
            a, pi(a | s) * total(x, P(x | s, a) * (r(s, e, x) + gamma * V(x)))), END, FALSE),
        ("the last Q is a reward", Q[H](s, a), total(x, P(x | s, a) * r(s, a, x)), ADD, TRUE),
        ("Q is a reward", Q[t](s, a), total(x, P(x | s, a) * r(s, a, x)), ADD, FALSE, at_sizes((1, 2, 1))),
        ("the last Q but one is a reward", Q[H - 1](s, a), total(x, P(x | s, a) * r(s, a, x)), ADD, FALSE,
         at_sizes((1, 2, 1))),
        ("the last V is a reward", V[H](s), total(a, pi(a | s) * total(x, P(x | s, a) * r(s, a, x))), ADD, TRUE),
        ("the value after the last step is 0", V[H + 1](s), 0, ADD, TRUE),
        ("the value at the last step is 0", V[H](s), 0, ADD, FALSE),
        ("the first V at a literal time", V[3](s), total(a, pi(a | s) * Q[3](s, a)), ADD, TRUE, {"first": 3})),
    *claims(
        "component",
        ("a product of sums is a double sum", total(a, pi(a | s) * g(a)) ** 2,
         total(a, total(e, pi(a | s) * g(a) * pi(e | s) * g(e))), NONE, TRUE),
        ("a product of sums is a sum of squares", total(a, pi(a | s) * g(a)) ** 2,
         total(a, pi(a | s) ** 2 * g(a) ** 2), NONE, FALSE),
        ("a power in a sum is a single one", total(s, f(s) * total(a, pi(a | s) * g(a)) ** 2),
         total(s, f(s) * total(a, pi(a | s) * g(a))), NONE, FALSE),
        ("sums may change places", total(s, total(y, q(s, a) * f(y) * h(s, e, y))),
         total(y, total(s, h(y, e, s) * q(y, a) * f(s))), NONE, TRUE),
        ("arguments may change places", total(s, total(y, q(s, a) * f(y) * h(s, e, y))),
         total(s, total(y, q(s, a) * f(y) * h(y, e, s))), NONE, FALSE, TWO),
        ("a sum of a product is a product of sums", total(s, f(s) * c(s)), total(s, f(s)) * total(s, c(s)), NONE,
         FALSE, TWO),
        ("factors without the index come out", total(a, pi(a | s) * f(s) * g(a)), f(s) * total(a, pi(a | s) * g(a)),
         NONE, TRUE),
        ("a free letter is no bound one", total(a, pi(a | s) * g(a)), total(a, pi(a | s) * g(e)), NONE, FALSE),
        ("three states in a row", total(x, P(x | s, a) * total(y, P(y | x, e) * total(w, P(w | y, d) * f(w)))),
         total(w, total(x, total(y, P(x | s, a) * P(w | y, d) * f(w) * P(y | x, e)))), NONE, TRUE),
        ("two states in a row are one", total(x, P(x | s, a) * total(y, P(y | x, a) * f(y))),
         total(x, P(x | s, a) * f(x)), NONE, FALSE, TWO)),
    *claims(
        "derivative",
        ("of pi in a sum", grad(total(a, pi(a | s) * g(a))), total(a, grad(pi(a | s)) * g(a)), NONE, TRUE),
        ("of the square of pi in a sum", grad(total(a, pi(a | s) ** 2 * g(a))),
         2 * total(a, pi(a | s) * grad(pi(a | s)) * g(a)), NONE, TRUE),
        ("of the square of pi in a sum, once", grad(total(a, pi(a | s) ** 2 * g(a))),
         total(a, pi(a | s) * grad(pi(a | s)) * g(a)), NONE, FALSE),
        ("of a sum is nothing", grad(total(a, pi(a | s) ** 2 * g(a))), 0, NONE, FALSE),
        ("twice", grad(grad(pi(a | s) ** 2)), 2 * grad(pi(a | s)) ** 2 + 2 * pi(a | s) * grad(grad(pi(a | s))), NONE,
         TRUE),
        ("twice, without the second derivative", grad(grad(pi(a | s) ** 2)), 2 * grad(pi(a | s)) ** 2, NONE, FALSE),
        ("of log pi", grad(log(pi(a | s))), ratio(grad(pi(a | s)), pi(a | s)), PP, TRUE),
        ("of log pi, where pi may be 0", grad(log(pi(a | s))), ratio(grad(pi(a | s)), pi(a | s)), NONE, UNDEFINED,
         {"owes": ("nonzero", "positive")}),
        ("of log pi is that of pi", grad(log(pi(a | s))), grad(pi(a | s)), PP, FALSE),
        ("of log beta", grad(log(beta(a | s))), 0, PP, TRUE),
        ("of beta is that of pi", grad(beta(a | s)), grad(pi(a | s)), NONE, FALSE),
        ("of a function, P and r", grad(q(s, a) * P(x | s, a) * r(s, a, x) * mu(s)), 0, NONE, TRUE),
        ("of pi is nothing", grad(pi(a | s)), 0, NONE, FALSE),
        ("of a quotient", grad(ratio(1, pi(a | s))), -ratio(grad(pi(a | s)), pi(a | s) ** 2), PP, TRUE),
        ("of a quotient, without its sign", grad(ratio(1, pi(a | s))), ratio(grad(pi(a | s)), pi(a | s) ** 2), PP,
         FALSE),
        ("of a product of sums", grad(total(a, pi(a | s) * g(a)) * total(a, pi(a | s) * q(s, a))),
         total(a, grad(pi(a | s)) * g(a)) * total(a, pi(a | s) * q(s, a))
         + total(a, pi(a | s) * g(a)) * total(a, grad(pi(a | s)) * q(s, a)), NONE, TRUE),
        ("of a product of sums, only of the first", grad(total(a, pi(a | s) * g(a)) * total(a, pi(a | s) * q(s, a))),
         total(a, grad(pi(a | s)) * g(a)) * total(a, pi(a | s) * q(s, a)), NONE, FALSE)),
    *claims(
        "logarithm",
        ("of a product", log(pi(a | s) * beta(a | s)), log(pi(a | s)) + log(beta(a | s)), PP, TRUE),
        ("of a product is a product", log(pi(a | s) * beta(a | s)), log(pi(a | s)) * log(beta(a | s)), PP, FALSE),
        ("of a product is its first", log(pi(a | s) * beta(a | s)), log(pi(a | s)), PP, FALSE),
        ("of twice is of once", log(2 * pi(a | s)), log(pi(a | s)), PP, FALSE),
        ("of a quotient", log(ratio(pi(a | s), beta(a | s))), log(pi(a | s)) - log(beta(a | s)), PP, TRUE),
        ("of a quotient is a sum", log(ratio(pi(a | s), beta(a | s))), log(pi(a | s)) + log(beta(a | s)), PP, FALSE),
        ("of a power", log(pi(a | s) ** 3), 3 * log(pi(a | s)), PP, TRUE),
        ("of a power is itself", log(pi(a | s) ** 2), log(pi(a | s)), PP, FALSE),
        ("of a sum is a sum", log(pi(a | s) + beta(a | s)), log(pi(a | s)) + log(beta(a | s)), PP, FALSE),
        ("summed is 0", total(a, log(pi(a | s))), 0, PP, FALSE),
        ("summed is 1", total(a, log(pi(a | s)) * z(s, a)), total(a, z(s, a)), PP, FALSE)),
    *claims(
        "few outcomes",
        ("four distinct actions have no probability", FOUR_ACTIONS, 0, NONE, FALSE, at_sizes((1, 4, 0))),
        ("two actions have opposite gradients", total(a, grad(pi(a | s)) * pi(a | s) ** 2),
         total(a, grad(pi(a | s)) * pi(a | s)), NONE, FALSE, at_sizes((1, 3, 0))),
        ("the trace of a square, two states", SQUARE, 1 + (TRACE - 1) ** 2, NONE, FALSE, at_sizes((3, 1, 0))),
        ("the trace of a cube, three states", CUBE, 1 + (TRACE - 1) ** 3 + ratio(3, 2) * (TRACE - 1) * (
            SQUARE - (TRACE - 1) ** 2 - 1), NONE, FALSE, at_sizes((4, 1, 0)))),
]
