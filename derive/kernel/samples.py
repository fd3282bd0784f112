"""Expectations over m independent samples, as polynomials in means of functions of one sample.

A term is read as a sum of products over *distinct* draws: {(central, (outside, draws)): number}, a draw being
(number, functions of that sample), its number a literal, a free index, or 0 for "summed over all numbers that no other
draw of the product has". Distinct draws are independent, so the mean of a product is the product of the means, and a
product with k draws that are summed, l literal, has m-l, m-l-1, ... choices: a falling factorial. Multiplying two
products, each draw of the second is one of the first, or another (a partial matching): a sum over all i of f_i times
one over all j of g_j is the sum over i of f_i g_i plus the sum over i != j of f_i g_j. Two draws that are named by free
indices, as in the body of two sums, may be the same one; a sum over one of them says which it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from derive.kernel.polynomials import Poly, Refused, add, central, of, product, put, weighed
from derive.kernel.terms import INF, Term, Tuple, bound, free, opened, replaced, subterms

if TYPE_CHECKING:
    from derive.kernel.reading import Closed

MOST_PRODUCTS = 5_000
"""Products over distinct draws that one term is read as: their number grows as that of partitions."""
OWN: Tuple = ("own",)
SUMMED: Any = 0


def over_samples(closed: Closed, t: Term) -> Poly:
    """E over the samples, each drawn from the law of the policy t[2]."""
    batch, body = opened(t, closed.name())
    result: Poly = {}
    for (c, (outside, draws)), v in distinct(closed, body, batch).items():
        if may_be_one(draws):
            raise Refused("draws that may be the same one")
        literal, ways = sum(draw != SUMMED for draw, _ in draws), {c: v}
        for k in range(literal, len(draws)):
            ways = weighed(ways, {central("m", 1): 1, (): -k} if k else {central("m", 1): 1})
        found = of(closed.one, ways)
        for one in outside:
            found = closed.times(found, closed.read(one))
        for _, functions in draws:
            path = ("trajectory", closed.name())
            found = closed.times(found, closed.expected(path, t[2], replaced(("*", *functions), OWN, path)))
        result = add([result, found])
    return result


def distinct(closed: Closed, t: Term, batch: Tuple) -> Poly:
    own = {x for x in subterms(t) if len(x) == 3 and x[0] == "drawn" and x[1] == batch}
    if not own:
        return of(((t,), ()))
    if len(own) == 1:
        (drawn,) = own
        if type(drawn[2]) is int or type(drawn[2][1]) is str:
            return of(((), ((drawn[2], (replaced(t, drawn, OWN),)),)))
    head = t[0]
    if head == "+":
        return add(distinct(closed, x, batch) for x in t[1:])
    if head == "*" or (head == "^" and t[2] >= 0):
        result = of(((), ()))
        for x in t[1:] if head == "*" else (t[1],) * t[2]:
            found, old = distinct(closed, x, batch), result
            result = {}
            for (c, one), v in old.items():
                for (d, two), w in found.items():
                    for key in matchings(one, two):
                        put(result, (product(c, d), key), v * w)
                if len(result) > MOST_PRODUCTS:
                    raise Refused("a product of too many sums over samples")
        return result
    if head == "/":  # what a quotient is by is of no draw, like every factor outside
        below = ("/", ("num", 1, 1), t[2])
        if any(x[:2] == ("drawn", batch) for x in subterms(t[2])):
            raise Refused("division by a function of draws")
        above = distinct(closed, t[1], batch)
        return {(c, ((below, *outside), draws)): v for (c, (outside, draws)), v in above.items()}
    if head == "sum" and t[1][0] == "draw":
        index, body = opened(t, closed.name())
        result = {}
        for (c, (outside, draws)), v in distinct(closed, body, batch).items():
            if any(index in free(x) for x in outside):
                raise Refused("a sum over draws of a function of other draws")
            if all(draw != index for draw, _ in draws):
                put(result, (product(c, central("m", 1)), (outside, draws)), v)
                continue
            for one in summed(draws, index):
                put(result, (c, (outside, one)), v)
        return result
    if head == "sum" and t[1][0] == "time" and t[2][2] != INF:
        return over_times(closed, t, batch)
    if head == "grad":
        result = {}
        for (c, (outside, draws)), v in distinct(closed, t[1], batch).items():
            for k, one in enumerate(outside):
                put(result, (c, ((*outside[:k], ("grad", one), *outside[k + 1:]), draws)), v)
            for k, (draw, functions) in enumerate(draws):
                changed_draw = (draw, (("grad", ("*", *functions)),))
                put(result, (c, (outside, (*draws[:k], changed_draw, *draws[k + 1:]))), v)
        return result
    if head == "trace":
        return distinct(closed, t[1], batch)
    raise Refused(f"{head} of several samples")


def summed(draws: Tuple, index: Tuple) -> Iterator[Tuple]:
    """A product over draws, summed over the number of one: it is one of the others that are named, or another.

    ``matchings`` leaves no draw that is summed beside two that may be the same one.
    """
    ((_, own),) = [one for one in draws if one[0] == index]
    rest = [one for one in draws if one[0] != index]
    others = [k for k, (draw, _) in enumerate(rest) if draw != SUMMED]
    if len(others) > 1 and any(type(rest[k][0]) is tuple for k in others):
        raise Refused("draws that may be the same one")
    for k in others:
        draw, functions = rest[k]
        yield tuple(sorted([*rest[:k], (draw, functions + own), *rest[k + 1:]], key=repr))
    yield tuple(sorted([*rest, (SUMMED, own)], key=repr))


def may_be_one(draws: Iterable[Tuple]) -> bool:
    """Whether two draws that are named may be the same one: a literal is no other literal."""
    named = [draw for draw, _ in draws if draw != SUMMED]
    return len(named) > 1 and any(type(draw) is tuple for draw in named)


def over_times(closed: Closed, t: Term, batch: Tuple) -> Poly:
    """A sum over a time that one draw of each product knows: sum_t c_t sum_i f_i(t) = sum_i sum_t c_t f_i(t)."""
    index, body = opened(t, closed.name())
    result: Poly = {}
    for (c, (outside, draws)), v in distinct(closed, body, batch).items():
        knows = [k for k, (_, functions) in enumerate(draws) if any(index in free(f) for f in functions)]
        if len(knows) > 1:
            raise Refused("a sum over a time of functions of several draws")
        own, beside = (tuple(x for x in outside if (index in free(x)) is known) for known in (True, False))
        for k in knows:
            draw, functions = draws[k]
            draws = (*draws[:k], (draw, (bound("sum", index, t[2], ("*", *own, *functions)),)), *draws[k + 1:])
        if not knows:
            beside += (bound("sum", index, t[2], ("*", ("num", 1, 1), *own)),)
        put(result, (c, (beside, tuple(sorted(draws, key=repr)))), v)
    return result


def matchings(one: Tuple, two: Tuple) -> Iterator[Tuple]:
    """The product of two products over distinct draws."""
    (outside, draws), (others, more) = one, two
    ways: list[tuple[list[Tuple], frozenset[int]]] = [(list(draws), frozenset())]
    for draw, functions in sorted(more, key=lambda x: (x[0] == SUMMED, repr(x[0]))):
        longer = []
        for way, used in ways:
            same = [k for k, (d, _) in enumerate(way[:len(draws)]) if d == draw and d != SUMMED]
            if not same:
                longer.append(([*way, (draw, functions)], used))
            for k in same or [k for k in range(len(draws)) if k not in used and SUMMED in (way[k][0], draw)]:
                old, kept = way[k]
                merged = (draw if old == SUMMED else old, kept + functions)
                longer.append(([*way[:k], merged, *way[k + 1:]], used | {k}))
        ways = longer
        if len(ways) > MOST_PRODUCTS:
            raise Refused("a product of too many sums over samples")
    for way, _ in ways:
        if may_be_one(way) and any(draw == SUMMED for draw, _ in (*way, *draws, *more)):
            raise Refused("draws that may be the same one")
        yield outside + others, tuple(sorted(way, key=repr))
