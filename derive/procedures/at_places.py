"""An equation at the places of a trajectory, from one about states and actions that have letters of their own.

V_t(s_t) = Σ_a π(a|s_t) Q_t(s_t, a) is V_t(s) = Σ_a π(a|s) Q_t(s, a) at s = s_t: nothing but places stands in it that a
trajectory has. What holds for every state and action holds at these, and the kernel puts them in (``instance``). Two
places may be the same state, so nothing is said of claims that need it that they are, or that they are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derive.kernel.contexts import Context
from derive.kernel.contexts import to_data as context_data
from derive.kernel.definedness import defined
from derive.kernel.equations import Equation, instance
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed, Term, Tuple, free, replaced, subterms, to_data

SORTS = {"s": "state", "a": "action"}

Found = tuple[Equation, dict[str, Any]]
"""An equation, and what makes it again."""


def by_letters(context: Context, before: Term, after: Term,
               ask: Callable[[Context, Term, Term], Found | None]) -> Found | None:
    """The equation and its evidence, if ``ask`` has one with letters in the place of places."""
    letters = _letters(before, after)
    general = []
    for term in (before, after):
        for place, letter in letters.items():
            term = replaced(term, place, letter)
        general.append(term)
    if not letters:
        return None
    puts = {letter: place for place, letter in letters.items()}
    try:
        found = ask(context, *general)
        if found is None:
            return None
        used = free(found[0].before) | free(found[0].after)
        puts = {letter: place for letter, place in puts.items() if letter in used}
        equation = instance(found[0], puts, context)
        own = defined(context, before, after)
    except (Refused, Malformed):
        return None
    if equation.context.owes or (equation.before, equation.after) != (before, after) or (
            (equation.context.first, equation.context.samples) != (own.first, own.samples)):
        return None
    return equation, {"by": "letters", "before": to_data(general[0]), "after": to_data(general[1]),
                      "context": context_data(context), "evidence": found[1],
                      "puts": [[to_data(letter), to_data(place)] for letter, place in puts.items()]}


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
