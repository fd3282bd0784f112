"""What a report on the screen or in Typst says of theorems, as plain data: terms, words, verdicts, models.

The writers (``page``, ``typeset``) choose how a term and a word look; nothing here is markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sympy import Expr

from derive.checking.judgement import Examined, Judgement
from derive.checking.theorems import Theorem
from derive.checking.verdict import Estimates, Malformed, NotClaimed, Proved, Refuted, SameMean
from derive.diagnostics import visible
from derive.report.findings import message
from derive.report.inline import capital
from derive.report.notions import stand_for
from derive.report.per_trajectory import Share, claim_of, shares
from derive.report.prose import Words, words
from derive.report.refutation import describe
from derive.report.spelled_out import SpelledStep, spelled_step
from derive.report.wording import Assumed, assumed, conditions, hint, reason_text, side_conditions, wrong_terms

_IN_THE_MEAN = (Estimates.code, SameMean.code)
_COLOURS = {Proved.code: "good", Refuted.code: "bad", Malformed.code: "bad"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chain: the relation, the term, and the step that leads to it."""

    term: Expr
    relation: str = ""
    number: int | None = None
    reason: str = ""
    lemma: str = ""
    tag: str = ""
    verdict: str = ""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A step that is no equality: the model at which the sides differ, line by line, and trajectory by trajectory."""

    number: int
    before: Expr
    after: Expr
    model: tuple[str, ...]
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """What there is to say of a step beyond its verdict."""

    number: int
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A theorem on the page."""

    label: str
    title: str
    words: Words
    before: Expr
    after: Expr
    relation: str
    names: tuple[tuple[Expr, Expr], ...]
    assumed: tuple[Assumed, ...]
    lines: tuple[Line, ...]
    remarks: tuple[Remark, ...]
    conditions: tuple[tuple[int, tuple[str, ...]], ...]
    spelled: SpelledStep | None
    scopes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    differences: tuple[Difference, ...]
    conclusion: str
    colour: str
    expected: str


@dataclass(frozen=True, slots=True)
class Group:
    """Theorems of one kind under a heading, with a sentence about them if they need one."""

    heading: str
    about: str
    theorems: tuple[Shown, ...]


def groups(examined: Sequence[Examined]) -> tuple[Group, ...]:
    """The theorems, then what holds in the mean only, then what is wrong on purpose; none is empty."""
    labels = {one.theorem: f"theorem-{number}" for number, one in enumerate(examined, 1)}
    every = [shown(one, labels) for one in examined]
    found = (
        Group("Theorems", "", tuple(one for one in every if one.expected == Proved.code)),
        Group("Lines that hold in the mean", "One side is random; read as equalities these lines are not true, but "
              "the means of their sides are equal.", tuple(one for one in every if one.expected in _IN_THE_MEAN)),
        Group("Refuted twins", "Wrong on purpose: each is a plausible slip, next to what a checker makes of it.",
              tuple(one for one in every if one.expected not in (Proved.code, *_IN_THE_MEAN))))
    return tuple(group for group in found if group.theorems)


def shown(one: Examined, labels: dict[Theorem, str]) -> Shown:
    """A theorem as it is shown; ``labels`` are those that a link can lead to."""
    theorem, terms = one.theorem, one.theorem.chain.terms
    claimed = one.expected == Proved.code
    return Shown(
        label=labels.get(theorem, ""), title=visible(theorem.title), words=words(theorem.docstring),
        before=terms[0], after=terms[-1],
        relation=theorem.sign if theorem.broken is not None or (claimed and one.as_claimed) else "≟",
        names=stand_for(theorem),
        assumed=assumed(one),
        lines=(Line(terms[0]), *(_line(step, number, labels) for number, step in enumerate(one.steps, 1))),
        remarks=tuple(_remarks(one)),
        conditions=tuple((number, tuple(map(str, new))) for number, new in enumerate(side_conditions(one), 1) if new),
        spelled=spelled_step(terms) if one.follows else None, scopes=tuple(_scopes(one.steps)),
        differences=tuple(_differences(one)), conclusion=_conclusion(one),
        colour="good" if one.follows else _COLOURS.get(one.claim.code, "fair"),
        expected=one.expected)


def _line(step: Judgement, number: int, labels: dict[Theorem, str]) -> Line:
    reason = step.by.reason
    sign = step.by.sign if isinstance(step.verdict, (Proved, NotClaimed)) else "≟"
    return Line(
        step.after, sign, number, visible(reason_text(step)),
        labels.get(reason, "") if isinstance(reason, Theorem) else "", visible(step.by.tag or ""),
        step.verdict.code, _COLOURS.get(step.verdict.code, "fair"))


def _remarks(one: Examined) -> list[Remark]:
    found = []
    for number, step in enumerate(one.steps, 1):
        if step.verdict.code != Proved.code or not step.as_claimed:
            owed = "; ".join(f"owes {condition}" for condition in conditions(step))
            text = message(step) if not step.as_claimed else owed
            if step.by.expect not in (Proved.code, step.verdict.code):
                text = f"{text}; declared {step.by.expect}"
            if text:  # what is refuted as declared needs no word
                found.append(Remark(number, visible(text), visible(hint(step))))
        found += [Remark(number, visible(note), "") for note in step.notes]
    return [*found, *(Remark(number, says, "") for number, says in wrong_terms(one))]


def _scopes(steps: Sequence[Judgement]) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Scopes, each said once for consecutive steps that share it."""
    found, number = [], 1
    for scope, run in groupby(steps, key=lambda step: step.scope):
        last = number + len(list(run)) - 1
        if scope is not None:
            found.append((f"step {number}" if number == last else f"steps {number}-{last}", tuple(scope.lines())))
        number = last + 1
    return found


def _differences(one: Examined) -> list[Difference]:
    found = []
    for number, step in enumerate(one.steps, 1):
        witness = getattr(step.verdict, "witness", None)
        if witness is not None:
            found.append(Difference(
                number, step.before, step.after,
                tuple(map(visible, describe(witness, step.before, step.after))),
                shares(claim_of(one, step), witness) if isinstance(step.verdict, Refuted) else ()))
    return found


def _conclusion(one: Examined) -> str:
    if one.theorem.broken is not None:
        return f"The chain breaks at {one.theorem.sign}; nothing is claimed across it."
    if one.follows:
        return f"Every step is proved; the claim follows{f', {one.reach}' if one.reach else ''}."
    if one.holds:
        return f"{capital(one.holds)}."
    return f"The claim does not follow; on its own it is {one.claim.code}."
