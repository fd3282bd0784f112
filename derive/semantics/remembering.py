"""Values that an evaluator computes once."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr

from derive.language.binding import Binder, Index
from derive.language.terms import ActionAt, StateAt
from derive.semantics.indices import Environment
from derive.semantics.jets import Jet

Meaning = Callable[[Environment], Jet]
"""The value of a term with its derivatives, as a function of its free indices."""


def computed_once(meaning: Meaning) -> Meaning:
    """A closed term has one value, however many loops it stands in."""
    found: list[Jet] = []

    def remembered(environment: Environment) -> Jet:
        if not found:
            found.append(meaning(environment))
        return found[0]

    return remembered


def reads(term: Expr) -> set[Expr]:
    """The states, actions and times in a term, and its other variables and its binders."""
    if isinstance(term, (StateAt, ActionAt, Index, Binder)):
        return {term}
    return {read for argument in term.args for read in reads(argument)}
