"""The names that a derivation gives: what is shown must be what was checked, so no name looks like something else.

A name is at most 40 letters, digits, ``_`` and ``'``, begins with a letter, and is none that the language has
already, nor one that looks the same: ``function("J")`` would be printed as the objective.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sympy import Expr

from derive.errors import InvalidChain
from derive.language.binding import Index
from derive.language.definitions import DEFINITIONS
from derive.language.expression import subterms
from derive.language.terms import Batch, Function, Policy, Trajectory

LONGEST = 40
_GRAMMAR = re.compile(r"[^\W\d_][\w']*\Z")
_TAKEN = frozenset((
    "D", "E", "H", "J", "P", "Pr", "R", "V", "Var", "m", "r", "mu", "pi", "gamma", "theta", "phi", "tau", "pi_old",
    "π_old", "same", "log", "grad", "forever", "infinity", "sum", "prod", "mean", "expect", "total", "variance",
    "ratio", *(name for record in DEFINITIONS if record.notation is not None
               for name in (record.notation.letter, record.notation.python))))
"""Words of the language, and signs that only the language prints."""
_GREEK = {"μ": "mu", "π": "pi", "γ": "gamma", "θ": "theta", "δ": "delta", "φ": "phi", "τ": "tau", "ϕ": "phi",
          "ϑ": "theta", "ϖ": "pi", "µ": "mu"}
_ALIKE = str.maketrans("ΑΕΗΡАЕНРЈԚѴаер", "AEHPAEHPJQVaep")
"""Greek and Cyrillic letters that are printed as Latin ones are."""


def check_names(terms: Iterable[Expr]) -> None:
    """Nothing, if every name in the terms is one.

    Raises:
        InvalidChain: naming the first that is not, and what a name is.
    """
    for term in terms:
        for node in (*subterms(term), *term.free_symbols):
            if isinstance(node, (Function, Policy)) or (isinstance(node, Index) and isinstance(node.label, str)):
                _check(node, str(node.label))


def _check(node: Expr, name: str) -> None:
    if isinstance(node, Policy) and (node.learned or node.label == node.HELD):
        return
    kind = "function" if isinstance(node, Function) else type(node).__name__
    if len(name) > LONGEST or not _GRAMMAR.match(name) or not name.isprintable():
        shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}..."
        raise InvalidChain(f"{kind}({shown!r}): a name is at most {LONGEST} letters, digits, _ and ', "
                           "and begins with a letter.")
    plain = unicodedata.normalize("NFKC", name).translate(_ALIKE)
    plain = _GREEK.get(plain, plain)
    if plain in _TAKEN and not (isinstance(node, Trajectory) and plain == "tau") and not isinstance(node, Batch):
        raise InvalidChain(f"{kind}({name!r}): the language has this name already, and it would be read as that. "
                           "Give another one.")
