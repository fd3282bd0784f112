"""What the letters of a theorem stand for: the names that it introduces, and the field's notions that it uses."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from derive.checking.theorems import Theorem
from derive.language.definitions import meaning_of
from derive.language.expansion import Definition
from derive.language.expression import subterms
from derive.language.introduced import introduced
from derive.language.terms import SCALAR, Defined


def stand_for(theorem: Theorem) -> tuple[tuple[Expr, Expr], ...]:
    """Terms and what they stand for, names first.

    Return, objective, trajectory probability and values are not among them: every document explains them.
    """
    names = introduced(theorem.chain.terms)
    spoken = [*theorem.chain.terms, *(name.body for name in names)]
    found = {name.record: (name.term, name.body) for name in names}
    for term in spoken:
        for record in _notions(term):
            if record not in found:
                shown = record(*record.example)
                meaning = meaning_of(shown, additive=True, infinite=theorem.endless or record.infinite)
                assert meaning is not None
                found[record] = (shown, meaning)
                spoken.append(meaning)  # which is read in its turn: an occupancy is a sum of marginals
    return tuple(found.values())


def _notions(term: Expr) -> Iterator[Definition]:
    """The notions of a term, but for operators, which stand for something else at each scalar."""
    for node in subterms(term):
        if isinstance(node, Defined) and SCALAR not in node.record.sorts:
            yield node.record
