"""An equation at the places and times of a claim, from one in letters of their own.

V_t(s_t) = Σ_a π(a|s_t) Q_t(s_t, a) is V_t(s) = Σ_a π(a|s) Q_t(s, a) at s = s_t: nothing but places stands in it that a
trajectory has. What holds for every state and action holds at these, and the kernel puts them in (``instance``). Two
places may be the same state, so nothing is said of claims that need it that they are, or that they are not. What is
said of the times from c on is said of t + c for the times from 0 on, which is how the kernel reads it best.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from derive.kernel.contexts import Context
from derive.kernel.contexts import to_data as context_data
from derive.kernel.definedness import defined
from derive.kernel.equations import Equation, instance
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed, Term, Tuple, at, free, replaced, shifted, subterms, to_data

SORTS = {"s": "state", "a": "action"}

Found = tuple[Equation, dict[str, Any]]
"""An equation, and what makes it again."""
Ask = Callable[[Context, Term, Term], Found | None]


def by_letters(context: Context, before: Term, after: Term, ask: Ask) -> Found | None:
    """The equation and its evidence, if ``ask`` has one with letters in the place of places."""
    letters = _letters(before, after)
    if not letters:
        return None
    general = [before, after]
    for place, letter in letters.items():
        general = [replaced(term, place, letter) for term in general]
    puts = {one: place for place, one in letters.items()}
    return _put_in(context, (before, after), (context, general[0], general[1]), puts, ask)


def by_later_times(context: Context, before: Term, after: Term, ask: Ask) -> Found | None:
    """The equation and its evidence, if ``ask`` has one with the times from c on counted from 0."""
    spoken = free(before) | free(after)
    starts = {letter: low[1] for letter, low, _ in context.ranges if letter in spoken and not low[2] and low[1] > 0}
    if not starts:
        return None
    ranges: list[Tuple] = list(context.ranges)
    general = [before, after]
    for letter, c in starts.items():
        general = [replaced(term, letter, at(letter, c)) for term in general]
        limited = [(one, *(replaced(x, letter, at(letter, c)) for x in limits)) for one, *limits in ranges]
        ranges = [(one, *(shifted(x, -c if one == letter else 0) for x in limits)) for one, *limits in limited]
    earlier = replace(context, ranges=frozenset(ranges))
    puts = {one: at(one, -c) for one, c in starts.items()}
    return _put_in(context, (before, after), (earlier, general[0], general[1]), puts, ask)


def _put_in(context: Context, claim: tuple[Term, Term], general: tuple[Context, Term, Term],
            puts: Mapping[Tuple, Tuple], ask: Ask) -> Found | None:
    """The claim as an instance of a more general equation, if it reaches as far as the claim does by itself."""
    try:
        found = ask(*general)
        if found is None:
            return None
        used = free(found[0].before) | free(found[0].after)
        puts = {letter: value for letter, value in puts.items() if letter in used}
        equation = instance(found[0], puts, context)
        own = defined(context, *claim)
    except (Refused, Malformed):
        return None
    if equation.context.owes - own.owes or (equation.before, equation.after) != claim or (
            (equation.context.first, equation.context.samples) != (own.first, own.samples)):
        return None
    return equation, {"by": "letters", "before": to_data(general[1]), "after": to_data(general[2]),
                      "context": context_data(general[0]), "evidence": found[1],
                      "puts": [[to_data(letter), to_data(value)] for letter, value in puts.items()]}


def _letters(*terms: Term) -> dict[Tuple, Tuple]:
    """A letter of its own for each place of a trajectory, outer places first."""
    known = {name for term in terms for _, name in free(term)}
    found: dict[Tuple, Tuple] = {}
    for place in (x for term in terms for x in subterms(term) if len(x) == 3 and x[0] in SORTS):
        if place not in found:
            number = next(n for n in range(len(found), len(found) + len(known) + 1) if f"{place[0]}{n}" not in known)
            found[place] = (SORTS[place[0]], f"{place[0]}{number}")
            known.add(f"{place[0]}{number}")
    return found
