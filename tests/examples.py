"""One table: for each node, a term it belongs in and an ill-typed twin; rules carry their own examples."""

from __future__ import annotations

from sympy import Expr

from derive.language import terms
from derive.language.binding import Binder, Index
from derive.language.definitions import TD_ERROR
from derive.language.expression import Node, Plus, Power, Ratio, Times
from derive.language.terms import (
    ActionAt,
    ActionProbability,
    ActionValue,
    Advantage,
    Applied,
    Between,
    Defined,
    Drawn,
    Expect,
    Grad,
    HistoryAt,
    Initial,
    Law,
    Log,
    Objective,
    Outer,
    Prod,
    Return,
    Reward,
    Same,
    StateAt,
    StateValue,
    Total,
    Trace,
    TrajectoryProbability,
    Transition,
    Var,
)
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
    function,
    gamma,
    grad,
    i,
    letter_of,
    log,
    mu,
    outer,
    pi,
    prod,
    r,
    ratio,
    s,
    same,
    samples,
    t,
    tau,
    total,
    trace,
    variance,
    x,
)

Pair = tuple[Expr, Expr]

score = grad(log(pi(a | s)))

NODES: dict[type, Pair] = {
    Plus: (P(tau) + R(tau), P(tau) + score),
    Times: (score * R(tau), score * score),
    Power: (gamma**t, Power(gamma, s)),
    Ratio: (ratio(P(tau), R(tau)), ratio(P(tau), score)),
    StateAt: (mu(tau.s[t]), mu(StateAt(s, t))),
    HistoryAt: (function("b")(tau.h[t]), mu(tau.h[t])),
    ActionAt: (pi(tau.a[t] | tau.s[t]), pi(ActionAt(tau, a) | tau.s[t])),
    Drawn: (R(samples[i]), R(Drawn(tau, i))),
    Initial: (mu(s), mu(a)),
    Transition: (P(x | s, a), P(x | a, s)),
    ActionProbability: (pi(a | s), pi(s | a)),
    TrajectoryProbability: (P(tau), TrajectoryProbability(pi, s)),
    Reward: (r(s, a, x), r(a, s, x)),
    Same: (same(tau.s[t], s), same(tau.s[t], a)),
    Return: (R(tau), R(s)),
    Applied: (function("b")(s), function("b")(tau)),
    StateValue: (V[t](s), V[s](s)),
    ActionValue: (Q[t](s, a), Q[t](a, s)),
    Advantage: (A(s, a), A(s, s)),
    Objective: (J, Objective(s)),
    Defined: (letter_of(TD_ERROR)[t](tau), TD_ERROR(pi, s, t)),
    Grad: (grad(J), grad(s)),
    Log: (log(P(tau)), log(score)),
    Outer: (outer(score, grad(J)), outer(score, J)),
    Trace: (trace(variance(tau, score * R(tau))), trace(score)),
    Between: (total(t, gamma**t, stop=H - 1), total(t, gamma**t, stop=s)),
    Law: (expect(tau, R(tau)), Expect(tau, Law(s), R(tau))),
    Total: (total(t, gamma**t), Total(tau, Between(0, H), R(tau))),
    Prod: (prod(t, gamma**t), prod(t, grad(log(pi(tau.a[t] | tau.s[t]))))),
    Expect: (expect(tau, R(tau)), Expect(s, Law(pi), mu(s))),
    Var: (variance(tau, score * R(tau)), variance(tau, variance(tau, score * R(tau)))),
}


def node_classes() -> set[type]:
    """Every node class of the language that takes arguments."""
    found: set[type] = {Plus, Times, Power, Ratio}
    found |= {value for value in vars(terms).values() if isinstance(value, type) and issubclass(value, Node)}
    return found - {Node, Binder}


def index_classes() -> set[type]:
    """Every sort of index."""
    return {value for value in vars(terms).values() if isinstance(value, type) and issubclass(value, Index)} - {Index}
