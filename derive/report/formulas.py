"""Terms as LaTeX that any engine takes: names are checked, and letters beyond ASCII become commands."""

from __future__ import annotations

import re

from sympy import Expr

from derive.errors import BadInput
from derive.language.alphabets import LATEX
from derive.language.expression import subterms
from derive.language.notation import write
from derive.language.terms import Policy
from derive.report.escape import Tex, in_mathematics
from derive.report.lines import broken

_NAME = re.compile(r"[\w,']*")


def formula(term: Expr) -> Tex:
    """The term in LaTeX, for mathematics mode.

    Raises:
        BadInput: if a name in it is made of more than letters, digits, _ and '.
    """
    for node in subterms(term):
        label = getattr(node, "label", "")
        if isinstance(label, str) and not _NAME.fullmatch(label) and label != Policy.HELD:
            raise BadInput(f"The name {label!r} cannot be set in a formula. Use letters, digits, _ and ' only.")
    written = write(term, LATEX)
    return Tex(written if written.isascii() else "".join(
        char if char.isascii() else in_mathematics(char) for char in written))


def lines(term: Expr, first: float, following: float | None = None) -> list[Tex]:
    """The term in LaTeX, broken so that no line is wider than so many points."""
    return broken(formula(term), first, following)
