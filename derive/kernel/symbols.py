"""Symbols: what is read at one step of a trajectory, (what, name, when, places, inside).

Places are "s", "a", "x", the state, the action and the next state of the step, or letters. A sum over places that falls
into no two factors is a symbol too, ("sum", "", (), its free places, (bound places, monomial)), named in the least way.
``when`` is the time of a value: ("rel", n) counted from the step, or (base, n) where it is of no step.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from itertools import product as every

from derive.kernel.polynomials import Monomial, Refused, product
from derive.kernel.terms import HELD, Tuple

Symbol = Tuple
MOST_BOUND = 6
WITHOUT_THETA = ("mu", "P", "r", "f", "log mu", "log P", "mark", "gamma^", "same")
WITH_POLICY = ("pi", "log pi", "dpi", "d2pi", "V", "dV", "d2V", "A", "eps")


def symbol(what: str, name: str, places: Tuple, when: Tuple = ()) -> Symbol:
    return (what, name, when, places, ())


def renamed(monomial: Monomial, names: dict[str, str]) -> Monomial:
    """Places renamed, no two to the same name."""
    found: Monomial = ()
    for one, e in monomial:
        what, name, when, places, inside = one
        if any(p in names for p in places):
            places = tuple(names.get(p, p) for p in places)
            if what == "sum":
                one = component(inside[0], renamed(inside[1], names))
            else:
                one = (what, name, when, places, inside)
        found = product(found, ((one, e),))
    return found


def component(bound: Tuple, monomial: Monomial) -> Symbol:
    """The symbol of a sum that falls into no two factors, its bound places named in the least way."""
    if len(bound) > MOST_BOUND:
        raise Refused(f"more than {MOST_BOUND} sums in one")
    sorts = {sort: sorted(p for p in bound if p[0] == sort) for sort in ("a", "s")}
    ways = [permutations([f"{sort}{j}" for j in range(1, len(places) + 1)]) for sort, places in sorts.items()]
    old = [p for places in sorts.values() for p in places]
    best = min(renamed_inside(monomial, dict(zip(old, [p for part in way for p in part], strict=True)))
               for way in every(*ways))
    own = tuple(f"{sort}{j}" for sort, places in sorts.items() for j in range(1, len(places) + 1))
    free = sorted({p for f, _ in best for p in f[3]} - set(own))
    return ("sum", "", (), tuple(free), (own, best))


def renamed_inside(monomial: Monomial, names: dict[str, str]) -> Monomial:
    """As ``renamed``, for the plain symbols inside a sum."""
    return tuple(sorted(((w, n, t, tuple(names.get(p, p) for p in at), i), e) for (w, n, t, at, i), e in monomial))


def each_symbol(one: Symbol, change: Callable[[Symbol], Symbol]) -> Symbol:
    """A symbol with the plain symbols in it changed, that of a sum named anew; two may become one, to both powers."""
    if one[0] != "sum":
        return change(one)
    bound, monomial = one[4]
    found: Monomial = ()
    for f, e in monomial:
        found = product(found, ((change(f), e),))
    return component(bound, found)


def held(one: Symbol) -> Symbol:
    """The symbol as a function of state and action that does not move."""
    return each_symbol(one, lambda f: (f[0], HELD if f[1] == "pi" and moves(f) else f[1], *f[2:]))


def is_held(one: Symbol) -> bool:
    return bool(one[1] == HELD) or (one[0] == "sum" and any(is_held(f) for f, _ in one[4][1]))


def moving(one: Symbol) -> Symbol:
    """What was held, once all gradients are taken."""
    return each_symbol(one, lambda f: (f[0], "pi" if f[1] == HELD else f[1], *f[2:]))


def released(monomial: Monomial) -> Monomial:
    """What was held, moving again: gradients have been taken."""
    result: Monomial = ()
    for f, e in monomial:
        result = product(result, ((moving(f) if is_held(f) else f, e),))
    return result


def counted(one: Symbol, base: str, n: int, infinite: bool) -> Symbol:
    """A symbol of no step as one of the step base + n: the times of its values are counted from there."""

    def from_there(f: Symbol) -> Symbol:
        if not f[2]:
            return f
        if not infinite and f[2][0] != base:
            raise Refused("a value at another time")
        return (f[0], f[1], ("rel", 0 if infinite else f[2][1] - n), *f[3:])

    return each_symbol(one, from_there)


def moves(f: Symbol) -> bool:
    """Whether a symbol depends on theta. A symbol that no table knows is refused, never taken for a constant."""
    what, name = f[:2]
    if what in WITHOUT_THETA:
        return False
    if what in WITH_POLICY:
        return bool(name == "pi")
    if what == "sum":
        return any(moves(g) for g, _ in f[4][1])
    raise Refused(f"the gradient of {what}")
