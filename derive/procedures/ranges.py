"""Constraints on free times, and discounts, as automata that read only marks."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sympy import Expr, Integer

from derive.errors import OutsideFragment
from derive.language.expression import Plus
from derive.language.terms import (
    ActionAt,
    ActionValue,
    Advantage,
    Forever,
    Horizon,
    Prod,
    StateAt,
    StateValue,
    Time,
    Total,
)
from derive.procedures.automata import ONE, UNIT, Automaton, Monomial, Weight, along, simple, times, total
from derive.procedures.obligations import linear

MOST_STEPS = 12
"""Literal times and offsets up to this are turned into states."""

EVERYWHERE = along(UNIT)
"""The number 1 on every trajectory."""

Arrow = tuple[int, int, tuple[Any, ...], Monomial, Weight]
"""(from, to, marks, letter, weight)."""

Linear = Mapping[Any, int]
"""A time as {index or H: coefficient, None: number}, zeros left out."""


def between(time: Any, first: Linear, last: Linear) -> Automaton:
    """first <= time <= last, for a range that never leaves 0..H.

    Raises:
        OutsideFragment: for limits other than numbers, H - number, and another time plus or
            minus a number on the side where it makes the range smaller; for a range that
            may leave 0..H at a small H (see ``listed``).
    """
    return times(_at_least(time, first), _at_most(time, last))


def listed(first: Linear, last: Linear) -> list[tuple[Expr, Automaton]] | None:
    """The values of a range with a literal end, or a start before H, each with when it counts; else None.

    At a small H such a range leaves 0..H: 0..2 holds t = 2 also at H = 1, where the summand
    may still be something, b(s_2) or just 1. A mark on a step cannot say that.

    Raises:
        OutsideFragment: for H..2 and the like.
    """
    (base, number), (stop, final) = parts(first), parts(last)
    if stop is None:
        if isinstance(base, Horizon) or number < 0:
            raise OutsideFragment("a range up to a number that starts neither at a number nor at another time")
        return [(Integer(j), EVERYWHERE if base is None else until(base, j - number)) for j in range(number, final + 1)]
    if isinstance(base, Horizon) and number < 0:
        if not isinstance(stop, Horizon) or final > 0:
            raise OutsideFragment("a range that starts before H and does not end there")
        return [(Plus(base, -j) if j else base, EVERYWHERE) for j in range(-final, 1 - number)]
    return None


def parts(limit: Linear) -> tuple[Any, int]:
    """(the index or H or None, the number) of a limit with at most one index."""
    others = [key for key in limit if key is not None]
    number = limit.get(None, 0)
    if len(others) > 1 or any(limit[key] != 1 for key in others) or abs(number) > MOST_STEPS:
        raise OutsideFragment("a limit that is not a number, or one time plus a small number")
    return (others[0] if others else None), number


def _at_least(time: Any, first: Linear) -> Automaton:
    base, number = parts(first)
    if base is None:
        if number < 0:
            raise OutsideFragment("a range that starts before 0")
        return from_the_start(time, number)
    if isinstance(base, Horizon):
        if number < 0:
            raise OutsideFragment("a range that may start before 0")
        return last_step(time) if number == 0 else nowhere(time)
    return after(time, base, number)


def _at_most(time: Any, last: Linear) -> Automaton:
    base, number = parts(last)
    if base is None:
        raise OutsideFragment("a range that may reach beyond H")
    if isinstance(base, Forever):
        return anywhere(time)
    if isinstance(base, Horizon):
        if number > 0:
            raise OutsideFragment("a range that reaches beyond H")
        return before_the_end(time, -number)
    return after(base, time, -number)


def first_horizon(*terms: Expr) -> int:
    """The least H at which the literal times that the terms ask for exist, those inside sums over time left out.

    s_3 asks for H >= 2, a_(H-1) for H >= 1; below, the terms say nothing.
    """
    return max((_first_horizon(term) for term in terms), default=0)


def _first_horizon(term: Expr) -> int:
    own = 0
    match term:
        case Total(index=Time()) | Prod(index=Time()):
            return 0  # an empty sum asks for nothing
        case StateAt(args=(_, time)):
            own = _needed(time, beyond=1)
        case ActionAt(args=(_, time)):
            own = _needed(time)
        case StateValue(args=(_, time, _)):
            own = _needed(time, beyond=1)
        case ActionValue(args=(_, time, *_)) | Advantage(args=(_, time, *_)):
            own = _needed(time)
    return max([own, *(_first_horizon(argument) for argument in term.args)])


def _needed(time: Expr, beyond: int = 0) -> int:
    """The least H with 0 <= time <= H + beyond, for a time without free times; else 0."""
    found = linear(time) or {}
    if any(isinstance(key, Time) for key in found):
        return 0
    number = found.get(None, 0)
    return max(0, -number if found.get(Horizon()) == 1 else number - beyond)


def at_literal(letter: Monomial, number: int) -> Automaton:
    """A letter at the step ``number``; 0 where there is no such step."""
    arrows: list[Arrow] = [(k, k + 1, (), letter if k == number else UNIT, ONE) for k in range(number + 1)]
    return simple([*arrows, (number + 1, number + 1, (), UNIT, ONE)], size=number + 2, accept=[number + 1])


def before_the_last(letter: Monomial, steps: int) -> Automaton:
    """A letter at the step H - ``steps``; 0 where there is no such step."""
    arrows: list[Arrow] = [(k, k + 1, (), UNIT, ONE) for k in range(1, steps + 1)]
    return simple([(0, 0, (), UNIT, ONE), (0, 1, (), letter, ONE), *arrows], size=steps + 2, accept=[steps + 1])


def anywhere(time: Any) -> Automaton:
    """Any step."""
    return simple([(0, 0, (), UNIT, ONE), (0, 1, (time,), UNIT, ONE), (1, 1, (), UNIT, ONE)],
                  size=2, accept=[1], marks=[time])


def nowhere(time: Any) -> Automaton:
    """No step: an empty range."""
    return simple([(0, 0, (), UNIT, ONE)], size=1, accept=[], marks=[time])


def from_the_start(time: Any, first: int) -> Automaton:
    """time >= first."""
    done = first + 1
    arrows: list[Arrow] = [(k, min(k + 1, first), (), UNIT, ONE) for k in range(first + 1)]
    arrows += [(first, done, (time,), UNIT, ONE), (done, done, (), UNIT, ONE)]
    return simple(arrows, size=done + 1, accept=[done], marks=[time])


def until(time: Any, last: int) -> Automaton:
    """time <= last."""
    done = last + 1
    arrows: list[Arrow] = [(k, k + 1, (), UNIT, ONE) for k in range(last)]
    arrows += [(k, done, (time,), UNIT, ONE) for k in range(last + 1)] + [(done, done, (), UNIT, ONE)]
    return simple(arrows, size=done + 1, accept=[done], marks=[time])


def before_the_end(time: Any, steps: int) -> Automaton:
    """time <= H - steps."""
    arrows: list[Arrow] = [(0, 0, (), UNIT, ONE), (0, 1, (time,), UNIT, ONE)]
    arrows += [(1 + k, 1 + min(k + 1, steps), (), UNIT, ONE) for k in range(steps + 1)]
    return simple(arrows, size=steps + 2, accept=[1 + steps], marks=[time])


def last_step(time: Any) -> Automaton:
    """time = H."""
    return simple([(0, 0, (), UNIT, ONE), (0, 1, (time,), UNIT, ONE)], size=2, accept=[1], marks=[time])


def after(late: Any, early: Any, steps: int) -> Automaton:
    """late >= early + steps.

    Raises:
        OutsideFragment: for steps < 0, where the order of the two times is open.
    """
    if steps < 0:
        raise OutsideFragment("a range that reaches beyond the other time")
    wait = max(steps, 1)
    done = wait + 1
    arrows: list[Arrow] = [(0, 0, (), UNIT, ONE), (0, 1, (early,), UNIT, ONE), (done, done, (), UNIT, ONE)]
    arrows += [(k, k + 1, (), UNIT, ONE) for k in range(1, wait)]
    arrows += [(wait, wait, (), UNIT, ONE), (wait, done, (late,), UNIT, ONE)]
    if steps == 0:
        arrows.append((0, done, (early, late), UNIT, ONE))
    return simple(arrows, size=done + 1, accept=[done], marks=[late, early])


def discount(exponent: Linear) -> Automaton:
    """gamma to a linear time: each free time t with coefficient c weighs gamma^c on every step before t."""
    result = simple([(0, 0, (), UNIT, ONE)], size=1, accept=[0])
    for key, coefficient in sorted(exponent.items(), key=lambda item: str(item[0])):
        if key is None:
            result = times(result, _first_step(_gamma(coefficient)))
        elif isinstance(key, Horizon):
            result = times(result, _later_steps(_gamma(coefficient)))
        else:
            result = times(result, simple(
                [(0, 0, (), UNIT, _gamma(coefficient)), (0, 1, (key,), UNIT, ONE), (1, 1, (), UNIT, ONE)],
                size=2, accept=[1], marks=[key]))
    return result


def _gamma(exponent: int) -> Weight:
    return {(exponent, 0): Fraction(1)}


def _first_step(weight: Weight) -> Automaton:
    return simple([(0, 1, (), UNIT, weight), (1, 1, (), UNIT, ONE)], size=2, accept=[1])


def _later_steps(weight: Weight) -> Automaton:
    return simple([(0, 1, (), UNIT, ONE), (1, 1, (), UNIT, weight)], size=2, accept=[1])


def balanced(one: Automaton) -> Automaton:
    """The automaton with no weight with a negative power of gamma; times a power of gamma.

    gamma^(k - t) is made of a factor gamma on each step before k and 1 / gamma on each
    before t. Here every state q stands for its value times gamma^h(q), h(q) the least
    power on a way to q, so all powers on arrows become differences that are at least 0.

    Raises:
        OutsideFragment: if gamma^-1 comes in on a loop: then there is no least power.
    """
    least: dict[int, int] = {}
    for q, weight in ((q, weight) for row in one.starts.values() for q, weight in row.items()):
        least[q] = min(least.get(q, 0), *(g for g, _ in weight)) if q in least else min(g for g, _ in weight)
    drops: dict[tuple[int, int], int] = {}
    for arrows in one.letters.values():
        for place, weight in arrows.items():
            lowest = min(g for g, _ in weight)
            drops[place] = min(drops.get(place, lowest), lowest)
    for _ in range(one.size + 1):
        before = dict(least)
        for (p, q), drop in drops.items():
            if p in least:
                least[q] = min(least.get(q, least[p] + drop), least[p] + drop)
        if least == before:
            break
    else:
        raise OutsideFragment("a weight with a negative power of the discount")
    ends = [least[q] + g for column in one.ends.values() for q, w in column.items() if q in least for g, _ in w]
    down = min(ends, default=0)

    def raised(weight: Weight, power: int) -> Weight:
        return {(g + power, m): value for (g, m), value in weight.items()}

    return Automaton(
        one.size, {e: {q: raised(w, -least[q]) for q, w in row.items()} for e, row in one.starts.items()},
        {letter: {(p, q): raised(w, least[p] - least[q]) for (p, q), w in arrows.items() if p in least}
         for letter, arrows in one.letters.items()},
        {c: {q: raised(w, least[q] - min(down, 0)) for q, w in column.items() if q in least}
         for c, column in one.ends.items()})


def product_over(letter: Any, first: Linear, last: Linear) -> Automaton:
    """The product of a letter over 0..last: to H - number, to another time, or just before it.

    Raises:
        OutsideFragment: for other ranges.
    """
    base, number = parts(last)
    if dict(first):
        raise OutsideFragment("a product that does not start at 0")
    if letter == UNIT or (base is None and number < 0):
        return EVERYWHERE
    if isinstance(base, Horizon) and number <= 0:
        arrows: list[Arrow] = [(k, k + 1, (), UNIT, ONE) for k in range(-number)]
        full = simple([(0, 0, (), letter, ONE), *arrows], size=1 - number, accept=[-number])
        return total([full, simple(arrows, size=1 - number, accept=range(-number))]) if number else full
    if base is None or isinstance(base, Horizon) or number not in (0, -1):
        raise OutsideFragment("a product over times that ends neither at H nor at another time")
    at = letter if number == 0 else UNIT
    return simple([(0, 0, (), letter, ONE), (0, 1, (base,), at, ONE), (1, 1, (), UNIT, ONE)],
                  size=2, accept=[1], marks=[base])
