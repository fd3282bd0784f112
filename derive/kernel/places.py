"""Sums over states and actions of what is said along trajectories.

A place that is no state or action of the trajectory, free or bound by a sum, is a letter: "s.name" or "s!1". A symbol
that holds letters only is of no step, its base is ``LOOSE`` and the times of its values are counted from 0. Summed over
a letter, the factors that hold it become symbols of one step, by ``local_sums.over``; what is known only of a letter is
carried into the one sum that holds it, past gradients as a function that does not move. A sum that holds no letter and
no step any more is one over all trajectories that start where it starts: their law sums to 1 given s_0.
"""

from __future__ import annotations

from derive.kernel.factors import LOOSE, MU, ZERO, at, holds, joined, law, thawed, times
from derive.kernel.symbols import Symbol, counted, each_symbol, held, renamed, symbol
from derive.kernel.local_sums import over, without_first
from derive.kernel.polynomials import Monomial, Poly, Refused, of, product, put
from derive.kernel.terms import Tuple
from derive.kernel.unfolding import binder, gradient


def summed(monomial: Monomial, place: str, infinite: bool) -> Poly:
    """The sum over a place of a product of factors."""
    own = tuple((f, e) for f, e in monomial if holds(f, place))
    rest = tuple(one for one in monomial if one not in own)
    if not own:
        raise Refused(f"the number of {'states' if place[0] == 's' else 'actions'}")
    deep = [(f, e) for f, e in own if f[0] != "at"]
    found = carried(deep, own, place, infinite) if deep else at_one_step(own, place, infinite)
    return times(of(rest), found)


def carried(deep: list[tuple[Tuple, int]], own: Monomial, place: str, infinite: bool) -> Poly:
    """What is known of the letter alone, carried into the one sum, gradient or number that holds it."""
    (f, e), *more = deep
    beside = tuple(one for one in own if one != (f, e))
    if more or e != 1 or any(g[2] != LOOSE for g, _ in beside):
        raise Refused("a sum over states or actions of products of sums that depend on them")
    if f[0] == "sum":
        return binder("sum", f[1], f[2], f[3], all_summed(thawed(f[4]), beside, place, infinite))
    if f[0] == "grad":
        fixed = tuple(sorted((at(held(g[1]), LOOSE, 0), k) for g, k in beside))
        return gradient(all_summed(thawed(f[1]), fixed, place, infinite))
    if f[0] == "number":
        found = summed(joined(f[1], beside), place, infinite)
        return {(c, ((("number", m, f[2]), 1),)): v for (c, m), v in found.items()}
    raise Refused(f"a sum over states or actions of a {f[0]} that depends on them")


def all_summed(poly: Poly, beside: Monomial, place: str, infinite: bool) -> Poly:
    result: Poly = {}
    for (c, m), v in poly.items():
        for (d, one), w in summed(joined(m, beside), place, infinite).items():
            put(result, (product(c, d), one), v * w)
    return result


def at_one_step(own: Monomial, place: str, infinite: bool) -> Poly:
    """The sum over a letter of symbols that hold it."""
    points = [(f, e) for f, e in own if f[1][0] == "same"]
    if points:
        return at_the_point(own, *points[0], place, infinite)
    timed = [f for f, _ in own if f[2] != LOOSE]
    if not timed:
        return alone(over(place, tuple(sorted((f[1], e) for f, e in own))), infinite)
    base, n = timed[0][2], min(f[3] for f in timed)
    symbols: Monomial = ()
    for f, e in own:
        symbols = product(symbols, ((relative(f, base, n, infinite), e),))
    found = over(place, symbols)
    return {} if found is None else of(placed(found, base, n, infinite))


def relative(f: Tuple, base: str, n: int, infinite: bool) -> Symbol:
    """The symbol as one of the step base + n: of the state after it, if it is of the next step."""
    _, one, own_base, k = f
    if own_base == LOOSE:
        return counted(one, base, n, infinite)
    if (own_base, k) == (base, n):
        found: Tuple = one
        return found
    if (own_base, k) == (base, n + 1) and "a" not in one[3] and "x" not in one[3]:
        return later(one, "s", "x", 0 if infinite else 1)
    raise Refused("a sum over states or actions that joins steps")


def later(one: Symbol, old: str, new: str, by: int) -> Symbol:
    """A symbol with a place renamed, the times of its values counted from another step."""
    shifted = each_symbol(one, lambda f: (f[0], f[1], ("rel", f[2][1] + by) if f[2] else (), *f[3:]))
    found: Symbol
    ((found, _),) = renamed(((shifted, 1),), {old: new})
    return found


def placed(found: Monomial, base: str, n: int, infinite: bool) -> Monomial:
    """Symbols of the step base + n as factors; what is about the next state alone stands at the next step."""
    result: Monomial = ()
    for one, e in found:
        steps = {p for p in one[3] if p in ("s", "a", "x")}
        if not steps:
            if timed_values(one):
                raise Refused("a value at another time")
            f = at(one, LOOSE, 0)
        elif steps == {"x"}:
            f = at(rightly_timed(later(one, "x", "s", 0 if infinite else -1)), base, n + 1)
        else:
            f = of_a_step(rightly_timed(one), base, n)
        result = joined(result, ((f, e),))
    return result


def of_a_step(one: Symbol, base: str, n: int) -> Tuple:
    """A symbol of a step as a factor; that of the first state's probability is the initial law."""
    return MU if one == symbol("mu", "", ("s",)) and (base, n) == ZERO else at(one, base, n)


def timed_values(one: Symbol) -> bool:
    return bool(one[2]) or (one[0] == "sum" and any(timed_values(g) for g, _ in one[4][1]))


def rightly_timed(one: Symbol) -> Symbol:
    """A value of the state of a step has the time of that step."""
    if one[0] != "sum" and one[2] not in ((), ("rel", 0)) and set(one[3]) & {"s"}:
        raise Refused("a value at another time")
    return one


def at_the_point(own: Monomial, f: Tuple, e: int, place: str, infinite: bool) -> Poly:
    """sum_z [z = q] g(z) = g(q), q another letter or a place of the trajectory."""
    if e < 0:
        raise Refused("division by an indicator")
    ((_, _, _, (one, two), _), base, n) = f[1:]
    q = two if one == place else one
    rest = tuple(x for x in own if x != (f, e))
    if base == LOOSE:
        result: Monomial = ()
        for g, k in rest:
            for h, j in renamed(((g[1], k),), {place: q}):
                if h[0] != "same" or h[3][0] != h[3][1]:
                    result = joined(result, ((at(h, *g[2:]), j),))
        return of(result)
    n, q = (n + 1, "s") if q == "x" else (n, q)
    result = ()
    for g, k in rest:
        if g[2] == LOOSE:
            changed, there = (counted(g[1], base, n, infinite), (base, n))
        elif g[2:] == (base, n) or (g[2:] == (base, n - 1) and q == "s"):
            changed, there = g[1], g[2:]
        else:
            raise Refused("a sum over states or actions that joins steps")
        for h, j in renamed(((changed, k),), {place: q if there[1] == n else "x"}):
            if h[0] != "same" or h[3][0] != h[3][1]:
                result = joined(result, ((of_a_step(rightly_timed(h), *there), j),))
    return of(result)


def alone(found: Monomial | None, infinite: bool) -> Poly:
    """Symbols of no step; a sum that holds no letter any more is a sum over trajectories of its own."""
    if found is None:
        return {}
    result: Monomial = ()
    for one, e in found:
        if one[3] or one[0] != "sum":
            result = product(result, ((at(one, LOOSE, 0), e),))
        else:
            result = product(result, ((("number", started(one, infinite), ""), e),))
    return of(result)


def started(one: Symbol, infinite: bool) -> Monomial:
    """A sum over states and actions as one over all trajectories from the first of its states on.

    The first state has the initial law, if mu stands there, else any state counts once.
    """
    bound, inner = one[4]
    states = [p for p in bound if p[0] == "s"]
    targets = {f[3][0] for f, _ in inner if f[0] == "P"}
    of_mu = [p for p in states if (symbol("mu", "", (p,)), 1) in inner]
    first = next(iter([*of_mu, *(p for p in states if p not in targets), *states]), None)
    law_from = ((law("pi", infinite), 1),)
    if first is None:
        return joined(((MU, 1),), joined(((at(one, *ZERO), 1),), law_from))
    start = ((MU, 1),) if of_mu else ()
    found = without_first(
        bound, tuple(x for x in inner if not of_mu or x[0] != symbol("mu", "", (first,))), first, "s")
    result = joined(start, law_from)
    for f, e in found:
        result = joined(result, ((at(rightly_timed(counted(f, "", 0, infinite)), *ZERO), e),))
    return result
