"""The report as one HTML file: MathML, no script, nothing that is loaded; light, dark, and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from sympy import Expr

from derive.checking.judgement import Examined, Judgement
from derive.checking.theorems import Theorem
from derive.checking.verdict import Estimates, Malformed, Proved, Refuted, SameMean
from derive.diagnostics import visible
from derive.errors import BadInput
from derive.language.alphabets import LATEX
from derive.language.notation import write
from derive.report.curve import Curve, curve
from derive.report.document import TITLE, rules_used, versions
from derive.report.findings import message
from derive.report.numbers import Evaluated
from derive.report.per_trajectory import Share, claim_of, shares
from derive.report.prose import Words, words
from derive.report.refutation import describe
from derive.report.wording import conditions, hint, reason_text

_IN_THE_MEAN = (Estimates.code, SameMean.code)
_COLOURS = {Proved.code: "good", Refuted.code: "bad", Malformed.code: "bad"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chain: the relation, the term, and the step that leads to it."""

    term: Markup
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
    before: Markup
    after: Markup
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
    before: Markup
    after: Markup
    relation: str
    assumed: tuple[tuple[str, str, bool], ...]
    lines: tuple[Line, ...]
    remarks: tuple[Remark, ...]
    scopes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    differences: tuple[Difference, ...]
    conclusion: str
    colour: str
    expected: str


def page(examined: Sequence[Examined], evaluated: Evaluated | None, *, command: str, title: str = TITLE) -> str:
    """The page; ``command`` is what reproduces it.

    Raises:
        BadInput: if what turns LaTeX into MathML is not installed.
    """
    labels = {one.theorem: f"theorem-{number}" for number, one in enumerate(examined, 1)}
    shown = [_shown(one, labels) for one in examined]
    groups = (("Theorems", "", [one for one in shown if one.expected == Proved.code]),
              ("Lines that hold in the mean", "One side is random; read as equalities these lines are not true, but "
               "the means of their sides are equal.", [one for one in shown if one.expected in _IN_THE_MEAN]),
              ("Refuted twins", "Wrong on purpose: each is a plausible slip, next to what a checker makes of it.",
               [one for one in shown if one.expected not in (Proved.code, *_IN_THE_MEAN)]))
    return _environment().get_template("page.html").render(
        title=visible(title), groups=[group for group in groups if group[2]], evaluated=evaluated,
        curve=None if evaluated is None else curve(evaluated.comparison), rules=rules_used(examined),
        versions=versions(), command=visible(command))


def _environment() -> Environment:
    """Everything is escaped but MathML, which is made of terms."""
    environment = Environment(loader=PackageLoader("derive.report", "templates"), undefined=StrictUndefined,
                              autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    environment.filters["visible"] = visible
    environment.tests["curve"] = lambda value: isinstance(value, Curve)
    return environment


def mathml(term: Expr, *, display: str = "block") -> Markup:
    """A term as MathML.

    Raises:
        BadInput: if latex2mathml is not installed.
    """
    try:
        from latex2mathml.converter import convert
    except ImportError:
        raise BadInput("a report in HTML needs latex2mathml: pip install 'derive-rl[html]'. "
                       "Or write the source of a paper, with -o report.tex.") from None
    latex = write(term, LATEX).replace(r"\sum_", r"\sum\limits_").replace(r"\prod_", r"\prod\limits_")
    made = str(convert(latex, display=display))
    made = made.replace("<mi>log</mi>", '<mi>log</mi><mspace width="0.167em" />')
    return Markup(made.replace("&#x0007E;", "&#x0223C;"))


def _shown(one: Examined, labels: dict[Theorem, str]) -> Shown:
    theorem, terms = one.theorem, one.theorem.chain.terms
    claimed = one.expected == Proved.code
    return Shown(
        label=labels[theorem], title=visible(theorem.title), words=words(theorem.docstring),
        before=mathml(terms[0]), after=mathml(terms[-1]), relation="=" if claimed and one.as_claimed else "≟",
        assumed=tuple((assumption.name, assumption.says, assumption not in one.idle)
                      for assumption in theorem.assumes),
        lines=(Line(mathml(terms[0])), *(_line(step, number, labels) for number, step in enumerate(one.steps, 1))),
        remarks=tuple(_remarks(one)), scopes=tuple(_scopes(one.steps)), differences=tuple(_differences(one)),
        conclusion=_conclusion(one), colour="good" if one.follows else _COLOURS.get(one.claim.code, "fair"),
        expected=one.expected)


def _line(step: Judgement, number: int, labels: dict[Theorem, str]) -> Line:
    reason = step.by.reason
    return Line(
        mathml(step.after), "=" if isinstance(step.verdict, Proved) else "≟", number, visible(reason_text(step)),
        labels.get(reason, "") if isinstance(reason, Theorem) else "", visible(step.by.tag or ""),
        step.verdict.code, _COLOURS.get(step.verdict.code, "fair"))


def _remarks(one: Examined) -> list[Remark]:
    found = []
    for number, step in enumerate(one.steps, 1):
        if step.verdict.code != Proved.code or not step.as_claimed:
            owed = "; ".join(f"owes {condition}" for condition in conditions(step))
            declared = f"; declared {step.by.expect}" if step.by.expect not in (Proved.code, step.verdict.code) else ""
            text = message(step) if not step.as_claimed else f"as declared, {step.verdict.code}" + (
                f"; {owed}" if owed else "")
            found.append(Remark(number, visible(text + declared), visible(hint(step))))
        found += [Remark(number, visible(note), "") for note in step.notes]
    return found


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
                number, mathml(step.before), mathml(step.after),
                tuple(map(visible, describe(witness, step.before, step.after))),
                shares(claim_of(one, step), witness) if isinstance(step.verdict, Refuted) else ()))
    return found


def _conclusion(one: Examined) -> str:
    if one.follows:
        return f"Every step is proved; the claim follows{f', {one.reach}' if one.reach else ''}."
    return f"The claim does not follow; on its own it is {one.claim.code}."
