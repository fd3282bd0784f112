"""The names that a derivation gives: what is shown must be what was checked, so no name looks like something else.

A name is at most 40 letters, digits, ``_`` and ``'``, begins with a letter, and is none that the language has
already, nor one that looks the same: ``function("J")`` would be printed as the objective, ``State("s_0")`` as the
first state of a trajectory, ``Policy("pi_theta")`` as the policy that depends on theta. No two names look the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr

from derive.certificates.names import LONGEST, OPERATORS, TAKEN, TIMED, is_at_a_time, is_name, is_notation, looks
from derive.errors import InvalidChain
from derive.language.binding import Index
from derive.language.definitions import DEFINITIONS
from derive.language.expression import subterms
from derive.language.introduced import Introduced, introduced
from derive.language.terms import Applied, Batch, Defined, Function, Policy, StateValue, Time, Trajectory

_TAKEN = TAKEN | {name for record in DEFINITIONS if record.notation is not None
                  for name in (record.notation.letter, record.notation.python)}
"""Words of the language, and signs that only the language prints."""
_PRINTED = {"phi": "φ for the direction in which the policy moves", "D": "D for the derivative in that direction",
            "theta": "θ for the parameters of the policy"}
"""Names that no proof writes, and what they are printed for."""
_TIMED = TIMED | {
    word for notation in (StateValue.notation, *(record.notation for record in DEFINITIONS))
    if notation is not None and notation.below is not None for word in (notation.letter, notation.python)}
"""Letters that are printed with a time as their subscript."""


def check_names(terms: Iterable[Expr]) -> None:
    """Nothing, if every name in the terms is one.

    Raises:
        InvalidChain: naming the first that is not, and what a name is.
    """
    spoken = list(terms)
    names = introduced(spoken)
    own = {one.record.name: one.record for one in names}
    spoken += [one.body for one in names]
    timed = _TIMED | {looks(name)[0] for name, one in own.items() if one.notation and one.notation.below is not None}
    times = {looks(str(node.label))[0].rstrip("'") for term in spoken for node in term.free_symbols
             if isinstance(node, Time)}
    seen: dict[tuple[str, str], str] = {}
    numbers = {node.args[0] for term in spoken for node in subterms(term)
               if isinstance(node, Applied) and len(node.args) == 1}

    def check_one(node: Expr, name: str) -> None:
        kind = {Function: "function", Defined: "define"}.get(type(node), type(node).__name__)
        kind = "scalar" if node in numbers else kind
        _check(node, kind, name)
        plain, stem, below = looks(name)
        if is_at_a_time(name, timed, times):
            letter = stem.rstrip("'")
            raise InvalidChain(f"{kind}({name!r}) would be read as {letter} at the time {below}. Give another name.")
        sort = "function" if isinstance(node, (Function, Defined)) else kind
        if seen.setdefault((sort, plain), name) != name:
            raise InvalidChain(f"{kind}({name!r}) and {seen[sort, plain]!r} are printed alike. Give another name.")

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


def _check(node: Expr, kind: str, name: str) -> None:
    if isinstance(node, Policy) and (node.learned or node.label == node.HELD):
        return
    if not is_name(name):
        shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}..."
        raise InvalidChain(f"{kind}({shown!r}): a name is at most {LONGEST} letters, digits, _ and ', "
                           "and begins with a letter.")
    plain, stem, _ = looks(name)
    own = isinstance(node, Batch) or (isinstance(node, Trajectory) and plain == "tau")
    if is_notation(name, _TAKEN) and not own:
        printed = _PRINTED.get(stem.rstrip("'"))
        has = f"counterexamples print {printed}" if printed else "the language has this name already"
        raise InvalidChain(f"{kind}({name!r}): {has}, and it would be read as that. Give another one, such as "
                           f"{_free_name(name, stem)}.")


def _free_name(name: str, stem: str) -> str:
    """A name like the one that is taken: with a subscript, where that is read as none of a sum."""
    letter = name.partition("_")[0].strip("'")
    return "f" if stem.rstrip("'") in OPERATORS else f"{letter}_b"
