"""A handout for a course: theorems as exercises with blanks, and their solutions apart. Plain data, as in ``shown``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sympy import Expr

from derive.checking.judgement import Examined
from derive.checking.theorems import Theorem
from derive.checking.verdict import Estimates, SameMean
from derive.language.expression import subterms
from derive.language.horizons import VALUES
from derive.numeric.tabular import FloatArray, TabularMDP
from derive.report.arithmetic import Worked, attempt
from derive.report.inline import capital
from derive.report.shown import Shown, shown

TITLE = "Policy-gradient exercises"
CALCULATION = "calculation"
"""What a student is told of a step that was decided."""
BY_HAND = ("A decision procedure compares the two sides as a whole, so there are no steps to show; by hand, write both "
           "out by their definitions and compare them.")
_WHOLE = re.compile(r"Decided as a whole(?P<sign>[.:,]?)\s*(?P<idea>.*)")


class Blanks(StrEnum):
    """What a student fills in of a chain."""

    REASONS = "reasons"
    SIDES = "sides"
    BOTH = "both"


class Kind(StrEnum):
    """What is asked: the gaps of a chain, a proof of one step, or whether it is true."""

    FILL = "fill"
    SHOW = "show"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class Gap:
    """A line of a chain: its relation, term and reason, and which of these two are blank."""

    relation: str
    term: Expr
    reason: str
    hides_term: bool
    hides_reason: bool


@dataclass(frozen=True, slots=True)
class Exercise:
    """A theorem to work on; ``answer`` is what is true of one that is to be judged, ``solved`` how one is shown.

    ``unworked`` says why there is no arithmetic where there could be some.
    """

    number: int
    kind: Kind
    theorem: Shown
    relation: str
    assumed: tuple[str, ...]
    gaps: tuple[Gap, ...]
    reasons: tuple[str, ...]
    solved: tuple[str, ...]
    worked: Worked | None
    unworked: str
    answer: str
    about: str


@dataclass(frozen=True, slots=True)
class Handout:
    """The exercises, what their models have in common, and which notions their setting has to explain."""

    title: str
    model: tuple[str, ...]
    exercises: tuple[Exercise, ...]
    valued: bool
    endless: bool


def handout(examined: Sequence[Examined], mdp: TabularMDP, theta: FloatArray | None = None, *, title: str = TITLE,
            blanks: Blanks = Blanks.REASONS) -> Handout:
    """The theorems as exercises, in their order; ``mdp`` is the model of the worked arithmetic."""
    found = tuple(_exercise(one, number, mdp, theta, blanks) for number, one in enumerate(examined, 1))
    terms = [term for one in examined for term in one.theorem.chain.terms]
    shared = _shared([exercise.worked.given for exercise in found if exercise.worked is not None])
    own = tuple(replace(one, worked=replace(one.worked, given=tuple(
        line for line in one.worked.given if line not in shared))) if one.worked is not None else one for one in found)
    return Handout(title, shared, own, any(isinstance(node, VALUES) for term in terms for node in subterms(term)),
                   any(one.theorem.endless for one in examined))


def _shared(models: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The lines that all models have, to be said once."""
    return tuple(line for line in models[0] if all(line in each for each in models)) if models else ()


def _exercise(one: Examined, number: int, mdp: TabularMDP, theta: FloatArray | None, blanks: Blanks) -> Exercise:
    told = shown(one, {})
    last = len(told.lines) - 1
    kind = _kind(one, last)
    named = [_reason(one, place) for place in range(last + 1)]
    reasons = tuple(sorted(set(named[1:]), key=str.lower))
    if len(reasons) == 1 and last > 1:  # nobody learns from writing the one possible reason on every line
        blanks = Blanks.SIDES
    gaps = tuple(Gap(line.relation, line.term, named[place], _is_hidden(place, last, blanks),
                     place > 0 and blanks is not Blanks.SIDES) for place, line in enumerate(told.lines))
    tried = None if kind is Kind.JUDGE or not one.follows else attempt(one.theorem, mdp, theta)
    return Exercise(
        number, kind, told, "≟" if kind is Kind.JUDGE else one.theorem.sign,
        tuple(assumption.says for assumption in one.theorem.assumes),
        gaps if kind is Kind.FILL else (), reasons, _solved(told.words.outline, reasons),
        tried if isinstance(tried, Worked) else None, tried if isinstance(tried, str) else "", _answer(one),
        told.words.statement.removesuffix("False."))


def _solved(outline: Sequence[str], reasons: Sequence[str]) -> tuple[str, ...]:
    """How a step is shown: the outline of its author, or the reason; that it was decided is no help to a student."""
    if not outline:
        return (BY_HAND,) if reasons == (CALCULATION,) else (f"By {'; '.join(reasons)}.",)
    return tuple(_helpful(item) for item in outline)


def _helpful(item: str) -> str:
    """An item of an outline; one that says 'decided as a whole' says what follows from that instead."""
    found = _WHOLE.match(item)
    if found is None:
        return item
    how = f"It is decided as a whole, {found['idea']}" if found["sign"] == "," else capital(found["idea"])
    return f"{how} {BY_HAND}".strip()


def _kind(one: Examined, last: int) -> Kind:
    """A chain that breaks at a relation claims nothing end to end, so there is nothing to show or to judge."""
    if one.theorem.broken is not None:
        return Kind.FILL
    return Kind.JUDGE if not one.follows else Kind.SHOW if last == 1 else Kind.FILL


def _is_hidden(place: int, last: int, blanks: Blanks) -> bool:
    """The claim stands: of a chain the first and the last term are shown."""
    return 0 < place < last and blanks is not Blanks.REASONS


def _reason(one: Examined, place: int) -> str:
    """The reason as a student knows it: a rule, an earlier result, a calculation."""
    if place == 0:
        return ""
    reason = one.steps[place - 1].by.reason
    if isinstance(reason, Theorem):
        return reason.title
    told = str(reason).replace("_", " ") if reason is not None else ""
    return CALCULATION if told in ("", "automata") else told


def _answer(one: Examined) -> str:
    """True, false, or true of the means only."""
    if one.follows or one.holds:
        return "True."
    if one.claim.code in (Estimates.code, SameMean.code):
        return "Not as an equality: one side is random. The means are equal."
    if one.claim.code == "needs-condition":
        return "Only under a condition."
    return "False." if one.claim.code in ("refuted", "malformed") else f"Open: {one.claim.code}."
