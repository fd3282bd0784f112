"""A mean, or a sum over all times, multiplied out into ``Summand``s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import count
from typing import NamedTuple

from sympy import Expr, Integer, Rational

from derive.errors import NotApplicable, OutsideFragment
from derive.language.binding import Binder, Index, substitute
from derive.language.dependence import depends_on_theta
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.terms import (
    ActionAt,
    Between,
    Discount,
    Expect,
    Forever,
    Grad,
    Prod,
    StateAt,
    Time,
    Total,
    Trajectory,
)
from derive.semantics.summands import Bound, Function, Growth, Moment, Run, Summand

MOST_SUMMANDS = 2_000
MOST_INSTANCES = 200
MOST_EXPONENT = 8

Linear = Mapping[Time | None, int]
"""Multiples of letters, and at None a number."""


class Scope(NamedTuple):
    """The trajectory at hand, and the sums around a subterm with their limits."""

    path: Trajectory | None
    sums: tuple[tuple[Time, Linear, Linear | None], ...]

    def within(self, letter: Time, first: Linear, last: Linear | None) -> Scope:
        """One sum deeper."""
        return Scope(self.path, (*self.sums, (letter, first, last)))

    def changes(self, term: Expr) -> bool:
        """Whether a term has the trajectory or the letter of a sum in it."""
        return bool(({self.path} | {letter for letter, _, _ in self.sums}) & term.free_symbols)


class TimeSums:
    """Means and sums as summands; ``times`` are the values of the free times."""

    def __init__(self, times: Mapping[Index, int]) -> None:
        self.times, self._fresh = times, count()

    def summands(self, term: Expr) -> list[Summand]:
        """A mean, or a sum over times, as a sum of summands.

        Raises:
            OutsideFragment: naming what is not of this form.
            NotApplicable: for a time or an exponent below 0.
        """
        return self._operator(term, Scope(None, ()))

    def _found(self, term: Expr, scope: Scope) -> list[Summand]:
        return self._operator(term, scope) if scope.changes(term) else [Summand(inside=(term,))]

    def _operator(self, term: Expr, scope: Scope) -> list[Summand]:
        match term:
            case Plus():
                return [one for argument in term.args for one in self._found(argument, scope)]
            case Times():
                return self._product(term.args, scope)
            case Power(args=(base, exponent)) if exponent != 0 or self._step(base, scope) is None:
                return self._power(term, base, exponent, scope)
            case Total(index=Time()):
                return self._total(term, scope)
            case Prod(index=Time()):
                return self._prod(term, scope)
            case Expect(index=Trajectory() as index, domain=law, body=body) if scope.path is None:
                inner = Scope(index, scope.sums)
                return [replace(one, law=str(law.args[0].label), path=index) for one in self._found(body, inner)]
            case Grad(args=(inside,)) if scope.path is None:
                return [_derived(one) for one in self._found(inside, scope)]
            case Ratio(args=(above, below)) if self._step(term, scope) is None:
                return self._quotient(above, below, scope)
            case Time() if _from_zero(term, scope):  # t = sum_{k=1..t} 1
                return self._total(Total(Time(f"{next(self._fresh)}'"), Between(1, term), 1), scope)
        if scope.path is None:
            raise OutsideFragment(f"{_in_words(term)} under a sum over all times, where it is no mean, no power of a "
                                  "number, and no product or sum of these")
        step = self._step(term, scope)
        if step is not None:
            return [Summand(functions=(Function(term, step),))]
        if isinstance(term, Grad):
            return self._inner_gradient(term.args[0], scope)
        raise OutsideFragment(f"{_in_words(term)}, which is no sum of functions of single steps")

    def _quotient(self, above: Expr, below: Expr, scope: Scope) -> list[Summand]:
        factors = below.args if isinstance(below, Times) else (below,)
        if any(scope.changes(factor) and self._step(factor, scope) is None for factor in factors):
            raise OutsideFragment(f"a quotient by {_in_words(below)}, which is no product of functions of single steps")
        return self._product((above, *(Ratio(1, factor) for factor in factors)), scope)

    def _product(self, factors: tuple[Expr, ...], scope: Scope) -> list[Summand]:
        result = [Summand()]
        parts = [self._found(factor, scope) for factor in factors]
        if not all(parts) and any(one.letters for part in parts for one in part):
            raise OutsideFragment("a product with 0 of something that may not converge")
        for part in parts:
            if len(result) * len(part) > MOST_SUMMANDS:
                raise OutsideFragment(f"a product of sums with more than {MOST_SUMMANDS} summands")
            result = [one.times(other) for one in result for other in part]
        return result

    def _power(self, term: Expr, base: Expr, exponent: Expr, scope: Scope) -> list[Summand]:
        powers = self.linear(exponent)
        if scope.changes(base):
            return self._product(self._copies(term, base, powers), scope)
        least = _least(powers, scope)
        if least is None or least < 0:
            raise OutsideFragment(f"{term}, whose exponent may be below 0")
        number, power = _scale(base)
        if number == 0:
            raise OutsideFragment(f"{term}, a power of 0")
        return [Summand(growths=tuple(Growth(letter, number**c, power * c) for letter, c in powers.items()))]

    def _copies(self, term: Expr, base: Expr, powers: Linear) -> tuple[Expr, ...]:
        copies = powers.get(None, 0)
        if any(letter is not None for letter in powers) or not 1 <= copies <= MOST_EXPONENT:
            raise OutsideFragment(f"{term}, a power of what changes with time")
        return (base,) * copies

    def _inner_gradient(self, inside: Expr, scope: Scope) -> list[Summand]:
        """The gradient of a sum is that of its summands; of a product at most one factor may move."""
        match inside:
            case Plus():
                return [one for argument in inside.args for one in self._found(Grad(argument), scope)]
            case Times():
                moving = [place for place, factor in enumerate(inside.args) if depends_on_theta(factor)]
                if len(moving) <= 1:
                    place = moving[0] if moving else 0
                    return self._product((*inside.args[:place], Grad(inside.args[place]),
                                          *inside.args[place + 1 :]), scope)
            case Total(index=Time()):
                inner = self._found(type(inside)(inside.index, inside.domain, Grad(inside.body)), scope)
                zero = Summand(inside=(Integer(0),))  # the sum itself has to converge too
                return [*inner, *(one.times(zero) for one in self._found(inside, scope))]
        raise OutsideFragment(f"the gradient of {inside} along a trajectory")

    # -- sums and products over times ----------------------------------------------------------------

    def _total(self, binder: Binder, scope: Scope) -> list[Summand]:
        instances = self._instances(binder)
        if instances is not None:
            return [one for body in instances for one in self._found(body, scope)]
        letter, first, last = self._opened(binder)
        body = binder.instantiated(letter)
        bounds = [Bound(letter, *_limit(first, binder))]
        if last is not None:
            other, number = _limit(last, binder)
            bounds.append(Bound(other, letter, -number))
        inner = scope.within(letter, first, last)
        return [replace(one, letters=(letter, *one.letters), bounds=(*bounds, *one.bounds))
                for one in self._found(body, inner)]

    def _prod(self, binder: Binder, scope: Scope) -> list[Summand]:
        instances = self._instances(binder)
        if instances is not None:
            return self._product(tuple(instances), scope)
        letter, first, last = self._opened(binder)
        body = binder.instantiated(letter)
        inner = scope.within(letter, first, last)
        step = self._step(body, inner)
        if last is None or step is None:
            raise OutsideFragment(f"{binder}, a product of other things than functions of single steps")
        if step.letter != letter:
            raise OutsideFragment(f"{binder}, a product whose factors are the same at every time")
        return [Summand(runs=(Run(letter, Function(body, step), _limit(first, binder), _limit(last, binder)),))]

    def _opened(self, binder: Binder) -> tuple[Time, Linear, Linear | None]:
        first, last = binder.domain.args
        letter = Time(f"{next(self._fresh)}'")
        return letter, self.linear(first), None if isinstance(last, Forever) else self.linear(last)

    def _instances(self, binder: Binder) -> Iterator[Expr] | list[Expr] | None:
        """The bodies, where the limits are a known number of steps apart."""
        first, last = binder.domain.args
        if isinstance(last, Forever):
            return None
        gap = dict(self.linear(last))
        for letter, number in self.linear(first).items():
            gap[letter] = gap.get(letter, 0) - number
        if any(number for letter, number in gap.items() if letter is not None):
            return None
        if gap.get(None, 0) >= MOST_INSTANCES:
            raise OutsideFragment(f"{binder}, with more than {MOST_INSTANCES} instances")
        return [binder.instantiated(Plus(first, n)) for n in range(gap.get(None, 0) + 1)]

    # -- times ------------------------------------------------------------------------------------------

    def linear(self, time: Expr) -> dict[Time | None, int]:
        """A time as multiples of letters and a number."""
        match time:
            case Integer():
                return {None: int(time)}
            case Time():
                return {None: self.times[time]} if time in self.times else {time: 1}
            case Plus() | Times():
                parts = [self.linear(argument) for argument in time.args]
                result: dict[Time | None, int] = {None: 0} if isinstance(time, Plus) else {None: 1}
                for part in parts:
                    result = _sum(result, part) if isinstance(time, Plus) else _times(result, part, time)
                return {letter: number for letter, number in result.items() if number or letter is None}
        raise OutsideFragment(f"{time} is no time of an infinite horizon")

    def _step(self, term: Expr, scope: Scope) -> Moment | None:
        """The step that a function is about: its action, the state before it and the state after it.

        None for what is no function of a single step.
        """
        if scope.path is None or not _is_local(term, scope):
            return None
        states, actions = set(), set()
        for node in _nodes(term, scope):
            match node:
                case StateAt(args=(path, time)) if path == scope.path:
                    states.add(_limit(self.linear(time), node))
                case ActionAt(args=(path, time)) if path == scope.path:
                    actions.add(_limit(self.linear(time), node))
                case _:
                    return None
        first = min(actions or states, key=lambda moment: moment.number)
        after = Moment(first.letter, first.number + 1)
        if actions - {first} or states - {first, after}:
            return None
        if first.letter is None and first.number < 0:
            raise NotApplicable(f"{term} asks for a time below 0")
        return first


def _derived(one: Summand) -> Summand:
    if one.outside:
        raise OutsideFragment("a gradient of a gradient that changes with time, times a number")
    return replace(one, derived=one.derived + 1)


def _nodes(term: Expr, scope: Scope) -> Iterator[Expr]:
    """The states, actions and letters of a term; not the insides of what does not change."""
    if not scope.changes(term):
        return
    if isinstance(term, (StateAt, ActionAt, Index)):
        yield term
        return
    for argument in term.args:
        yield from _nodes(argument, scope)


def _is_local(term: Expr, scope: Scope) -> bool:
    """Whether a term has no sum or product over times in it, nor a mean, that changes."""
    if not scope.changes(term):
        return True
    over_time = isinstance(term, (Total, Prod)) and isinstance(term.index, Time)
    if over_time or isinstance(term, Expect):
        return False
    if isinstance(term, Power) and not isinstance(term.args[1], Integer):
        return False
    return all(_is_local(argument, scope) for argument in term.args)


def _limit(time: Linear, where: Expr) -> Moment:
    letters = [letter for letter in time if letter is not None]
    if len(letters) > 1 or any(time[letter] != 1 for letter in letters):
        raise OutsideFragment(f"{where}, whose time is no letter plus a number")
    return Moment(letters[0] if letters else None, time.get(None, 0))


def _least(time: Linear, scope: Scope) -> int | None:
    """A bound from below: letters at an end of their range, the innermost first; None if that has no end."""
    for letter, first, last in reversed(scope.sums):
        multiple = time.get(letter, 0)
        limit = first if multiple > 0 else last
        if multiple and limit is None:
            return None
        if multiple and limit is not None:
            rest = {other: number for other, number in time.items() if other != letter}
            time = _sum(rest, {other: multiple * number for other, number in limit.items()})
    return time.get(None, 0)


def _from_zero(letter: Time, scope: Scope) -> bool:
    """Whether the letter of a sum is at least 0."""
    least = _least({letter: 1}, scope)
    return least is not None and least >= 0


def _in_words(term: Expr) -> str:
    """A term with the letters that sums were opened with as an author has them."""
    times = (one for one in term.free_symbols if isinstance(one, Time))
    opened = sorted((one for one in times if str(one.label).endswith("'")), key=str)
    taken = {str(one) for one in term.free_symbols}
    plain = (Time(name) for name in "tkjlnuvw" if name not in taken)
    return str(substitute(term, dict(zip(opened, plain, strict=False))))


def _sum(one: Linear, two: Linear) -> dict[Time | None, int]:
    return {letter: one.get(letter, 0) + two.get(letter, 0) for letter in {**one, **two}}


def _times(one: Linear, two: Linear, where: Expr) -> dict[Time | None, int]:
    if set(one) == {None}:
        return {letter: one[None] * number for letter, number in two.items()}
    if set(two) == {None}:
        return {letter: two[None] * number for letter, number in one.items()}
    raise OutsideFragment(f"the time {where}")


def _scale(base: Expr) -> tuple[Fraction, int]:
    """A number times a power of gamma."""
    match base:
        case Discount():
            return Fraction(1), 1
        case Rational():
            return Fraction(int(base.p), int(base.q)), 0
        case Times():
            number, power = Fraction(1), 0
            for factor in base.args:
                n, g = _scale(factor)
                number, power = number * n, power + g
            return number, power
        case Ratio(args=(Rational() as above, Rational() as below)) if below != 0:
            return Fraction(int(above.p), int(above.q)) / Fraction(int(below.p), int(below.q)), 0
        case Power(args=(inside, Integer() as exponent)) if exponent > 0:
            number, power = _scale(inside)
            return number ** int(exponent), power * int(exponent)
    raise OutsideFragment(f"powers of {base} that grow with time")
