"""Factors about a trajectory from now on, of which the states of the automata are products.

    ("at", symbol, base, n)             a symbol of one step (symbols); base ".": of letters, of no step (places)
    ("power", name, base)               gamma, or a number of the author's, to the time ``base``
    ("ge", n)  ("end",)                 [H >= n], [no step is left]
    ("sum" | "prod", var, lo, hi, body) over the times lo..hi
    ("grad", body)   ("R",)             a gradient; the arbitrary return, without theta
    ("mu",)          ("number", m, support)   the initial law; a sum over trajectories of its own, a constant here
    ("over", p)                         1 over a polynomial of ``reading``, a constant here

A time is (base, number), the base "" for none, "H", "inf", "#k" for a bound time of height k, "@name" for a free one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from derive.kernel import symbols
from derive.kernel.polynomials import Monomial, Poly, Refused, add, frozen, multiply, of, product
from derive.kernel.symbols import Symbol
from derive.kernel.terms import Tuple

ZERO = ("", 0)
LOOSE = "."
MU: Tuple = ("mu",)
END: Tuple = ("end",)
OF_STEP = {"P": ("x", "s", "a"), "pi": ("a", "s")}


def joined(one: Monomial, two: Monomial) -> Monomial:
    """The product; [H >= n] [H >= k] = [H >= max(n, k)]."""
    found = product(one, two)
    guards = [(f, e) for f, e in found if f[0] == "ge"]
    if len(guards) > 1 or (guards and guards[0][1] > 1):
        most = max(f for f, _ in guards)
        found = tuple((f, 1 if f == most else e) for f, e in found if f[0] != "ge" or f == most)
    return found


def times(one: Poly, two: Poly) -> Poly:
    return multiply(one, two, joined)


def factor(f: Tuple, e: int = 1) -> Poly:
    return of(((f, e),))


def at(symbol: Symbol, base: str, n: int) -> Tuple:
    return ("at", symbol, base, n)


def thawed(body: Tuple) -> Poly:
    return dict(body)


def law(policy: str, infinite: bool) -> Tuple:
    """prod_t P pi: the law of the trajectory from now on, its first state given."""
    step = product(((at(symbols.symbol("P", "", OF_STEP["P"]), "#1", 0), 1),),
                   ((at(symbols.symbol("pi", policy, OF_STEP["pi"]), "#1", 0), 1),))
    return ("prod", "#1", ZERO, ("inf" if infinite else "H", 0), frozen(of(step)))


def law_of(f: Tuple) -> str | None:
    """The policy whose law a factor is, or None."""
    if f[0] != "prod" or f[2] != ZERO or f[3] not in (("H", 0), ("inf", 0)) or len(f[4]) != 1:
        return None
    for g, _ in f[4][0][0][1]:
        if g[0] == "at" and g[1][0] == "pi" and f == law(g[1][1], f[3][0] == "inf"):
            return str(g[1][1])
    return None


def of_numbers(f: Tuple) -> bool:
    """Whether a sum over times is one of numbers."""
    return all(g[0] in ("power", "ge") or (g[0] == "sum" and of_numbers(g)) for (_, m), _ in f[4] for g, _ in m)


def inside(x: Tuple) -> Iterator[Tuple]:
    """The factors directly inside a factor."""
    if x[0] in ("sum", "prod", "grad"):
        yield from (f for (_, monomial), _ in x[-1] for f, _ in monomial)
    elif x[0] == "number":
        yield from (f for f, _ in x[1])
    elif x[0] == "over":
        for (_, (numbers, atoms)), _ in x[1]:
            yield from (f for monomial in (numbers, *(one for one, _ in atoms)) for f, _ in monomial)


def holds(f: Tuple, place: str) -> bool:
    """Whether a factor depends on a letter."""
    return place in f[1][3] if f[0] == "at" else any(holds(g, place) for g in inside(f))


def counted_from(one: Symbol) -> Iterator[str]:
    """The bases of the times of values in a symbol of no step."""
    if one[0] == "sum":
        for f, _ in one[4][1]:
            yield from counted_from(f)
    elif one[2]:
        yield one[2][0]


def names(x: Any) -> Iterator[str]:
    """The bases of times inside a factor, bound ones included."""
    if x[0] == "at":
        yield x[2]
        yield from counted_from(x[1])
    elif x[0] == "power":
        yield x[2]
    elif x[0] in ("sum", "prod"):
        yield from (x[1], x[2][0], x[3][0])
    for f in inside(x):
        yield from names(f)


def mentions(f: Tuple, var: str) -> bool:
    return var in names(f)


def height(poly: Poly) -> int:
    """The greatest k of a time #k that is bound inside."""

    def own(f: Tuple) -> int:
        if f[0] not in ("sum", "prod", "grad"):
            return 0
        return max(int(f[1][1:]) if f[0] != "grad" else 0, height(thawed(f[-1])))

    return max((own(f) for _, m in poly for f, _ in m), default=0)


def offsets(f: Tuple, var: str) -> Iterator[int]:
    """The numbers n of the times var + n that must not be negative: of symbols, limits, and one after the last."""
    if f[0] == "at" and f[2] == var:
        yield f[3]
    if f[0] in ("sum", "prod"):
        yield from (n + k for k, (base, n) in enumerate(f[2:4]) if base == var)
    if f[0] in ("sum", "prod", "grad"):
        for (_, monomial), _ in f[-1]:
            for g, _ in monomial:
                yield from offsets(g, var)


def moves(f: Tuple) -> bool:
    """Whether a factor depends on theta."""
    if f[0] == "at":
        return symbols.moves(f[1])
    if f[0] in ("power", "ge", "end", "R", "mu"):
        return False
    if f[0] in ("sum", "prod", "grad", "number", "over"):
        return any(map(moves, inside(f)))
    raise Refused(f"the gradient of {f[0]}")


def released(monomial: Monomial) -> Monomial:
    """What was held outside of gradients, moving again: they have been taken."""
    if not any(holds_still(f) for f, _ in monomial):
        return monomial
    result: Monomial = ()
    for f, e in monomial:
        if f[0] == "at":
            f = at(symbols.moving(f[1]), *f[2:])
        elif f[0] in ("sum", "prod"):
            f = (*f[:4], frozen(add({(c, released(m)): v} for (c, m), v in f[4])))
        elif f[0] == "number":
            f = ("number", released(f[1]), f[2])
        result = joined(result, ((f, e),))
    return result


def holds_still(f: Tuple) -> bool:
    return symbols.is_held(f[1]) if f[0] == "at" else f[0] != "grad" and any(map(holds_still, inside(f)))
