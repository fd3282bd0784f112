"""Sums and products over a time k that is added to another: sum_{k=lo..hi} f(k + u) = sum_{k=lo+u..hi+u} f(k).

It holds for every u that does not depend on k, and both sums are empty where hi < lo. So a place of a trajectory at the
time k + u stands at k afterwards, which is what ``reading`` reads; terms are the same one by one, so a sum without end
converges absolutely as it did.
"""

from __future__ import annotations

from derive.kernel.terms import BINDERS, INF, OPERATORS, Term, Tuple, bound, check, opened, replaced, subterms, time


def reindexed(t: Term, depth: int = 0) -> Term:
    """The term with places at one time each, where a sum over one of two times that are added can be moved."""
    if depth == 0:
        if not any(len(at_place[2]) > 1 for at_place in times_of_places(t)):
            return t
        found = reindexed(t, 1)
        check(found)
        return found
    if t[0] in BINDERS:
        index, body = opened(t, f"#moved{depth}")
        domain, body = moved(index, t[2], reindexed(body, depth + 1))
        return bound(t[0], index, domain, body)
    if t[0] in OPERATORS:
        return (t[0], *(reindexed(x, depth + 1) if type(x) is tuple else x for x in t[1:]))
    return t


def moved(index: Tuple, domain: Tuple, body: Term) -> tuple[Tuple, Term]:
    """The range and the body of a binder, counted from the time that is added to its own."""
    if index[0] != "time":
        return domain, body
    added = next((rest for at_place in times_of_places(body) if (index, 1) in at_place[2] and (
        rest := [part for part in at_place[2] if part[0] != index]) and all(map(is_outside, rest))), None)
    if added is None:
        return domain, body
    back = time(0, (index, 1), *((base, -c) for base, c in added))
    first, last = (t if t == INF else time(t[1], *t[2], *added) for t in domain[1:])
    return ("from", first, last), replaced(body, index, back)


def is_outside(part: Tuple) -> bool:
    """Whether a part of a time does not change inside: the horizon, or a letter with a name, not one bound there."""
    return part[0] == "H" or type(part[0][1]) is str


def times_of_places(t: Term) -> list[Tuple]:
    """The times at which trajectories are read."""
    return [x[2] for x in subterms(t) if len(x) == 3 and x[0] in ("s", "a", "h") and x[2][:1] == ("lin",)]
