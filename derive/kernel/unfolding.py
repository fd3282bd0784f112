"""What a term says of a trajectory, one step of time at a time: the table at the heart.

A state of the automaton is a monomial in ``factors`` about the trajectory from now on.
``step`` is one row a factor: the factor as letters times what is left when the first step has been read (a Brzozowski
derivative: t = t' + 1 and H = H' + 1 afterwards); ``end_of`` is its value at H = -1, when no step is left. Each row is
a truth about shifting time, stated beside it. What no row knows is refused, never taken for a constant.
"""

from __future__ import annotations

from typing import Any

from derive.kernel.factors import LOOSE, MU, ZERO, at, factor, height, joined, mentions, moves, offsets, thawed, times
from derive.kernel.symbols import Symbol
from derive.kernel import local_sums, symbols
from derive.kernel.polynomials import (
    Poly, Refused, add, frozen, multiply, of, power, product, put, raised, scaled, to_the,
)
from derive.kernel.symbols import each_symbol
from derive.kernel.terms import Tuple

MOST_LITERAL = 24
NOTHING: frozenset[str] = frozenset()


def put_time(poly: Poly, var: str, base: str, n: int) -> Poly:
    """base + n in the place of a time."""

    def limit(t: Tuple) -> Tuple:
        return (base, n + t[1]) if t[0] == var else t

    def later(f: Symbol) -> Symbol:
        return (*f[:2], (base, n + f[2][1]), *f[3:]) if f[2] and f[2][0] == var else f

    def one(f: Tuple, e: int) -> Poly:
        if not mentions(f, var):
            return factor(f, e)
        if f[0] == "at" and f[2] == LOOSE:
            return factor(at(each_symbol(f[1], later), *f[2:]), e)
        if f[0] == "at":
            return factor(at(f[1], base, n + f[3]), e)
        if f[0] == "power":  # gamma^(base + n) = gamma^base gamma^n
            return scaled(factor(("power", f[1], base), e) if base else of(()), to_the(f[1], n * e))
        if f[0] in ("sum", "prod"):
            changed = put_time(thawed(f[4]), var, base, n)
            return power(binder(f[0], f[1], limit(f[2]), limit(f[3]), changed), e, joined)
        if f[0] == "grad":
            return power(gradient(put_time(thawed(f[1]), var, base, n)), e, joined)
        if f[0] == "number":
            found = put_time(of(f[1]), var, base, n)
            return power({(c, ((("number", m, f[2]), 1),)): v for (c, m), v in found.items()}, e, joined)
        raise Refused(f"a time in {f[0]}")

    result: Poly = {}
    for (c, monomial), v in poly.items():
        found: Poly = {(c, ()): v}
        for f, e in monomial:
            found = times(found, one(f, e))
        for key, w in found.items():
            put(result, key, w)
    return result


def binder(kind: str, var: str, lo: Tuple, hi: Tuple, body: Poly) -> Poly:
    """The sum or product over the times lo..hi; what does not depend on the time comes out of a sum."""
    if kind == "sum" and not body:
        return {}
    back = max((-n for _, m in body for f, _ in m for n in offsets(f, var)), default=0)
    if back > 0 and lo[0] == "" and lo[1] >= back:  # the steps before the bound time: count from the first of them
        body = put_time(body, var, var, back)
        lo, hi = ("", lo[1] - back), hi if hi[0] == "inf" else (hi[0], hi[1] - back)
    elif back > 0 and lo[0] == "" and hi[0] in ("H", "inf") and kind == "sum":  # the times before ``back`` apart
        first = times(put_time(body, var, *lo), factor(("ge", lo[1] - hi[1])) if hi[0] == "H" else of(()))
        return add([first, binder(kind, var, ("", lo[1] + 1), hi, body)])
    if lo[0] == hi[0] != "inf":
        if hi[1] - lo[1] >= MOST_LITERAL:
            raise Refused(f"more than {MOST_LITERAL} literal times")
        ones = [put_time(body, var, lo[0], n) for n in range(lo[1], hi[1] + 1)]
        if kind == "sum":
            return add(ones)
        whole = of(())
        for one in ones:
            whole = times(whole, one)
        return whole
    if kind == "prod":
        own, body = closed_over(var, body)
        return factor((kind, own, lo, hi, frozen(body)))
    result: Poly = {}
    for (c, monomial), v in body.items():
        outside = tuple((f, e) for f, e in monomial if not mentions(f, var))
        own, inner = closed_over(var, of(tuple((f, e) for f, e in monomial if mentions(f, var))))
        for (d, found), w in inner.items():
            beside = joined(outside, tuple((f, e) for f, e in found if not mentions(f, own)))
            within = tuple((f, e) for f, e in found if mentions(f, own))
            if any(f[0] == "number" for f, _ in within):
                raise Refused("a sum over a time of products of sums over trajectories")
            summed = ("sum", own, lo, hi, ((((), within), 1),))
            put(result, (product(c, d), joined(beside, ((summed, 1),))), v * w)
    return result


def closed_over(var: str, body: Poly) -> tuple[str, Poly]:
    """A bound time by its height, and the body with it."""
    own = f"#{1 + height(body)}"
    if own == var:
        return own, body
    if any(mentions(f, own) for _, m in body for f, _ in m):
        raise Refused("a bound time that is free inside")
    return own, put_time(body, var, own, 0)


# -- the gradient ------------------------------------------------------------------------------------------


def gradient(poly: Poly) -> Poly:
    """What does not depend on theta outside; symbols of letters or alone, and numbers, by the product rule; the rest

    under one ("grad", ...).
    """
    result: Poly = {}
    for (c, monomial), v in poly.items():
        still = tuple((f, e) for f, e in monomial if not moves(f))
        within = tuple((f, e) for f, e in monomial if moves(f))
        alone = all(f[0] == "at" for f, _ in within)
        apart = [(f, e) for f, e in within if alone or f[0] == "number" or f[2:] == (LOOSE, 0)]
        if any(f[0] == "over" for f, _ in within):
            raise Refused("the gradient of a quotient by a sum")
        inner = tuple(one for one in within if one not in apart)
        if inner:
            beside = joined(still, tuple(apart))
            put(result, (c, joined(beside, ((("grad", ((((), inner), 1),)), 1),))), v)
        for f, e in apart:  # d f^e = e f^(e-1) df
            rest = product(monomial, ((f, -1),))
            for (d, changed), w in (gradient_of_a_number(f) if f[0] == "number" else {
                    (d, tuple((at(g, *f[2:]), k) for g, k in one)): w
                    for (d, one), w in local_sums.derivative(f[1]).items()}).items():
                put(result, (product(c, d), joined(rest, changed)), v * e * w)
    return result


def gradient_of_a_number(f: Tuple) -> Poly:
    """mu(s_0) does not depend on theta."""
    start = tuple(x for x in f[1] if x[0] == MU)
    found = gradient(of(tuple(x for x in f[1] if x[0] != MU)))
    return {(d, ((("number", product(start, changed), f[2]), 1),)): w for (d, changed), w in found.items()}


# -- one step ------------------------------------------------------------------------------------------------


def both(one: Tuple, two: Tuple) -> Tuple:
    return (product(one[0], two[0]), joined(one[1], two[1]))


UNREAD: Poly = of(((), ()))

def unfold(poly: Poly, later: frozenset[str] = NOTHING) -> Poly:
    """{(central, (letter, rest)): number}; ``later`` are bound times known to be at least 1."""
    result: Poly = {}
    for (c, monomial), v in poly.items():
        found: Poly = {(c, ((), ())): v}
        for f, e in monomial:
            found = multiply(found, step(f, e, later), both)
        for key, w in found.items():
            put(result, key, w)
    return result


def stays(f: Tuple, e: int) -> Poly:
    return of(((), ((f, e),)))


def step(f: Tuple, e: int, later: frozenset[str]) -> Poly:
    """factor^e as {(central, (letter, rest)): number}."""
    kind = f[0]
    if kind == "R":
        return stays(f, e)
    if kind == "end":
        return {}
    if kind == "ge":  # [H >= n] = [H' >= n - 1], and true for n <= 0, H being at least 0 where a step is read
        return UNREAD if f[1] <= 0 else stays(("ge", f[1] - 1), 1)
    if kind == "power":  # gamma^t = gamma gamma^t'
        if f[2] not in later and f[2] != "H":
            raise Refused("a discount to a time that may be 0")
        return scaled(stays(f, e), to_the(f[1], e))
    if kind == "at":
        return step_at(f, e, later)
    if kind == "prod":
        found = step_product(f, later)
        return {(c, (raised(letter, e), tuple((g, 1 if g[0] == "ge" else k * e) for g, k in rest))): v
                for (c, (letter, rest)), v in found.items()}
    if kind in ("sum", "grad"):
        if e < 0:
            raise Refused("the reciprocal of a sum or of a gradient")
        one = step_sum(f, later) if kind == "sum" else step_gradient(f, later)
        result = UNREAD
        for _ in range(e):
            result = multiply(result, one, both)
        return result
    raise Refused(f"{kind} inside a trajectory")


def step_at(f: Tuple, e: int, later: frozenset[str]) -> Poly:
    _, symbol, base, n = f
    if base == "":  # time 0 is the letter; time n >= 1 is the time n - 1 of the rest
        if n < 0:
            raise Refused("a time before 0")
        return of((((symbol, e),), ())) if n == 0 else stays(at(symbol, "", n - 1), e)
    if base in later and n >= 0:  # t + n = (t' + 1) + n, where t >= 1
        return stays(f, e)
    if base == "H" and n == 1 and not {"a", "x"} & set(symbol[3]):  # s_{H+1} is no state of the first step
        return stays(f, e)
    if base == "H" and n <= 0:  # [H = -n] letter + [H > -n] itself, [H = -n] = [H >= -n] - [H >= -n + 1]
        guard = (("ge", -n), 1)
        here = ((("ge", -n - 1), 1),) if n else ()
        return add([of((((symbol, e),), here)), of((((symbol, e),), (guard,)), {(): -1}),
                    of(((), joined((guard,), ((f, e),))))])
    raise Refused("a function of free letters under a sum over times" if base == LOOSE else f"a symbol at {base} {n:+}")


def step_sum(f: Tuple, later: frozenset[str]) -> Poly:
    """sum_{t=0..} B(t) = B(0) + sum_{t'=0..} B(t' + 1); a sum that starts later has no B(0)."""
    _, var, lo, hi, frozen_body = f
    body, result = thawed(frozen_body), dict[Any, Any]()
    if hi[0] not in ("", "H", "inf") and (hi[0] not in later or hi[1] < -1):
        raise Refused("the upper limit of a sum")
    if lo[0] == "H" or (lo[0] == "" and lo[1] < 0) or (lo[0] != "" and (lo[0] not in later or lo[1] < 0)):
        raise Refused("the lower limit of a sum")
    if lo == ZERO and (hi[0] != "" or hi[1] >= 0):
        first = put_time(body, var, "", 0)
        if hi[0] == "H" and hi[1] < 0:
            first = times(first, factor(("ge", -hi[1])))
        result = unfold(first, later)
    new_lo = ("", max(lo[1] - 1, 0)) if lo[0] == "" else lo
    new_hi = ("", hi[1] - 1) if hi[0] == "" else hi
    if lo[0] in later and new_hi[0] == "" and new_hi[1] < lo[1]:  # it starts at a time of at least lo[1] now
        return result
    for (c, (letter, rest)), v in unfold(body, later | {var}).items():
        for (d, left), w in binder("sum", var, new_lo, new_hi, {(c, rest): v}).items():
            put(result, (d, (letter, left)), w)
    return result


def step_product(f: Tuple, later: frozenset[str]) -> Poly:
    """prod_{t=0..} B(t) = B(0) prod_{t'=0..} B(t'), where B(t) holds symbols of the step t only, and no weight."""
    _, var, lo, hi, body = f
    if len(body) != 1 or body[0][1] != 1 or body[0][0][0]:
        raise Refused("a product of sums or of weights over a time")
    inside = body[0][0][1]
    if any(g[0] != "at" or g[2:] != (var, 0) for g, _ in inside):
        raise Refused("a product over a time of more than symbols of its own step")
    if hi[1] < -1 if hi[0] in later else hi[0] not in ("H", "inf") or hi[1] > 0:
        raise Refused("the range of a product")
    if lo[0] == "" and lo[1] > 0:  # nothing of the first step
        return stays(("prod", var, ("", lo[1] - 1), hi, body), 1)
    if lo != ZERO:
        if lo[0] in later and lo[1] >= 0:
            return stays(f, 1)
        raise Refused("the range of a product")
    letter = tuple(sorted((g[1], k) for g, k in inside))
    if hi[0] == "H" and hi[1] < 0:  # a first factor if H >= -hi; else the product is empty
        guard = (("ge", -hi[1] - 1), 1)
        return add([of((letter, joined((guard,), ((f, 1),)))), UNREAD, of(((), (guard,)), {(): -1})])
    return of((letter, ((f, 1),)))


def step_gradient(f: Tuple, later: frozenset[str]) -> Poly:
    """grad(letter rest) = (grad letter) rest + letter (grad rest)."""
    result: Poly = {}
    for (c, (letter, rest)), v in unfold(thawed(f[1]), later).items():
        for (d, changed), w in local_sums.differentiated(letter).items():
            put(result, (product(c, d), (changed, rest)), v * w)
        for (d, left), w in gradient(of(rest)).items():
            put(result, (product(c, d), (letter, left)), v * w)
    return result


# -- no step left ----------------------------------------------------------------------------------------------


def at_end(poly: Poly) -> Poly:
    """The value at H = -1, in symbols of the last state s_{H+1}."""
    result: Poly = {}
    for (c, monomial), v in poly.items():
        if any(f[0] == "ge" and f[1] > -1 for f, _ in monomial):
            continue
        found: Poly = {(c, ()): v}
        for f, e in monomial:
            found = multiply(found, end_of(f, e))
        for key, w in found.items():
            put(result, key, w)
    return result


def end_of(f: Tuple, e: int) -> Poly:
    kind = f[0]
    if kind in ("ge", "R", "end"):
        return of(())
    if kind == "power" and f[2] == "H":
        return of((), to_the(f[1], -e))
    if kind == "at":
        _, symbol, base, n = f
        if (base, n) in (ZERO, ("H", 1)) and not {"a", "x"} & set(symbol[3]):
            if symbol[0] in ("V", "dV", "d2V") and e > 0:
                return {}  # V_{H+1} = 0
            return of(((symbol, e),))
        raise Refused(f"{symbol[0]} at {base} {n} after the last step")
    if kind in ("sum", "prod"):
        lo, hi = f[2], ("", f[3][1] - 1) if f[3][0] == "H" else f[3]
        if lo[0] or hi[0]:
            raise Refused("a range with a bound time at the end")
        if hi[1] < lo[1]:
            return {} if kind == "sum" else of(())
        return power(at_end(binder(kind, f[1], lo, hi, thawed(f[4]))), e)
    if kind == "grad":
        if any(symbols.moves(s) for _, m in at_end(thawed(f[1])) for s, _ in m):
            raise Refused("the gradient of an end")
        return {}
    raise Refused(f"{kind} at the end")
