"""The kernel's tuples as the author's terms, for oracles that read these: the way back from ``encoding``."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer, Rational

from derive.kernel.contexts import Context
from derive.kernel.terms import INF, Term, Tuple
from derive.language.assumptions import (
    POSSIBLE,
    Assumption,
    at_most,
    below_one,
    between_0_and_1,
    covers,
    discount_below_one,
    dynamics_positive,
    iid_samples,
    initial_positive,
    policy_positive,
    positive,
    undiscounted,
)
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.terms import (
    Action,
    ActionAt,
    Batch,
    Draw,
    Drawn,
    Grad,
    HistoryAt,
    Log,
    Policy,
    State,
    StateAt,
    StateValue,
    Time,
    Trace,
    Trajectory,
)
from derive.language.vocabulary import H, P, R, expect, forever, function, gamma, m, mu, prod, r, same, total

SORTS: dict[str, Any] = {
    "state": State, "action": Action, "time": Time, "trajectory": Trajectory, "draw": Draw, "batch": Batch}
OPERATORS: dict[str, Any] = {"+": Plus, "*": Times, "/": Ratio, "grad": Grad, "log": Log, "trace": Trace}
SCALARS = {"positive": positive, "unit": between_0_and_1, "below one": below_one}
POSITIVE = {"policy": policy_positive, "initial": initial_positive, "dynamics": dynamics_positive}


def assumptions_of(context: Context) -> frozenset[Assumption]:
    """What a theorem in this context assumes."""
    flags = ((context.possible, POSSIBLE), (context.discount, discount_below_one), (context.iid, iid_samples),
             (context.undiscounted, undiscounted))
    cases = {at_most(*sides) for t, low, high in context.ranges
             for sides in ((time_of(low), index_of(t)), (index_of(t), time_of(high)))}
    return frozenset(
        {POSITIVE[name] for name in context.positive} | {one for known, one in flags if known} | cases
        | {covers(Policy(one), Policy(two)) for one, two in context.covers}
        | {SCALARS[kind](function(name)()) for name, kind in context.scalars})


def decoded(t: Term) -> Expr:
    """The author's term; a bound index is named after its height."""
    head, *rest = t
    match head:
        case "num":
            return Rational(*rest)
        case "gamma":
            return gamma
        case "m":
            return m
        case "gamma^":
            return gamma ** time_of(rest[0])
        case "c^":
            return function(rest[0])() ** time_of(rest[1])
        case "q^":
            return Power(Rational(*rest[:2]), time_of(rest[2]))
        case "same":
            return same(*map(place_of, rest))
        case "^":
            return Power(decoded(rest[0]), Integer(rest[1])) if rest[1] >= 0 else Ratio(
                1, Power(decoded(rest[0]), Integer(-rest[1])))
        case "E":
            index, policy, body = rest
            return expect(index_of(index), decoded(body), policy=Policy(policy))
        case "sum" | "prod":
            index, domain, body = rest
            kind = total if head == "sum" else prod
            if index[0] == "time":
                return kind(index_of(index), decoded(body), start=time_of(domain[1]), stop=time_of(domain[2]))
            return kind(index_of(index), decoded(body))
        case "mu":
            return mu(place_of(rest[0]))
        case "P":
            x, s, a = map(place_of, rest)
            return P(x | s, a)
        case "pi":
            return Policy(rest[0])(place_of(rest[1]) | place_of(rest[2]))
        case "r":
            return r(*map(place_of, rest))
        case "f":
            return function(rest[0])(*map(place_of, rest[1:]))
        case "R":
            return R(path_of(rest[0]))
        case "V":
            return StateValue(Policy(rest[0]), time_of(rest[1]), place_of(rest[2]))
    return OPERATORS[head](*map(decoded, rest))


def index_of(index: Tuple) -> Any:
    sort, name = index
    return SORTS[sort](name if isinstance(name, str) else f"{sort[0]}{name}")


def time_of(t: Tuple) -> Any:
    if t == INF:
        return forever
    _, number, parts = t
    result: Any = Integer(number)
    for base, c in parts:
        one = H if base == "H" else index_of(base)
        one = one if c == 1 else c * one
        result = one if result == 0 else result + one
    return result


def place_of(x: Tuple) -> Any:
    if len(x) == 3:
        return {"s": StateAt, "a": ActionAt, "h": HistoryAt}[x[0]](path_of(x[1]), time_of(x[2]))
    return index_of(x)


def path_of(p: Tuple) -> Any:
    if len(p) == 3:
        return Drawn(index_of(p[1]), p[2] if isinstance(p[2], int) else index_of(p[2]))
    return index_of(p)
