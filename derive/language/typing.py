"""Sorts, and what makes a step well-formed, from the structure alone.

``admit`` is the door that every term of a chain passes; ``check`` is the type checker.
Whatever has no meaning is ``MalformedTerm``, naming the operand; no number is involved.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from sympy import Expr, Integer, Rational
from sympy.core.symbol import Symbol

from derive.errors import MalformedTerm, NotATerm
from derive.language.binding import Binder, Index, loose_indices
from derive.language.definitions import definition_of, inside
from derive.language.expression import DEEPEST as DEEPEST
from derive.language.expression import Plus, Power, Ratio, Term, Times, extent, has, refuse_too_large, subterms
from derive.language.horizons import check_horizons
from derive.language.notation import arguments_of
from derive.language.ranks import rank
from derive.language.terms import (
    MOMENT,
    NODES,
    SCALAR,
    ActionAt,
    ActionProbability,
    Applied,
    Between,
    Defined,
    Drawn,
    Everything,
    Expect,
    Forever,
    Function,
    Grad,
    HistoryAt,
    Horizon,
    Initial,
    Law,
    Log,
    Notion,
    Outer,
    Policy,
    Prod,
    Reward,
    Same,
    SampleSize,
    StateAt,
    StateValue,
    Total,
    Trace,
    Transition,
    Var,
)
from derive.language.terms import TIME as TIME


def admit(term: Expr) -> Expr:
    """The term itself, if it is a finished term of this language.

    Raises:
        NotATerm: for foreign symbols and nodes, SymPy sums, floats, loose bound indices, or more
            than ``DEEPEST`` nested operators or ``MOST_PARTS`` parts.
    """
    refuse_too_large(term)
    refuse_foreign(term)
    if loose := loose_indices(term):
        names = ", ".join(sorted(index._sympyrepr(None) for index in loose))
        raise NotATerm(f"{names} occurs outside its binder. Bind it with total, prod or expect.")
    return term


def refuse_foreign(*terms: Expr) -> None:
    """What is not of this language has no meaning; above all it is no constant.

    Raises:
        NotATerm: for a foreign symbol, a SymPy expression, or a node class that is not in ``NODES``, be it
            in the term or in what its definitions say.
    """
    for term in terms:
        if all(kind in NODES or issubclass(kind, Rational) for kind in extent(term).kinds) and not has(term, Defined):
            continue
        said = (part for node in subterms(term) if isinstance(node, Defined) for part in inside(node))
        for node in chain(subterms(term), said):
            if type(node) in NODES or isinstance(node, Rational):
                continue
            if isinstance(node, Symbol):
                raise NotATerm(f"{node} is a foreign SymPy symbol. Build terms from the names that `derive` exports.")
            if not isinstance(node, Term):
                raise NotATerm(f"{node} (a SymPy {type(node).__name__}) is not a term of this language.")
            raise NotATerm(f"{type(node).__name__} is not of this language. "
                           "Build terms from the names that `derive` exports.")

_AVERAGED = {"action": " Given a state it has one: expect(a, ..., given=s).", "draw": " Write mean(i, ...).",
             "time": " A mean over times is total(t, ...) / (H + 1)."}


def sort_of(term: Expr) -> str:
    """state, action, time, time or forever, trajectory, draw, batch, policy, function, domain, or scalar.

    Times are integers, so a time may stand where a scalar is expected.
    """
    match term:
        case Index():
            return term.sort
        case HistoryAt():
            return "history"
        case StateAt():
            return "state"
        case ActionAt():
            return "action"
        case Drawn():
            return "trajectory"
        case Horizon() | Integer():
            return TIME
        case Policy():
            return "policy"
        case Function():
            return "function"
        case Notion():
            return "notion"
        case Between() | Law():
            return "domain"
        case Plus() | Times():
            return TIME if all(sort_of(argument) == TIME for argument in term.args) else SCALAR
        case Everything():
            return "domain"
        case Forever():
            return MOMENT
    return SCALAR


def sort_in_a_model(place: Expr) -> str:
    """The sort of an argument of a free function in a concrete model, where a history is its last state."""
    return "state" if isinstance(place, HistoryAt) else sort_of(place)


_SIGNATURES: tuple[tuple[type[Expr], tuple[str, ...]], ...] = (
    (StateAt, ("trajectory", TIME)),
    (ActionAt, ("trajectory", TIME)),
    (Drawn, ("batch", "draw")),
    (Initial, ("state",)),
    (Transition, ("state", "state", "action")),
    (ActionProbability, ("policy", "action", "state")),
    (Reward, ("state", "action", "state")),
    (StateValue, ("policy", MOMENT, "state")),
    (Between, (TIME, MOMENT)),
    (Law, ("policy",)),
    (Grad, (SCALAR,)),
    (Log, (SCALAR,)),
    (Outer, (SCALAR, SCALAR)),
    (Trace, (SCALAR,)),
    (Ratio, (SCALAR, SCALAR)),
    (Power, (SCALAR, TIME)),
)


def _fits(sort: str, expected: str, argument: Expr) -> bool:
    if expected == "draw" and isinstance(argument, Integer):
        return True
    if sort == TIME and expected in (SCALAR, MOMENT):
        return True
    return sort == expected or (expected in (TIME, MOMENT) and isinstance(argument, SampleSize))


def _check_sorts(term: Expr) -> None:
    for kind, expected in _SIGNATURES:
        if isinstance(term, kind):
            _expect_sorts(term.args, expected, term)
    record = definition_of(term)
    if record is not None and not isinstance(term, Binder):
        _expect_sorts(arguments_of(term), record.sorts, term)
    match term:
        case Plus() | Times():
            for argument in term.args:
                _expect_sort(argument, SCALAR, term)
        case Same(args=(one, two)):
            if sort_of(one) not in ("state", "action"):
                left_out = " A sum over other samples is total(j, ..., other_than=i)." if sort_of(one) == "draw" else ""
                raise MalformedTerm(
                    f"{one} is {with_article(sort_of(one))}; {term} compares states, or actions.{left_out}", one,
                    term)
            _expect_sort(two, sort_of(one), term)
        case Applied():
            _expect_sort(term.args[0], "function", term)
            for argument in term.args[1:]:
                if sort_of(argument) not in ("state", "action", "history"):
                    of_time = (f" What depends on the time is a function of the history: {term.args[0]}(tau.h[t])."
                               if sort_of(argument) == TIME else "")
                    raise MalformedTerm(f"{argument} is {with_article(sort_of(argument))}; {term} takes states, "
                                        f"actions and histories.{of_time}", argument, term)
        case Power(args=(_, Integer() as exponent)) if exponent < 0:
            raise MalformedTerm(f"{term} hides a division; write it as a ratio, which owes its denominator.", term)
        case Expect() | Var():
            _expect_sort(term.body, SCALAR, term)
            if term.index.sort not in ("trajectory", "batch") or not isinstance(term.domain, Law):
                raise MalformedTerm(
                    f"{with_article(term.index.sort)} has no law by itself to average over."
                    f"{_AVERAGED.get(term.index.sort, '')}", term)
        case Total() | Prod():
            _expect_sort(term.body, SCALAR, term)
            _check_range(term)


def with_article(sort: str) -> str:
    """``an action``, ``a state``."""
    return f"an {sort}" if sort[0] in "aeiou" else f"a {sort}"


def _expect_sorts(arguments: tuple[Expr, ...], expected: tuple[str, ...], parent: Expr) -> None:
    for number, (argument, sort) in enumerate(zip(arguments, expected, strict=True)):
        _expect_sort(argument, sort, parent, nth=arguments[:number].count(argument))


def _expect_sort(argument: Expr, expected: str, parent: Expr, *, nth: int = 0) -> None:
    sort = sort_of(argument)
    if not _fits(sort, expected, argument):
        if isinstance(parent, Power) and expected == TIME:
            raise MalformedTerm(f"{parent}: an exponent is a whole number or a time; roots are not in the language.",
                                argument, parent)
        instead = _INSTEAD.get(sort, "").format(argument) if expected == SCALAR else ""
        raise MalformedTerm(f"{argument} is {with_article(sort)}; {parent} needs {with_article(expected)} there."
                            f"{instead}", argument, parent, nth=nth)


_INSTEAD = {
    "function": ' Write it of a state, {0}(s) or {0}(tau.s[t]); a number is {0} = scalar("{0}").',
    **dict.fromkeys(("state", "action"), ' A number is b = scalar("b"), a function such as a baseline '
                                         'b = function("b"), written b(tau.s[t]).'),
    "policy": " A probability is pi(a | s).",
    "trajectory": " Write R(tau) for its return, P(tau) for its probability.",
    "batch": " Of a sample, write R(samples[i]).",
}
"""What may have been meant by what is no number where one belongs."""


def _check_range(term: Expr) -> None:
    needs_limits = term.index.sort in ("time", "draw")
    if term.index.sort == "batch":
        raise MalformedTerm("A random sample is averaged over with expect, not summed over.", term)
    if not isinstance(term.domain, Between if needs_limits else Everything):
        raise MalformedTerm(f"A sum over {with_article(term.index.sort)} cannot have the range {term.domain!r}.", term)


def check(term: Expr) -> Expr:
    """The term itself, if every operand has the sort and the rank that its place needs.

    Raises:
        MalformedTerm: otherwise, with the operand.
        NotATerm: for a part that is not of this language.
    """
    refuse_foreign(term)
    for node in subterms(term):
        _check_sorts(node)
    if sort_of(term) not in (SCALAR, TIME):
        raise MalformedTerm(f"{term} is {with_article(sort_of(term))}; a step equates scalars or gradients.", term)
    rank(term)
    return term


def check_equation(before: Expr, after: Expr, *, endless: bool = False) -> None:
    """Both sides well-formed, of one rank (the literal 0 has every rank) and of one horizon.

    ``endless`` says that the derivation they stand in speaks of an infinite horizon.

    Raises:
        MalformedTerm: otherwise.
    """
    check(before)
    check(after)
    check_functions([before, after])
    check_horizons([before, after], endless=endless)
    if before != 0 and after != 0 and rank(before) != rank(after):
        names = {0: "a scalar", 1: "a gradient", 2: "a matrix"}
        raise MalformedTerm(
            f"{before} is {names[rank(before)]}, {after} is {names[rank(after)]}; they cannot be equal.", after)


def check_functions(terms: Iterable[Expr]) -> None:
    """Every function name has one list of argument sorts.

    Raises:
        MalformedTerm: otherwise.
    """
    known: dict[str, tuple[tuple[str, ...], Expr]] = {}
    for term in terms:
        for node in inside(term) if has(term, Applied, Defined) else ():
            if isinstance(node, Applied):
                name, sorts = str(node.args[0].label), tuple(sort_of(argument) for argument in node.args[1:])
                earlier = known.setdefault(name, (sorts, node))
                if earlier[0] != sorts:
                    raise MalformedTerm(f"{earlier[1]} and {node} give one function two kinds of arguments.", node)
