"""The names that a derivation gives: what is shown must be what was checked, so no name looks like something else.

A name is at most 40 letters, digits, ``_`` and ``'``, begins with a letter, and is none that the language has
already, nor one that looks the same: ``function("J")`` would be printed as the objective, ``State("s_0")`` as the
first state of a trajectory, ``Policy("pi_theta")`` as the policy that depends on theta. No two names look the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sympy import Expr

from derive.certificates.names import ALIKE, GRAMMAR, LONGEST
from derive.errors import InvalidChain
from derive.language.alphabets import UNICODE
from derive.language.binding import Index
from derive.language.definitions import DEFINITIONS
from derive.language.expression import subterms
from derive.language.introduced import Introduced, introduced
from derive.language.terms import Applied, Batch, Defined, Function, Policy, StateValue, Time, Trajectory

_TAKEN = frozenset((
    "D", "E", "H", "J", "P", "Pr", "R", "V", "Var", "m", "r", "mu", "pi", "gamma", "theta", "phi", "tau", "pi_old",
    "pi_theta", "same", "log", "grad", "forever", "infinity", "sum", "prod", "mean", "expect", "total", "variance",
    "ratio", "outer", "inner", "trace", "tr", *(name for record in DEFINITIONS if record.notation is not None
               for name in (record.notation.letter, record.notation.python))))
"""Words of the language, and signs that only the language prints."""
_PRINTED = {"phi": "φ for the direction in which the policy moves", "D": "D for the derivative in that direction",
            "theta": "θ for the parameters of the policy"}
"""Names that no proof writes, and what they are printed for."""
_OPERATORS = frozenset(UNICODE.signs[sign] for sign in ("sum", "prod", "E", "Var"))
"""Signs of operators that bind a letter: no name begins with one and goes on with a subscript or a prime."""
_TIMED = frozenset(("s", "a", "h", *(
    word for notation in (StateValue.notation, *(record.notation for record in DEFINITIONS))
    if notation is not None and notation.below is not None for word in (notation.letter, notation.python))))
"""Letters that are printed with a time as their subscript."""
_TIMES = re.compile(r"\d+\Z|[Htkjl]\Z")
"""Subscripts that are times: numbers, the last one, and the letters that bound times are printed with."""
_GREEK = {**{sign: name for name, sign in UNICODE.letters.items()}, "ϕ": "phi", "ϑ": "theta", "ϖ": "pi"}


def check_names(terms: Iterable[Expr]) -> None:
    """Nothing, if every name in the terms is one.

    Raises:
        InvalidChain: naming the first that is not, and what a name is.
    """
    spoken = list(terms)
    names = introduced(spoken)
    own = {one.record.name: one.record for one in names}
    spoken += [one.body for one in names]
    timed = _TIMED | {_looks(name)[0] for name, one in own.items() if one.notation and one.notation.below is not None}
    times = {_looks(str(node.label))[0].rstrip("'") for term in spoken for node in term.free_symbols
             if isinstance(node, Time)}
    seen: dict[tuple[str, str], str] = {}
    numbers = {node.args[0] for term in spoken for node in subterms(term)
               if isinstance(node, Applied) and len(node.args) == 1}

    def check_one(node: Expr, name: str) -> None:
        kind = {Function: "function", Defined: "define"}.get(type(node), type(node).__name__)
        kind = "scalar" if node in numbers else kind
        _check(node, kind, name)
        looks, stem, below = _looks(name)
        stem = stem.rstrip("'")
        if below and stem in timed and (_TIMES.match(below) or below in times):
            raise InvalidChain(f"{kind}({name!r}) would be read as {stem} at the time {below}. Give another name.")
        sort = "function" if isinstance(node, (Function, Defined)) else kind
        if seen.setdefault((sort, looks), name) != name:
            raise InvalidChain(f"{kind}({name!r}) and {seen[sort, looks]!r} are printed alike. Give another name.")

    for term in spoken:
        for node in (*subterms(term), *term.free_symbols):
            if isinstance(node, (Function, Policy)) or (isinstance(node, Index) and isinstance(node.label, str)):
                check_one(node, str(node.label))
                if not isinstance(node, Index) and str(node.label) in own:
                    raise InvalidChain(f"{node.label} is a name that define(...) introduces, and another name too.")
            if isinstance(node, Defined) and isinstance(node.record.stands_for, Introduced):
                check_one(node, node.record.name)
                if own[node.record.name] != node.record:
                    raise InvalidChain(f"define({node.record.name!r}, ...) introduces two things under one name.")


def _looks(name: str) -> tuple[str, str, str]:
    """A name as it is printed, signs by their names; its letter; its subscript, without primes."""
    folded = unicodedata.normalize("NFKC", name).translate(ALIKE)
    stem, _, below = folded.rstrip("'").partition("_")
    stem, below = (_GREEK.get(part, part) for part in (stem, below))
    primes = "'" * (len(folded) - len(folded.rstrip("'")))
    return f"{stem}_{below}{primes}" if below else stem + primes, stem, below


def _check(node: Expr, kind: str, name: str) -> None:
    if isinstance(node, Policy) and (node.learned or node.label == node.HELD):
        return
    if len(name) > LONGEST or not GRAMMAR.match(name) or not name.isprintable():
        shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}..."
        raise InvalidChain(f"{kind}({shown!r}): a name is at most {LONGEST} letters, digits, _ and ', "
                           "and begins with a letter.")
    plain, stem, _ = _looks(name)
    own = isinstance(node, Batch) or (isinstance(node, Trajectory) and plain == "tau")
    if (plain in _TAKEN or stem.rstrip("'") in _OPERATORS) and not own:
        printed = _PRINTED.get(stem.rstrip("'"))
        has = f"counterexamples print {printed}" if printed else "the language has this name already"
        raise InvalidChain(f"{kind}({name!r}): {has}, and it would be read as that. Give another one, such as "
                           f"{_free_name(name, stem)}.")


def _free_name(name: str, stem: str) -> str:
    """A name like the one that is taken: with a subscript, where that is read as none of a sum."""
    letter = name.partition("_")[0].strip("'")
    return "f" if stem.rstrip("'") in _OPERATORS else f"{letter}_b"
