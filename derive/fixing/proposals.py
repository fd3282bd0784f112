"""What would make the steps of a theorem as claimed, tried by the checker before it is proposed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeAlias

from sympy import Expr

from derive.checking.judgement import Examined, Judgement
from derive.checking.theorems import By, Chain, Theorem
from derive.checking.verdict import NeedsCondition, Proved, Refuted, Unjustified
from derive.diagnostics import Fix
from derive.errors import DoesNotMatch, InvalidChain, MalformedTerm, NotATerm, OutsideFragment, WorkLimit
from derive.fixing.search import sequences
from derive.fixing.spelling import NotSpelled, Spelled
from derive.fixing.writing import Written, written
from derive.language.assumptions import POSSIBLE, VOCABULARY
from derive.language.expression import subterms
from derive.language.terms import Policy
from derive.rules import automata
from derive.rules.rule import Rule

MOST_TRIED = 6
"""Sequences that are put to the checker."""
_HINTED = re.compile(r"by\((.*)\) gives this step")
_SETTLING = re.compile(r"holds under (.*?)(?:, wherever both sides are defined)?")

Examine = Callable[[Theorem], Examined]
Part: TypeAlias = str | Theorem | Expr
"""A rule by its name, a lemma, or a term between two reasons."""


def fixes(one: Examined, examine: Examine | None = None) -> dict[int, Fix]:
    """A fix for each step, counted from 1, that one is known for.

    Without ``examine`` only what the verdicts say already: one rule, or an assumption. With it, sequences are
    looked for too, and put to the checker.
    """
    wrong = [(number, step) for number, step in enumerate(one.steps, 1)
             if not step.as_claimed and step.by.expect == Proved.code]
    place = written(one.theorem) if wrong else None
    if place is None:
        return {}
    found = ((number, _fix(one.theorem, number, step, place, examine)) for number, step in wrong)
    known = {number: fix for number, fix in found if fix is not None}
    return {number: fix for number, fix in known.items() if _serves_all(one, number, known)}


def _serves_all(one: Examined, number: int, known: Mapping[int, Fix]) -> bool:
    """Whether a fix does what each of the steps needs whose reason is written at the same place, as in a loop."""
    by = one.steps[number - 1].by
    if known[number].unsafe and isinstance(one.steps[number - 1].verdict, (NeedsCondition, Refuted)):
        return True  # it is about the assumptions
    shared = [other for other, step in enumerate(one.steps, 1)
              if by.line and (step.by.line, step.by.column) == (by.line, by.column)]
    return all(other in known and known[other].edits == known[number].edits for other in shared)


def _fix(theorem: Theorem, number: int, step: Judgement, place: Written, examine: Examine | None) -> Fix | None:
    says = f"step {number} of {theorem.name}"
    match step.verdict:
        case Unjustified():
            for reasons in _reasons(theorem, step, place, examine):
                try:
                    spelled = [_spelled(one, place) for one in reasons]
                except (NotSpelled, NotATerm):
                    continue
                names = ", ".join(one.text for one in spelled[::2])
                return place.by_step(step.by, spelled, f"{says}: by({names})", unsafe=isinstance(step.by.reason, str))
        case NeedsCondition() | Refuted():
            return _assuming(step, place, says)
    return None


def _spelled(one: Part, place: Written) -> Spelled:
    match one:
        case str():
            return place.scope.python(one)
        case Theorem():
            return place.scope.theorem(one)
    return place.scope.term(one)


def _reasons(theorem: Theorem, step: Judgement, place: Written, examine: Examine | None) -> Iterator[Sequence[Part]]:
    """Reasons in the place of the one that is given, with the terms between.

    One rule, a lemma of the same file, a sequence of rules, the automata.
    """
    assert isinstance(step.verdict, Unjustified)
    found = _HINTED.fullmatch(step.verdict.hint)
    hinted = found[1] if found else ""
    if hinted and hinted != automata.name:
        yield [hinted]
    if examine is not None:
        yield from ([lemma] for lemma in _lemmas(theorem, step, place, examine))
        yield from _sequences(theorem, step, examine)
    if hinted == automata.name:
        yield [hinted]


def _lemmas(theorem: Theorem, step: Judgement, place: Written, examine: Examine) -> Iterator[Theorem]:
    """The theorems of the file that give the step, the nearest above first; the checker says which are proved."""
    own = [one for one in place.scope.theorems if one is not theorem and one.file == theorem.file
           and set(one.assumes) <= set(theorem.assumes)]
    for lemma in sorted(own, key=lambda one: (one.line > theorem.line, abs(one.line - theorem.line))):
        if _is_proved(theorem, (step.before, step.after), (lemma,), step, examine):
            yield lemma


def _is_proved(theorem: Theorem, terms: Sequence[Expr], reasons: Sequence[Rule | Theorem], step: Judgement,
               examine: Examine) -> bool:
    """Whether the checker proves every step of a chain in the place of the step."""
    by = tuple(By(reason, None, Proved.code, step.by.line) for reason in reasons)
    part = replace(_plain(theorem), written=Chain(tuple(terms), by))
    try:
        return all(isinstance(each.verdict, Proved) for each in examine(part).steps)
    except (DoesNotMatch, InvalidChain, MalformedTerm, NotATerm, OutsideFragment, WorkLimit):
        return False


def _sequences(theorem: Theorem, step: Judgement, examine: Examine) -> Iterator[Sequence[Part]]:
    def usable(rule: Rule) -> bool:
        return set(rule.assumes) <= set(theorem.assumes)

    for path in islice(sequences(step.before, step.after, usable), MOST_TRIED):
        if _is_proved(theorem, (step.before, *path.terms, step.after), path.rules, step, examine):
            mixed: list[Part] = [path.rules[0].python]
            for rule, term in zip(path.rules[1:], path.terms, strict=True):
                mixed += [term, rule.python]
            yield mixed


def _plain(theorem: Theorem) -> Theorem:
    return Theorem(theorem.title, theorem.name, theorem.assumes, theorem.file, theorem.line, theorem.docstring,
                   theorem.written)


# -- assumptions -----------------------------------------------------------------------------------


def _assuming(step: Judgement, place: Written, says: str) -> Fix | None:
    """The assumptions that the verdict names; the claim becomes another, so the fix is not safe."""
    if isinstance(step.verdict, NeedsCondition):
        names: Sequence[str] = step.verdict.settled_by
    else:
        found = _SETTLING.fullmatch(getattr(step.verdict, "note", ""))
        names = [found[1]] if found else []
    if not names:
        return None
    try:
        spelled = [_assumption(name, step, place) for name in names]
    except (NotSpelled, NotATerm):
        return None
    return place.assuming(spelled, f"{says}: assumes {', '.join(names)}")


def _assumption(name: str, step: Judgement, place: Written) -> Spelled:
    """How an assumption of this name is written.

    Raises:
        NotSpelled: if it is about something that has no name here.
    """
    if name == POSSIBLE.name or name in {one.name for one in VOCABULARY} or name.startswith("samples_at_least("):
        return place.scope.python(name)
    if name.startswith("covers("):
        for policy in {node for side in (step.before, step.after) for node in subterms(side)
                       if isinstance(node, Policy) and name == f"covers({node}, π_θ)"}:
            covering, covered = place.scope.term(policy), place.scope.python("pi")
            word = place.scope.python("covers")
            return Spelled(f"{word.text}({covering.text}, {covered.text})",
                           covering.missing | covered.missing | word.missing)
    raise NotSpelled(f"{name} is not written so")
