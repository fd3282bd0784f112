"""What one slip of the pen makes of a term: one function a node, and the walk over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sympy import Expr, Integer, Rational

from derive.errors import MalformedTerm
from derive.language.binding import Binder, Index, rewrite_bottom_up
from derive.language.expression import Plus, Power, Ratio, Times, subterms
from derive.language.terms import (
    ActionAt,
    ActionProbability,
    Between,
    Discount,
    Draw,
    Drawn,
    Everything,
    Expect,
    Grad,
    Law,
    Log,
    Prod,
    Reward,
    SampleSize,
    StateAt,
    Total,
    Trajectory,
    TrajectoryProbability,
    Transition,
    Var,
)
from derive.language.typing import check
from derive.language.vocabulary import pi

Slip = tuple[Expr, str]
"""What a node becomes, and the slip in words."""


def term_mutants(term: Expr) -> Iterator[Slip]:
    """Every well-typed term that one slip makes of ``term``, each once, with the slip in words.

    Terms that cannot be typed (the square of a gradient) are left out; terms of another
    rank (a gradient forgotten) are kept, and make the step malformed.
    """
    seen = {term}
    for mutated, says in (*_whole(term), *_everywhere(term)):
        if mutated in seen:
            continue
        seen.add(mutated)
        try:
            yield check(mutated), says
        except MalformedTerm:
            continue


def _whole(term: Expr) -> Iterator[Slip]:
    yield Times(2, term), "factor 2 brought in"
    yield Times(-1, term), "sign flipped"


# -- the walk ---------------------------------------------------------------------------------------


def _everywhere(term: Expr) -> Iterator[Slip]:
    """Slips at this node, then below it, left to right."""
    for kind, slips in _SLIPS:
        if isinstance(term, kind):
            for mutated, says in slips(term):
                yield mutated, f"{says} in {term}"
    if isinstance(term, Binder):
        index, body = _opened(term)
        for mutated, says in _everywhere(body):
            yield term.func(index, term.domain, mutated), says
        return
    for place in _places(term):
        for mutated, says in _everywhere(term.args[place]):
            yield term.func(*term.args[:place], mutated, *term.args[place + 1 :]), says


def _places(term: Expr) -> range:
    """The arguments to look into: not times, exponents or numbers of draws, which slip with their node."""
    if isinstance(term, (Between, Drawn)):
        return range(0)
    return range(1) if isinstance(term, (StateAt, ActionAt, Power)) else range(len(term.args))


_LETTERS = {"state": "x", "action": "b", "time": "t", "draw": "i", "trajectory": "tau", "batch": "tau"}


def _opened(binder: Binder) -> tuple[Index, Expr]:
    taken = {str(node.label) for node in subterms(binder.body) if isinstance(node, Index)}
    name = _LETTERS[binder.index.sort]
    while name in taken:
        name += "'"
    return binder.opened(name)


# -- the slips, one function a node -------------------------------------------------------------------


def _one_of(parts: tuple[Expr, ...], rebuild: type[Expr]) -> Expr:
    return parts[0] if len(parts) == 1 else rebuild(*parts)


def _in_a_sum(term: Plus) -> Iterator[Slip]:
    for place, part in enumerate(term.args):
        others = (*term.args[:place], *term.args[place + 1 :])
        if others:
            yield _one_of(others, Plus), f"summand {place + 1} dropped"
        flipped = (*term.args[:place], Times(-1, part), *term.args[place + 1 :])
        yield Plus(*flipped), f"sign of summand {place + 1} flipped"


def _in_a_product(term: Times) -> Iterator[Slip]:
    for place, factor in enumerate(term.args):
        others = (*term.args[:place], *term.args[place + 1 :])
        if others:
            yield _one_of(others, Times), f"factor {place + 1} dropped"
        yield Times(*term.args, factor), f"factor {place + 1} doubled"
        yield Times(*term.args[:place], _first_sample(factor), *term.args[place + 1 :]), (
            f"first sample taken for every sample, factor {place + 1},")
        if isinstance(factor, Grad):
            for other in range(len(term.args)):
                yield from _gradient_moved(term, place, other)


def _first_sample(factor: Expr) -> Expr:
    """tau^(1) for every tau^(i) of a free number i, throughout."""
    numbers = [index for index in factor.free_symbols if isinstance(index, Draw)]
    return rewrite_bottom_up(factor, lambda node: Drawn(node.args[0], 1)
                             if isinstance(node, Drawn) and node.args[1] in numbers else node)


def _gradient_moved(term: Times, source: int, target: int) -> Iterator[Slip]:
    if source != target:
        factors = list(term.args)
        factors[source], factors[target] = factors[source].args[0], Grad(factors[target])
        yield Times(*factors), f"gradient moved from factor {source + 1} to factor {target + 1}"


def _in_a_ratio(term: Ratio) -> Iterator[Slip]:
    above, below = term.args
    yield Ratio(below, above), "ratio turned over"
    yield above, "denominator lost"


def _in_a_range(term: Binder) -> Iterator[Slip]:
    """One instant or draw too few, at either end."""
    if isinstance(term.domain, Between):
        first, last = term.domain.args
        index, body = _opened(term)
        yield term.func(index, Between(_shifted(first, 1), last), body), "range starts one late"
        yield term.func(index, Between(first, _shifted(last, -1)), body), "range stops one early"


def _in_a_total(term: Total) -> Iterator[Slip]:
    index, body = _opened(term)
    yield from _in_a_range(term)
    if isinstance(index, Trajectory):
        yield Expect(index, Law(pi), body), "sum made an expectation"
    else:
        yield Prod(index, term.domain, body), "sum made a product"
    if isinstance(body, Log):
        yield Log(Total(index, term.domain, body.args[0])), "logarithm moved out of the sum"


def _in_a_prod(term: Prod) -> Iterator[Slip]:
    index, body = _opened(term)
    yield from _in_a_range(term)
    yield Total(index, term.domain, body), "product made a sum"


def _in_an_expectation(term: Expect) -> Iterator[Slip]:
    index, body = _opened(term)
    if isinstance(index, Trajectory):
        yield Total(index, Everything(), body), "weights of the expectation lost"
    parts = body.args if isinstance(body, Times) else (body,)
    for place, part in enumerate(parts):
        if isinstance(part, (Grad, Log)):
            bare = _one_of((*parts[:place], part.args[0], *parts[place + 1 :]), Times)
            name = "gradient" if isinstance(part, Grad) else "logarithm"
            yield type(part)(Expect(index, term.domain, bare)), f"{name} moved out of the expectation"


def _in_a_variance(term: Var) -> Iterator[Slip]:
    index, body = _opened(term)
    yield Expect(index, term.domain, Times(body, body)), "square of the mean forgotten"
    yield Expect(index, term.domain, body), "variance made a mean"


def _in_a_gradient(term: Grad) -> Iterator[Slip]:
    inside = term.args[0]
    yield inside, "gradient forgotten"
    if isinstance(inside, Times):
        for place in range(len(inside.args)):
            factors = list(inside.args)
            factors[place] = Grad(factors[place])
            yield Times(*factors), f"gradient moved onto factor {place + 1} alone"
    if isinstance(inside, (Total, Expect)):
        index, body = _opened(inside)
        yield inside.func(index, inside.domain, Grad(body)), "gradient moved inside"
    if isinstance(inside, (ActionProbability, TrajectoryProbability)):
        yield Grad(Log(inside)), "logarithm brought in"


def _in_a_logarithm(term: Log) -> Iterator[Slip]:
    inside = term.args[0]
    yield inside, "logarithm forgotten"
    if isinstance(inside, (Total, Expect)):
        index, body = _opened(inside)
        yield inside.func(index, inside.domain, Log(body)), "logarithm moved inside"


def _in_a_power(term: Power) -> Iterator[Slip]:
    base, exponent = term.args
    if isinstance(base, Discount):
        yield Integer(1), "discount lost"
    yield Power(base, _shifted(exponent, 1)), "exponent one too large"
    yield Power(base, _shifted(exponent, -1)), "exponent one too small"


def _in_a_time(term: StateAt | ActionAt) -> Iterator[Slip]:
    path, time = term.args
    yield term.func(path, _shifted(time, 1)), "time one late"
    yield term.func(path, _shifted(time, -1)), "time one early"


def _in_a_number(term: Rational) -> Iterator[Slip]:
    yield term + 1, "number one too large"
    yield -term, "sign of the number flipped"


def _in_an_atom(term: Expr) -> Iterator[Slip]:
    match term:
        case SampleSize():
            yield Plus(term, 1), "m + 1 for m"
        case Transition(args=(then, now, action)):
            yield Transition(now, then, action), "states exchanged"
        case Reward(args=(now, action, then)):
            yield Reward(then, action, now), "states exchanged"


def _shifted(time: Expr, by: int) -> Expr:
    """A time or a limit moved by a number, numbers added up."""
    if isinstance(time, Integer):
        return Integer(int(time) + by)
    if isinstance(time, Plus) and isinstance(time.args[-1], Integer):
        number = int(time.args[-1]) + by
        return Plus(*time.args[:-1], number) if number else _one_of(time.args[:-1], Plus)
    return Plus(time, by)


_SLIPS: tuple[tuple[type | tuple[type, ...], Callable[..., Iterator[Slip]]], ...] = (
    (Plus, _in_a_sum), (Times, _in_a_product), (Ratio, _in_a_ratio), (Power, _in_a_power), (Rational, _in_a_number),
    (Total, _in_a_total), (Prod, _in_a_prod), (Expect, _in_an_expectation), (Var, _in_a_variance),
    (Grad, _in_a_gradient), (Log, _in_a_logarithm), (StateAt, _in_a_time), (ActionAt, _in_a_time),
    ((SampleSize, Transition, Reward), _in_an_atom),
)
