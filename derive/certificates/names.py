"""Names in a certificate: what is printed is what was verified, so no name is read as notation, or as another letter.

Standard library only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from derive.kernel.contexts import Context
from derive.kernel.terms import HELD, Malformed, Term, Tuple, free, is_index, replaced, subterms

LONGEST = 40
GRAMMAR = re.compile(r"[^\W\d_][\w']*\Z")
ALIKE = str.maketrans("ΑΕΗΡАЕНРЈԚѴаер", "AEHPAEHPJQVaep")
"""Greek and Cyrillic letters that are printed as Latin ones are."""
NOTATION = frozenset(("E", "H", "P", "R", "V", "m", "r", "γ", "μ", "π", "π_old", "log", "tr", "gamma", "mu", "pi_old"))
"""Words that a statement is printed with, or that are said for them."""
OPERATORS = ("Σ", "Π", "∑", "∏")
LETTERS = {"state": "x", "action": "b", "time": "t", "trajectory": "τ", "draw": "i", "batch": "samples"}


def refuse_misleading(context: Context, *terms: Term) -> None:
    """Raise ``Malformed`` for a name that is none, or that a reader takes for something else."""
    given = {name for term in terms for name in _names(term)} | {name for pair in context.covers for name in pair}
    given |= {name for name, _ in context.scalars} | {str(index[1]) for index, *_ in context.ranges}
    for name in sorted(given - {"pi", HELD}):
        plain = unicodedata.normalize("NFKC", name).translate(ALIKE).rstrip("'")
        if len(name) > LONGEST or not GRAMMAR.match(name) or not name.isprintable():
            raise Malformed(f"{name!r} is no name")
        if plain in NOTATION or plain.startswith(OPERATORS):
            raise Malformed(f"the name {name!r} would be read as notation")


def _names(term: Any) -> Iterator[str]:
    """All text in a term but the heads of its tuples."""
    for part in term[1:]:
        if type(part) is str:
            yield part
        elif type(part) is tuple and part:
            yield from _names(part)
    if term and type(term[0]) is tuple and term[0]:
        yield from _names(term[0])


def lettered(term: Term) -> Term:
    """The term with a letter for each index that is bound, or was (#), by its height; none that is free in it."""
    taken = {name for _, name in free(term)}
    bound: set[Tuple] = {x for x in subterms(term) if is_index(x) and (type(x[1]) is int or x[1][0] == "#")}
    for sort, name in sorted(bound, key=str):
        letter = f"{LETTERS[sort]}{str(name).rpartition('.')[2]}"
        while letter in taken:
            letter += "'"
        taken.add(letter)
        term = replaced(term, (sort, name), (sort, letter))
    return term
