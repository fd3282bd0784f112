"""An equation with products of expectations, some of which are written otherwise on the other side.

E[G_t]² = E[V_t(s_t)]² holds as E[G_t] = E[V_t(s_t)] does, but one is γ^-t times a sum over trajectories and the other
is none, and no relation with numbers for coefficients says so. So expectations of one side that the kernel shows to be
expectations of the other are replaced by them, and what is left is asked for; nothing is trusted, as in ``parts``.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive.kernel.contexts import Context
from derive.kernel.terms import Term, Tuple, subterms
from derive.procedures.parts import Ask, Found, Part, Search, expects, linked


def by_equal_means(context: Context, before: Term, after: Term, ask: Ask) -> Found | None:
    """The equation and its evidence, if it is one once equal expectations are written alike."""
    if not any(_is_product(x) for side in (before, after) for x in subterms(side)):
        return None
    search, term = Search(context, ask), before
    theirs = list(dict.fromkeys(one for one, _ in _expectations(after, ())))
    parts: list[Part] = []
    for own in dict.fromkeys(one for one, _ in _expectations(before, ())):
        if own in theirs:
            continue
        other = next((one for one in theirs if search.part(context, own, one, ())), None)
        while other is not None and (wraps := _way(term, own)) is not None:
            part = search.part(context, own, other, wraps)
            if part is None:
                return None
            parts.append(part)
            term = part.whole.after
    middle = search.between(context, term, after, ()) if parts else None
    return None if middle is None else linked(context, before, after, [*parts, *middle])


def _expectations(term: Term, wraps: tuple[Tuple, ...]) -> Iterator[tuple[Term, tuple[Tuple, ...]]]:
    """Expectations that stand in no sum, with the way from each to the whole."""
    head = term[0]
    if head == "E":
        yield term, wraps
    elif head in ("+", "*"):
        for n in range(1, len(term)):
            yield from _expectations(term[n], ((head, term[1:n], term[n + 1:]), *wraps))
    elif head in ("^", "/"):
        yield from _expectations(term[1], ((head, term[2]), *wraps))
    elif head == "grad":
        yield from _expectations(term[1], (("grad",), *wraps))


def _way(term: Term, one: Term) -> tuple[Tuple, ...] | None:
    """The way from an expectation to the whole, if it still stands there."""
    return next((wraps for found, wraps in _expectations(term, ()) if found == one), None)


def _is_product(x: Tuple) -> bool:
    """Whether a term is a product of expectations."""
    return (x[0] == "*" and sum(map(expects, x[1:])) > 1) or (x[0] == "^" and len(x) == 3 and expects(x[1]))
