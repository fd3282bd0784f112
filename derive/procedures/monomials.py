"""Sums of monomials in symbols with indices, some of which are summed over."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations, product

from derive.errors import OutsideFragment, WorkLimit
from derive.procedures.automata import Weight, added, weighed

Place = tuple[str, str]
"""("state" or "action", name); the names of summed indices start with "#"."""
Factor = tuple[str, str, str, tuple[Place, ...]]
"""(what, name, time of a value, indices); the target of a probability comes first."""
Monomial = tuple[tuple[Factor, int], ...]
Sum = dict[tuple[frozenset[Place], Monomial], Weight]
"""{(the indices summed over, monomial): weight}."""

MOST_MONOMIALS = 2_000
MOST_BOUND = 5
NOTHING: frozenset[Place] = frozenset()


def derivative(factor: Factor) -> Monomial | None:
    """The derivative in theta of one factor; None where it is 0."""
    what, name, _, places = factor
    match what, name:
        case "pi", "pi":
            return ((("dpi", name, "", places), 1),)
        case "dpi", _:
            return ((("d2pi", name, "", places), 1),)
        case "log pi", "pi":
            return joined(((("dpi", name, "", places), 1),), ((("pi", name, "", places), -1),))
    if what == "d2pi" or (what in ("V", "A") and name == "pi"):
        raise OutsideFragment("a third derivative of the policy, or the gradient of a value")
    return None


def number(weight: Weight) -> Sum:
    """A number."""
    return {(NOTHING, ()): weight}


def scaled(one: Sum, weight: Weight) -> Sum:
    """A number times a sum."""
    return {key: weighed(old, weight) for key, old in one.items()}


def added_up(parts: Iterable[Sum]) -> Sum:
    """The sum of sums, zeros left out."""
    result: Sum = {}
    for part in parts:
        for key, weight in part.items():
            result[key] = added(result.get(key, {}), weight)
    return counted({key: weight for key, weight in result.items() if weight})


def counted(one: Sum) -> Sum:
    """The sum itself, if it is not too large.

    Raises:
        WorkLimit: otherwise.
    """
    if len(one) > MOST_MONOMIALS or any(len(bound) > MOST_BOUND for bound, _ in one):
        raise WorkLimit(f"more than {MOST_MONOMIALS} monomials, or {MOST_BOUND} sums in one")
    return one


def joined(left: Iterable[tuple[Factor, int]], right: Iterable[tuple[Factor, int]]) -> Monomial:
    """The product of two monomials."""
    exponents: dict[Factor, int] = {}
    for factor, e in (*left, *right):
        exponents[factor] = exponents.get(factor, 0) + e
    return tuple(sorted((factor, e) for factor, e in exponents.items() if e))


def renamed(monomial: Monomial, names: dict[Place, Place]) -> Monomial:
    """The monomial with indices renamed."""
    return tuple(sorted(((what, name, time, tuple(names.get(place, place) for place in places)), e)
                        for (what, name, time, places), e in monomial))


def renamed_least(bound: frozenset[Place], monomial: Monomial) -> tuple[frozenset[Place], Monomial]:
    """The least among the monomials that differ only in the names of summed indices."""
    sorts: dict[str, list[Place]] = {}
    for place in sorted(bound):
        sorts.setdefault(place[0], []).append(place)
    ways = [permutations([(sort, f"#{j}") for j in range(len(places))]) for sort, places in sorted(sorts.items())]
    old = [place for _, places in sorted(sorts.items()) for place in places]
    best = min(renamed(monomial, dict(zip(old, [new for part in way for new in part], strict=True)))
               for way in product(*ways))
    return frozenset((sort, f"#{j}") for sort, places in sorts.items() for j in range(len(places))), best
