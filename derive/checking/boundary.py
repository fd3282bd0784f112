"""What a term asks for beyond the ends of a trajectory, in the words of a textbook.

A step that has no value at any horizon is undecided to the kernel, which finds no shape to look at. The reason is
nearly always a time that does not exist: s_{H+2}, a_{H+1}, s_{-1}. It is found by listing the values that the
times of all sums take at a few horizons; what is out of range at each of them never exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from sympy import Expr, Integer

from derive.errors import MalformedTerm
from derive.language.assumptions import CASE, Assumption
from derive.language.binding import Binder, Index
from derive.language.definitions import meaning_of
from derive.language.expression import Plus, Power, Ratio, Times, subterms
from derive.language.horizons import VALUES
from derive.language.terms import (
    ActionAt,
    Between,
    Defined,
    Discount,
    Drawn,
    Horizon,
    Prod,
    StateAt,
    Time,
    Total,
)

HORIZONS = 3
"""At so many horizons in a row, beyond the largest literal time, a place must be missing."""
MOST_VISITS = 20_000


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of a term that never has a value, and why."""

    where: Expr
    why: str


@dataclass(frozen=True, slots=True)
class _Visit:
    node: Expr
    """What asks: a place, a power of γ, a quotient by a time, or the author's term that stands for what has one."""
    place: Expr
    value: int
    """The time asked for, the exponent of γ, or the denominator, which is 0."""


def missing(*sides: Expr) -> Missing | None:
    """The first place that does not exist at any large horizon, whatever the free letters are; or sample."""
    for node in (one for side in sides for one in subterms(side)):
        if isinstance(node, Drawn) and isinstance(node.args[1], Integer) and int(node.args[1]) < 1:
            return Missing(node, f"{node} does not exist: samples are numbered from 1")
    literal = max((abs(int(node)) for side in sides for node in subterms(side) if isinstance(node, Integer)), default=0)
    if literal > 20:
        return None
    first = literal + 2
    seen = [{(visit.node, _from_end(visit, H)): visit for side in sides for visit in _outside(side, {}, H, [0])}
            for H in range(first, first + HORIZONS)]
    for key, visit in seen[0].items():
        if all(key in others for others in seen[1:]):
            return Missing(visit.node, _why(visit, first))
    return None


def at_its_ends(assumptions: Iterable[Assumption], *sides: Expr) -> str:
    """Which free time asks at 0 or at H for what does not exist, though nothing is said of it; empty if none does."""
    literal = max((abs(int(node)) for side in sides for node in subterms(side) if isinstance(node, Integer)), default=0)
    said = {one for case in assumptions if case.kind == CASE for time in case.about for one in time.free_symbols}
    letters = {one for side in sides for one in side.free_symbols if isinstance(one, Time)} - said
    if literal > 20:
        return ""
    horizon = literal + 2
    for letter in sorted(letters, key=str):
        for end, value in (("H", horizon), ("0", 0)):
            for visit in (one for side in sides for one in _outside(side, {letter: value}, horizon, [0])):
                if isinstance(visit.place, (Power, Ratio)):
                    continue
                beyond = visit.value - horizon - (_last(visit.place) or 0)
                case = f"at_most({letter}, H - {beyond})" if visit.value > 0 else f"at_most({-visit.value}, {letter})"
                return f"{_why(visit, horizon)}; it is asked for at {letter} = {end}. assumes=[{case}] leaves that out"
    return ""


def _from_end(visit: _Visit, horizon: int) -> tuple[str, int]:
    """The time counted from the end that it lies beyond, so that it is the same at every horizon."""
    if isinstance(visit.place, Ratio):
        return ("zero", 0)
    return ("before", visit.value) if visit.value < 0 else ("after", visit.value - horizon)


def _outside(term: Expr, times: Mapping[Index, int], horizon: int, visits: list[int]) -> Iterator[_Visit]:
    """Every place in a term that is asked for and does not exist, for all values of the times that sums bind."""
    visits[0] += 1
    if visits[0] > MOST_VISITS:
        return
    if isinstance(term, (Total, Prod)) and isinstance(term.index, Time):
        if not isinstance(term.domain, Between):
            return
        ends = [_value(end, times, horizon) for end in term.domain.args]
        if ends[0] is None or ends[1] is None:
            return
        for time in range(ends[0], ends[1] + 1):
            yield from _outside(term.body, {**times, term.index: time}, horizon, visits)
        return
    last = _last(term)
    if last is not None:
        asked = _value(term.args[1], times, horizon)
        if asked is not None and not 0 <= asked <= horizon + last:
            yield _Visit(term, term, asked)
    if isinstance(term, Ratio) and _value(term.args[1], times, horizon) == 0:
        yield _Visit(term, term, 0)
    if isinstance(term, Defined):
        with suppress(MalformedTerm):
            meaning = meaning_of(term, additive=True, infinite=False)
            if meaning is not None:
                yield from (replace(visit, node=term) for visit in _outside(meaning, times, horizon, visits))
    parts = (term.args[2],) if isinstance(term, Binder) else term.args
    for part in parts:
        yield from _outside(part, times, horizon, visits)


def _last(term: Expr) -> int | None:
    """The last time of this kind is H plus this; None for what is at no time."""
    if isinstance(term, (StateAt, *VALUES)):
        return 0 if type(term).__name__ in ("ActionValue", "Advantage") else 1
    if isinstance(term, ActionAt):
        return 0
    return 10**9 if isinstance(term, Power) and isinstance(term.args[0], Discount) else None


def _value(time: Expr, times: Mapping[Index, int], horizon: int) -> int | None:
    """The number that a time is; None if a free letter, or what is no time, is in it."""
    match time:
        case Integer():
            return int(time)
        case Horizon():
            return horizon
        case Index():
            return times.get(time)
        case Plus() | Times():
            parts = [_value(part, times, horizon) for part in time.args]
            known = [part for part in parts if part is not None]
            if len(known) != len(parts):
                return None
            found = 0 if isinstance(time, Plus) else 1
            for part in known:
                found = found + part if isinstance(time, Plus) else found * part
            return found
    return None


def _why(visit: _Visit, horizon: int) -> str:
    if isinstance(visit.place, Ratio) and visit.place.args[1] == 0:
        return f"{visit.place} divides by 0, and has no value"
    if isinstance(visit.place, Ratio):
        return f"{visit.place} is asked for where its denominator is 0"
    beyond = visit.value - horizon
    time = f"{visit.value}" if visit.value < 0 else f"H+{beyond}"
    if isinstance(visit.place, Power):
        return f"γ^{visit.value} is asked for, and γ may be 0: the exponent of γ begins with 0"
    letter = {"StateAt": "s", "HistoryAt": "h", "ActionAt": "a", "StateValue": "V", "ActionValue": "Q",
              "Advantage": "A"}[type(visit.place).__name__]
    says = f"{letter}_{{{time}}} does not exist"
    if visit.value < 0:
        return f"{says}: times begin with 0"
    ends = {"s": "a trajectory ends with s_{H+1}", "h": "the last history is h_{H+1}", "a": "the last decision is a_H",
            "V": "the last value is V_{H+1}, which is 0"}
    return f"{says}: {ends.get(letter, f'the last one is {letter}_H')}"
