"""Unfolding a definition: one rule for each record, which reads what the notion stands for from it."""

from __future__ import annotations

from typing import Any

from sympy import Expr

from derive.errors import InvalidChain, MalformedTerm, named
from derive.language.assumptions import Assumption, additive_return
from derive.language.definitions import (
    DEFINITIONS,
    EXPECTED_REWARD,
    OBJECTIVE,
    RETURN,
    TRAJECTORY_PROBABILITY,
    VARIANCE,
    definition_of,
    meaning_of,
)
from derive.language.expansion import Definition
from derive.language.horizons import is_endless
from derive.language.vocabulary import Letter, P, R, as_a_sum, r, variance
from derive.rules.rule import Rewrite, Rule


def unfolded(term: Expr, *, additive: bool = True) -> Expr | None:
    """What a notion stands for as its rule writes it, J as a sum over trajectories; None where there is nothing.

    Sums over trajectories run over those that are possible under pi, if they are narrowed,
    so the J of another policy stays an expectation and has no rule.
    """
    record = definition_of(term)
    try:
        meaning = meaning_of(term, additive=additive, infinite=is_endless(term))
    except MalformedTerm:
        return None
    if record is not OBJECTIVE or meaning is None:
        return meaning
    return as_a_sum(meaning) if term.args[0].learned else None


def _rewrite(record: Definition) -> Rewrite:
    def rewrite(node: Expr) -> Expr:
        if definition_of(node) != record:
            return node
        meaning = unfolded(node)
        return node if meaning is None else meaning

    return rewrite


def rule_of(record: Definition) -> Rule:
    """The rule that replaces a notion by what it stands for.

    Raises:
        InvalidChain: for a notion that has no terms of its own.
    """
    term = record(*record.example)
    right = unfolded(term) if definition_of(term) == record else None
    if right is None:
        raise InvalidChain(f"{record.name} is written out at once and has no definition to unfold.")
    additive = unfolded(term, additive=False) is None
    conditions = "the return is declared additive" if additive else "none"
    assumes: tuple[Assumption, ...] = (additive_return,) if additive else ()
    letter = record.notation.python if record.notation is not None else record.name
    return Rule(
        spelling=f"definition({letter})",
        name=f"definition_of_{record.name}", statement=f"{term} = {right}", proof=record.says,
        conditions="the policy is π_θ" if record is OBJECTIVE else conditions,
        rewrite=_rewrite(record), takes=lambda: (term, right), refuses=lambda: (term, right + right), assumes=assumes)


_WITH_TERMS = tuple(record for record in DEFINITIONS if record.node is not None)
DEFINITION_RULES = tuple(map(rule_of, _WITH_TERMS))


def definition(subject: Any) -> Rule:
    """The rule that unfolds a defined notion: ``definition(J)``, ``definition(P)``, ``definition(Q)``.

    Raises:
        InvalidChain: for anything that has no definition here.
    """
    record = _record(subject)
    if record is None or record.node is None:
        *names, last = (one.notation.python for one in _WITH_TERMS if one.notation is not None)
        raise InvalidChain(f"definition({named(subject)}) is unknown. {', '.join(names)} and {last} have definitions.")
    listed = zip(_WITH_TERMS, DEFINITION_RULES, strict=True)
    return next((rule for one, rule in listed if one == record), None) or rule_of(record)


def _record(subject: Any) -> Definition | None:
    if isinstance(subject, Definition):
        return subject
    if isinstance(subject, Letter):
        return subject.make if isinstance(subject.make, Definition) else None
    for spoken, record in ((P, TRAJECTORY_PROBABILITY), (R, RETURN), (variance, VARIANCE),
                           (r, EXPECTED_REWARD)):
        if subject is spoken:
            return record
    return definition_of(subject) if isinstance(subject, Expr) else None
