"""Judgements become diagnostics: what is wrong with a theorem, or worth knowing, in the order of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from derive.checking.judgement import Examined, Judgement
from derive.checking.positions import Places, places_of
from derive.checking.scope import reach_of
from derive.checking.theorems import Theorem
from derive.checking.verdict import Estimates, Malformed, NeedsCondition, Refuted, SameMean, Undecided, Unjustified
from derive.codes import KINDS, code_of, headline
from derive.diagnostics import ERROR, NOTE, WARNING, Diagnostic, Fix, Span
from derive.errors import MalformedTerm
from derive.fixing.proposals import fixes
from derive.language.expression import Term
from derive.language.typing import check_equation
from derive.report.marking import wrong_parts
from derive.report.refutation import shape_text, value_text
from derive.report.wording import conditions, hint, shown_path, why, wrong_terms
from derive.rules.rule import Rule


def findings(one: Examined, mends: Mapping[int, Fix] | None = None) -> tuple[Diagnostic, ...]:
    """Everything there is to say of a theorem that is not proved in every respect.

    ``mends`` are fixes of its steps; by default, what the verdicts say already.
    """
    telling = any(not step.as_claimed or step.verdict.code != "proved" or step.notes for step in one.steps)
    places = places_of(one.theorem) if telling else None
    known = fixes(one) if mends is None else mends
    steps = (found for number, _ in enumerate(one.steps, 1)
             for found in _of_step(one, number, places, known.get(number)))
    return (*_shared(one, places), *steps, *_overreaching(one), *_idle(one))


def _of_step(one: Examined, number: int, places: Places | None, fix: Fix | None) -> Iterator[Diagnostic]:
    """What there is to say of a step: of its verdict, unless that is ``proved`` and claimed, and its notes."""
    step = one.steps[number - 1]
    span = _place(step, number, places, endless=one.theorem.endless)
    if not step.as_claimed or step.verdict.code != "proved":
        yield Diagnostic(
            code=code(step), severity=severity(step), message=f"step {number}: {message(step)}", hint=hint(step),
            file=shown_path(one.theorem.file), span=span, theorem=one.theorem.name, step=number, fix=fix)
    for note in step.notes:
        yield Diagnostic(
            code=KINDS["free letter"], severity=NOTE, message=f"step {number}: {note}",
            file=shown_path(one.theorem.file), span=span, theorem=one.theorem.name, step=number)


def _shared(one: Examined, places: Places | None) -> Iterator[Diagnostic]:
    """Terms that make two steps false, and are the only thing that is wrong with them."""
    for number, says in wrong_terms(one):
        by = one.steps[number - 1].by
        span = (places.term(number) if places is not None else None) or _line(by.line)
        yield Diagnostic(
            code=KINDS["shared term"], severity=NOTE, file=shown_path(one.theorem.file), span=span,
            theorem=one.theorem.name, message=says)


def _overreaching(one: Examined) -> Iterator[Diagnostic]:
    """A claim that is false, or not known to be true, where its steps, all of them true, have no meaning."""
    if one.overreaches:
        reach = f", for {one.reach}" if one.reach else ""
        end = f"is false: {_sides(one.claim)}" if isinstance(one.claim, Refuted) else (
            f"is {one.claim.code}: a letter of a line between stands at neither end, and need not have a value")
        yield Diagnostic(
            code=KINDS["more than its steps"], severity=ERROR, file=shown_path(one.theorem.file),
            span=_line(one.theorem.line), theorem=one.theorem.name,
            message=f"every step is true{reach}; the claim end to end {end}")


def _place(step: Judgement, number: int, places: Places | None, *, endless: bool) -> Span | None:
    """The part that is wrong, as it was written; else the term; the reason, where that is the matter."""
    if places is not None:
        parts = wrong_parts(step)
        sides: tuple[int, ...] = (number,)
        if isinstance(step.verdict, Malformed):
            sides = (number - 1, number) if _has_no_meaning(step.before, endless=endless) else (number, number - 1)
        for side in sides if parts else ():
            found = places.part(side, parts, nth=step.verdict.nth if isinstance(step.verdict, Malformed) else 0)
            if found is not None:
                return found
        found = places.term(number) if parts else places.by(number)
        if found is not None:
            return found
    by = step.by
    return Span(line=by.line, column=by.column, end_line=by.line, end_column=by.column + 2) if by.line else None


def _has_no_meaning(side: Term, *, endless: bool) -> bool:
    try:
        check_equation(side, side, endless=endless)
    except MalformedTerm:
        return True
    return False


def code(step: Judgement) -> str:
    """The code of a step: of its verdict, or of a declaration that is not met."""
    declared_otherwise = step.by.relation is None and step.by.expect not in ("proved", step.verdict.code)
    return KINDS["declaration"] if declared_otherwise else code_of(step.verdict.code).number


def severity(step: Judgement) -> str:
    """An error, but for what is declared and for what is true and has no reason."""
    if step.as_claimed:
        return NOTE
    return WARNING if step.lacks_reason else ERROR


def message(step: Judgement) -> str:
    """What is wrong with a step, in one line."""
    if code(step) == KINDS["declaration"]:
        return f"declared {step.by.expect}, found {step.verdict.code}"
    parts = [headline_of(step)]
    parts += [why(step) or "", *(f"owes {condition}" for condition in conditions(step))]
    verdict = step.verdict
    if isinstance(verdict, (Refuted, Estimates, SameMean)):
        parts.append(_sides(verdict))
    return "; ".join(part for part in parts if part)


def _sides(verdict: Refuted | Estimates | SameMean) -> str:
    left, right = (value_text(verdict.witness, side) for side in (verdict.witness.left, verdict.witness.right))
    return f"left side {left}, right side {right} on {shape_text(verdict.witness)}"


def headline_of(step: Judgement) -> str:
    """What is the matter in a few words; of a true step without its reason, for which MDPs it is true."""
    if severity(step) == WARNING and step.equation is not None:
        lacks = "does not give it" if isinstance(step.by.reason, (Rule, Theorem)) else "is missing"
        return f"true for every finite MDP, {reach_of(step.equation.context)}; its reason {lacks}"
    return headline(code(step))


def _idle(one: Examined) -> Iterator[Diagnostic]:
    """Assumptions that are not needed. A claim that fails under more assumptions says more, so its own may stay.

    So may those of a step that is not settled: what is missing there may be what they are for.
    """
    if any(isinstance(step.verdict, (Malformed, Refuted, NeedsCondition, Undecided, Unjustified)) and (
            step.equation is None or step.equation.context.owes) for step in one.steps):
        return
    for assumption in one.idle:
        yield Diagnostic(
            code=KINDS["idle"], severity=WARNING, message=f"the assumption {assumption.name} is idle",
            hint="drop it, and the theorem says more", file=shown_path(one.theorem.file),
            span=_line(one.theorem.line), theorem=one.theorem.name)


def _line(line: int) -> Span:
    return Span(line=line, column=1, end_line=line, end_column=1)


def worst(found: Sequence[Diagnostic]) -> str:
    """The gravest severity; empty for nothing."""
    return next((kind for kind in (ERROR, WARNING, NOTE) if any(one.severity == kind for one in found)), "")
