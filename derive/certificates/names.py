"""Names that are given: what is printed is what was checked, so no name is read as notation, or as another name.

A name is at most 40 letters, digits, ``_`` and ``'`` and begins with a letter. Letters are those of alphabets whose
signs are known here; what looks like a letter of another (a Cyrillic a) is compared as that. Standard library only, for
a certificate names things too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from derive.kernel.contexts import Context
from derive.kernel.terms import HELD, Malformed, Term, Tuple, free, is_index, replaced, subterms

LONGEST = 40
_GRAMMAR = re.compile(r"[^\W\d_][\w']*\Z")
_LETTERS = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
"""Latin, Greek, Cyrillic, Japanese, Chinese and Korean ones."""
_ALIKE = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο" "АВЕКМНОРСТУХЅІЈаеосрухіјѕѵ" "ԚԛԜԝһԁ",
                       "ABEZHIKMNOPTYXo" "ABEKMHOPCTYXSIJaeocpyxijsv" "QqWwhd")
"""Greek and Cyrillic letters that are printed as Latin ones are."""
_SPELLED = {"lamda": "lambda", "final sigma": "sigma"}
TAKEN = frozenset((
    "A", "D", "E", "G", "H", "J", "KL", "P", "Pr", "Q", "R", "V", "Var", "d", "dbar", "delta", "entropy", "expect",
    "forever", "gamma", "grad", "infinity", "inner", "kl", "log", "m", "mean", "mu", "outer", "p", "partial", "phi",
    "pi", "pi_old", "pi_theta", "prod", "r", "ratio", "same", "sum", "tau", "theta", "total", "tr", "trace",
    "variance"))
"""Words of the language, and signs that only the language prints."""
OPERATORS = frozenset(("E", "Var", "Σ", "Π"))
"""Signs of operators that bind a letter: no name begins with one and goes on with a subscript or a prime."""
TIMED = frozenset(("A", "G", "Q", "V", "a", "delta", "h", "p", "s"))
"""Letters that are printed with a time as their subscript."""
_PARAMETERS = ("theta", "pi", "pi_theta")
TIMES = re.compile(r"\d+\Z|[Htkjl]\Z")
"""Subscripts that are times: numbers, the last one, and the letters that bound times are printed with."""
BOUND = {"state": "x", "action": "b", "time": "t", "trajectory": "τ", "draw": "i", "batch": "samples"}


def is_name(name: str) -> bool:
    """Whether this is one by its letters."""
    return len(name) <= LONGEST and _GRAMMAR.match(name) is not None and all(
        c in "_'0123456789ϕϑϖ" or (_LETTERS.match(c) and unicodedata.normalize("NFKC", c) == c) for c in name)


def looks(name: str) -> tuple[str, str, str]:
    """A name as it is printed, Greek letters by their names; its letter; its subscript, without primes."""
    folded = unicodedata.normalize("NFKC", name).translate(_ALIKE)
    stem, _, below = folded.rstrip("'").partition("_")
    stem, below = (_spelled(part) for part in (stem, below))
    primes = "'" * (len(folded) - len(folded.rstrip("'")))
    return f"{stem}_{below}{primes}" if below else stem + primes, stem, below


def _spelled(part: str) -> str:
    """The name of a small Greek letter; other text as it is."""
    found = unicodedata.name(part, "") if len(part) == 1 else ""
    plain = found.removeprefix("GREEK SMALL LETTER ").lower()
    return _SPELLED.get(plain, plain) if plain != found.lower() and " " not in plain else part


def is_notation(name: str, taken: Iterable[str] = TAKEN) -> bool:
    """Whether a name is read as what the language prints: J, J_theta (a letter of ours with a parameter), pi theta."""
    plain, stem, below = looks(name)
    stem = stem.rstrip("'")
    return plain in taken or stem in OPERATORS or (below in _PARAMETERS and stem in taken) or (
        len(stem) > 1 and all(_spelled(c) in ("pi", "theta", "gamma", "mu", "tau") for c in stem))


def is_at_a_time(name: str, timed: Iterable[str] = TIMED, times: Iterable[str] = ()) -> bool:
    """Whether a name is read as one of ours at a time: V_3, s_t."""
    _, stem, below = looks(name)
    return bool(below) and stem.rstrip("'") in timed and (TIMES.match(below) is not None or below in times)


# -- in a certificate --------------------------------------------------------------------------------------


def refuse_misleading(context: Context, *terms: Term) -> None:
    """Raise ``Malformed`` for a name that is none, or that a reader takes for something else."""
    given = {name for term in terms for name in _names(term)} | {name for pair in context.covers for name in pair}
    given |= {name for name, _ in context.scalars} | {str(index[1]) for index, *_ in context.ranges}
    paths = {name for term in terms for sort, name in free(term) if sort in ("trajectory", "batch")}
    seen: dict[str, str] = {}
    for name in sorted(given - {"pi", HELD} - (paths & {"tau", "samples"})):
        if not is_name(name):
            raise Malformed(f"{name!r} is no name")
        if is_notation(name) or is_at_a_time(name):
            raise Malformed(f"the name {name!r} would be read as notation")
        if seen.setdefault(looks(name)[0], name) != name:
            raise Malformed(f"the names {name!r} and {seen[looks(name)[0]]!r} are printed alike")


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
    """The term with a letter for each index that is bound, or was (#), by its height; none that a name looks like."""
    known = [looks(name) for name in _names(term) if name[0] != "#"]
    taken = {plain for plain, _, _ in known} | {below for _, _, below in known}
    bound: set[Tuple] = {x for x in subterms(term) if is_index(x) and (type(x[1]) is int or x[1][0] == "#")}
    for sort, name in sorted(bound, key=str):
        letter = f"{BOUND[sort]}{str(name).rpartition('.')[2]}"
        while looks(letter)[0] in taken:
            letter += "'"
        taken.add(looks(letter)[0])
        term = replaced(term, (sort, name), (sort, letter))
    return term
