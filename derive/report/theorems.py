"""An examined theorem as the template prints it: words, claim, chain, table of steps, scopes, counterexamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sympy import Expr

from derive.checking.judgement import Examined, Judgement
from derive.checking.theorems import By, Theorem
from derive.checking.verdict import (
    Estimates,
    Malformed,
    NeedsCondition,
    NotClaimed,
    Proportional,
    Proved,
    Refuted,
    SameMean,
    Undecided,
    Unjustified,
)
from derive.language.assumptions import additive_return
from derive.report.counterexample import Counterexample, counterexample
from derive.report.escape import Tex, code, heading, literal, prose
from derive.report.formulas import formula, lines
from derive.report.inline import capital, sentence
from derive.report.lines import width
from derive.report.notions import stand_for
from derive.report.prose import words
from derive.report.spelled_out import spelled_step, summands
from derive.report.wording import Settled, assumed, side_conditions, wrong_terms
from derive.rules.decision import Decision, Relation
from derive.rules.rule import Rule

TEXT, REASON, TAG, RELATION, INDENT = 455.0, 108.0, 50.0, 22.0, 24.0
"""Widths in points; the first three are also in the template."""
WIDEST_LEFT = 110.0
NOTHING = Tex("")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a display: what stands left of the relation, the relation, the rest, reason and tag."""

    left: Tex
    relation: Tex
    right: Tex
    reason: Tex = NOTHING
    tag: Tex = NOTHING


@dataclass(frozen=True, slots=True)
class StepRow:
    """A line of the table of steps."""

    number: int
    tag: Tex
    reason: Tex
    verdict: Tex
    colour: Tex
    conditions: tuple[Tex, ...]


@dataclass(frozen=True, slots=True)
class Extent:
    """What was established, for a run of steps with the same scope."""

    steps: Tex
    evidence: tuple[tuple[Tex, Tex], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A step that is not an equality, with the model at which its sides differ."""

    number: int
    claim: tuple[Row, ...]
    model: Counterexample
    random: bool


@dataclass(frozen=True, slots=True)
class Written:
    """One step written out on a small model."""

    number: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Everything that the report says about one theorem."""

    label: Tex
    title: Tex
    statement: Tex
    why: Tex
    outline: tuple[Tex, ...]
    source: Tex
    remarks: tuple[Tex, ...]
    claim: tuple[Row, ...]
    names: tuple[Tex, ...]
    assumed: tuple[tuple[Tex, tuple[tuple[Tex, Tex], ...]], ...]
    """Headings, and the names and sentences below each."""
    chain: tuple[Row, ...]
    steps: tuple[StepRow, ...]
    tagged: bool
    extents: tuple[Extent, ...]
    details: tuple[Tex, ...]
    conclusion: Tex
    differences: tuple[Difference, ...]
    written: Written | None


def section(examined: Examined, labels: Mapping[Theorem, Tex]) -> Section:
    """The section of one theorem; ``labels`` are the theorems that have one, to refer to."""
    theorem, said = examined.theorem, words(examined.theorem.docstring)
    terms = theorem.chain.terms
    additive = additive_return in theorem.assumes
    return Section(
        label=labels[theorem], title=heading(capital(theorem.title)),
        statement=prose(said.statement), why=prose(capital(said.why)), outline=tuple(map(prose, said.outline)),
        source=literal(sentence(capital(said.source))), remarks=tuple(map(prose, said.remarks)),
        claim=_equation(terms[0], terms[-1], theorem.broken.latex if theorem.broken is not None else
                        "=" if examined.expected == Proved.code and examined.as_claimed else _DOUBTED),
        names=tuple(Tex(f"{formula(term)} := {formula(body)}") for term, body in stand_for(theorem)),
        assumed=tuple((prose(heads), tuple((code(name), prose(says)) for name, says in listed))
                      for heads, _, listed in assumed(examined)),
        chain=tuple(_chain(examined, labels)), steps=tuple(_table(examined, labels)),
        tagged=any(step.by.tag for step in examined.steps),
        extents=tuple(_extents(examined.steps)),
        details=(*_numbered(examined.steps), *(Tex(f"{capital(says)}.") for _, says in wrong_terms(examined))),
        conclusion=_conclusion(examined),
        differences=tuple(_differences(examined, additive)),
        written=_written(terms) if examined.follows else None,
    )


# -- displays ---------------------------------------------------------------------------------------

_DOUBTED = r"\doubted"


def _equation(before: Expr, after: Expr, relation: str) -> tuple[Row, ...]:
    """One equation across the page, on one line if it fits."""
    one, two = formula(before), formula(after)
    if width(one) + width(two) + RELATION <= TEXT:
        return (Row(one, Tex(relation), two),)
    room = TEXT - RELATION
    left, right = lines(before, room, room - INDENT), lines(after, room, room - INDENT)
    return (*_continued(Tex(""), Tex(r"\aside"), left), *_continued(Tex(""), Tex(relation), right))


def _continued(left: Tex, relation: Tex, broken: Sequence[Tex], reason: Tex = NOTHING,
               tag: Tex = NOTHING) -> list[Row]:
    """The lines of one side; reason and tag stand beside the first."""
    first, *rest = broken
    return [Row(left, relation, first, reason, tag),
            *(Row(Tex(""), Tex(""), Tex(rf"\hspace{{{INDENT:.0f}pt}}{line}")) for line in rest)]


def _chain(examined: Examined, labels: Mapping[Theorem, Tex]) -> list[Row]:
    """The chain, a term a line, with the reason beside it."""
    first = examined.steps[0].before
    tagged = any(step.by.tag for step in examined.steps)
    beside = width(formula(first)) <= WIDEST_LEFT
    room = TEXT - REASON - RELATION - 14 - (TAG if tagged else 0) - (width(formula(first)) if beside else 0)
    rows: list[Row] = []
    if not beside:
        rows += _continued(NOTHING, Tex(r"\aside"), lines(first, room, room - INDENT))
    for number, step in enumerate(examined.steps):
        left = formula(first) if beside and number == 0 else Tex("")
        relation = Tex(step.by.latex if isinstance(step.verdict, (Proved, NotClaimed)) else _DOUBTED)
        rows += _continued(left, relation, lines(step.after, room, room - INDENT),
                           _reason(step.by, labels), literal(step.by.tag or ""))
    return rows


def rule_label(rule: Rule) -> Tex:
    """Where the report states the rule."""
    return Tex(f"rule:{rule.name.replace('_', '-')}")


def _reason(by: By, labels: Mapping[Theorem, Tex]) -> Tex:
    match by.reason:
        case Rule() as rule:
            return Tex(rf"\hyperref[{rule_label(rule)}]{{{literal(str(rule))}}}")
        case Theorem() as lemma if lemma in labels:
            return Tex(rf"\hyperref[{labels[lemma]}]{{Section~\ref*{{{labels[lemma]}}}: {literal(lemma.title)}}}")
        case Theorem() as lemma:
            return Tex(f"theorem: {literal(lemma.title)}")
        case Decision() | Relation() as named:
            return literal(str(named))
        case str() as said:
            return Tex(f"\\textquotedblleft{{}}{prose(said)}\\textquotedblright{{}}")
    return Tex("no reason given")


def _written(terms: tuple[Expr, ...]) -> Written | None:
    """One step on two states and two actions; each summand has a line."""
    step = spelled_step(terms)
    if step is None:
        return None
    room = TEXT - RELATION
    rows: list[Row] = []
    for side, relation in ((step.left, r"\aside"), (step.right, "=")):
        for number, summand in enumerate(summands(side)):
            broken = lines(summand, room, room - INDENT)
            sign = "" if number == 0 else "{}+ "
            rows += _continued(Tex(""), Tex(relation if number == 0 else ""), [Tex(sign + broken[0]), *broken[1:]])
    return Written(step.number, tuple(rows))


# -- the table of steps -------------------------------------------------------------------------------

_COLOURS = {Proved.code: "good", Refuted.code: "bad", Malformed.code: "bad"}


def _table(examined: Examined, labels: Mapping[Theorem, Tex]) -> list[StepRow]:
    rows = []
    for number, (step, new) in enumerate(zip(examined.steps, side_conditions(examined), strict=True), 1):
        conditions = tuple(map(_condition, new)) or (Tex("as before" if step.obligations else "none"),)
        rows.append(StepRow(
            number, literal(step.by.tag or ""), _reason(step.by, labels), literal(step.verdict.code),
            Tex(_COLOURS.get(step.verdict.code, "fair")), conditions))
    return rows


def _condition(settled: Settled) -> Tex:
    """An obligation, and what settles it."""
    obligation, says = settled.obligation, prose(settled.obligation.says)
    for sign, command in (("≠ 0", r"\neq 0"), ("> 0", "> 0")):
        if obligation.says.endswith(sign):
            says = Tex(f"${formula(obligation.subject)} {command}$".replace(r"\,", r"\,\allowbreak "))
    if settled.by is None:
        return Tex(rf"{says}: \textcolor{{bad}}{{nothing assumed settles it}}")
    return Tex(f"{says}, by {', '.join(map(code, settled.by)) or 'the assumptions'}")


def _extents(steps: Sequence[Judgement]) -> list[Extent]:
    """Scopes, each said once for consecutive steps that share it."""
    found, number = [], 1
    for scope, run in groupby(steps, key=lambda step: step.scope):
        length = len(list(run))
        last = number + length - 1
        if scope is not None:
            named = f"Step {number}" if length == 1 else f"Steps {number}--{last}"
            named = "All steps" if length == len(steps) > 1 else named
            found.append(Extent(Tex(named), tuple((literal(kind), prose(text)) for kind, text in scope.lines())))
        number = last + 1
    return found


def _numbered(steps: Sequence[Judgement]) -> list[Tex]:
    """What there is to say about the steps, each with its number if there are several."""
    return [Tex(f"Step {number}: {text}" if len(steps) > 1 else capital(text))
            for number, step in enumerate(steps, 1) for text in _details(step)]


def _details(step: Judgement) -> list[Tex]:
    """What there is to say about a step beyond its verdict."""
    said: list[Tex] = []
    match step.verdict:
        case Proved() | Refuted():
            pass
        case Unjustified(why, hint, _):
            said.append(Tex(". ".join(prose(part.rstrip(".")) for part in (why, hint) if part) + "."))
        case NeedsCondition(conditions, settled_by, _):
            needs = ", ".join(prose(condition) for condition in conditions)
            said.append(Tex(f"holds wherever both sides are defined, which needs {needs}. "
                            f"Assume {' and '.join(map(code, settled_by)) or 'more'}."))
        case Estimates(law, _, _):
            said.append(Tex("the right side is random, so it is not equal to the left; its mean is, "
                            f"where {prose(law)}."))
        case SameMean(law, _, _):
            said.append(Tex(f"both sides are random and differ, but have equal means, where {prose(law)}."))
        case Proportional(why):
            said.append(Tex(f"proportional, not equal: {prose(why)}."))
        case NotClaimed(why):
            said.append(Tex(f"no equality is claimed: {prose(why)}."))
        case Undecided(why) | Malformed(why):
            said.append(prose(why))
    said += [prose(note) for note in step.notes]
    if not step.stands:
        said.append(Tex(f"the author expected the verdict {literal(step.by.expect)}."))
    return said


def _conclusion(examined: Examined) -> Tex:
    if examined.theorem.broken is not None:
        return Tex(f"The chain breaks at ${examined.theorem.broken.latex}$; nothing is claimed across it.")
    if examined.follows:
        return Tex("The claim follows: every step is proved.")
    if examined.holds:
        return Tex(f"{capital(examined.holds)}.")
    match examined.claim:
        case Estimates() | SameMean():
            return Tex("The claim holds in the mean only.")
        case Refuted() | Malformed():
            return Tex(f"The claim does not follow; as a whole it is {examined.claim.code}.")
    return Tex("The claim does not follow: not every step is proved.")


def _differences(examined: Examined, additive: bool) -> list[Difference]:
    found = []
    for number, step in enumerate(examined.steps, 1):
        witness = getattr(step.verdict, "witness", None)
        if witness is not None:
            found.append(Difference(
                number, _equation(step.before, step.after, _DOUBTED),
                counterexample(step.before, step.after, witness, additive=additive),
                not isinstance(step.verdict, Refuted)))
    return found
