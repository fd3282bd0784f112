"""``derive report``: check the theorems, evaluate those about the gradient of J, write the document or the handout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.checking.theorems import Theorem
from derive.checking.verdict import Malformed, Proved
from derive.diagnostics import visible
from derive.evaluation.both_sides import Evaluation, evaluate, other_side
from derive.evaluation.inputs import model_of
from derive.numeric import infinite
from derive.numeric.comparison import ROUNDING_UNITS, Comparison, Row, compare, held, left_out
from derive.numeric.sources import built_in
from derive.numeric.tabular import FloatArray
from derive.report.document import TITLE
from derive.report.handout import TITLE as EXERCISES
from derive.report.handout import Blanks, Handout, handout
from derive.report.numbers import Evaluated, Formula
from derive.report.output import check_target
from derive.report.progress import Tell
from derive.report.sheets import write_handout
from derive.report.tex import write_report

EXAMPLE = "two-state"


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a report: whether all in it is as claimed, and the characters that its fonts lack."""

    good: bool
    lacking: tuple[str, ...]


def make_report(theorems: Sequence[Theorem], output: Path, *, samples: int, seed: int, command: str,
                title: str | None = None, tell: Tell = lambda part: None) -> Made:
    """Write the report; it is good if every theorem is as claimed, and no formula that is claimed disagrees.

    Raises:
        BadInput: if ``output`` ends neither in .tex nor .pdf nor .html, or cannot be written.
    """
    check_target(output)
    examined = _examined(theorems, tell)
    mdp = built_in(EXAMPLE)
    theta = np.random.default_rng(seed).normal(size=(mdp.states, mdp.actions))
    comparison = compare(mdp, theta, samples=samples, seed=seed)
    formulas = formulas_of(examined, comparison, seed=seed, tell=tell)
    # without a formula the numbers would be about no theorem of the document
    evaluated = Evaluated(comparison, formulas) if formulas else None
    tell(f"writing {output.name}")
    lacking = write_report(examined, evaluated, output, command=command, title=title or TITLE)
    return Made(all(one.as_claimed for one in examined) and comparison.agrees and all(
        formula.row.agrees for formula in formulas if formula.claimed), lacking)


def make_handout(theorems: Sequence[Theorem], output: Path, *, model: str, title: str | None, blanks: str,
                 solutions: bool, tell: Tell = lambda part: None) -> tuple[tuple[str, ...], Handout]:
    """Write the exercises, or their solutions: the characters that the fonts lack, and the sheet.

    Raises:
        BadInput: if ``output`` cannot be written, or there is no such model.
    """
    check_target(output)
    mdp, theta, whence = model_of(model)
    sheet = handout(_examined(theorems, tell), mdp,
                    None if whence.startswith("drawn") else theta, title=title or EXERCISES, blanks=Blanks(blanks))
    lacking = write_handout(sheet, output, solutions=solutions)
    return lacking, sheet


def parts(theorems: Sequence[Theorem]) -> int:
    """What is told of a report: each theorem as it is checked, and again as it is evaluated; and the writing."""
    return 2 * len(theorems) + 1


def _examined(theorems: Sequence[Theorem], tell: Tell) -> list[Examined]:
    session, examined = Session(), []
    for theorem in theorems:
        examined.append(session.examine(theorem))
        tell(f"checked {visible(theorem.title)}")
    return examined


def formulas_of(examined: Sequence[Examined], comparison: Comparison, *, seed: int,
                tell: Tell = lambda part: None) -> tuple[Formula, ...]:
    """The formulas for the gradient of J among the theorems, each evaluated as its author wrote it."""
    found = []
    for one in examined:
        tell(f"evaluated {visible(one.theorem.title)}")
        if (side := other_side(one.theorem)) is None or isinstance(one.claim, Malformed):
            continue  # it is about something else
        numbers = evaluate(one.theorem, comparison.mdp, theta=comparison.theta, seed=seed, examined=one, methods=False)
        found.append(Formula(one.theorem.title, _row(numbers, side, comparison), one.expected == Proved.code,
                             "" if numbers.stands and one.expected == Proved.code else numbers.verdict_in_words))
    return tuple(found)


def _row(numbers: Evaluation, side: str, comparison: Comparison) -> Row:
    """The side that is a formula, next to the gradient of J by dynamic programming, or by linear systems."""
    if numbers.unmet:
        return left_out(f"{side} side", f"this model is outside of the theorem's class: {', '.join(numbers.unmet)}")
    endless = numbers.theorem.endless
    reference = infinite.gradient(comparison.mdp, comparison.theta) if endless else comparison.reference
    whole = next((way for way in reversed(numbers.compared) if way.left.shape == (reference.size,)), None)
    if whole is None:
        return left_out(f"{side} side", numbers.why_not_compared or "its whole gradient was not evaluated")
    values: FloatArray = getattr(whole, side).reshape(reference.shape)
    rounding = comparison.rows[0].resolution
    assert rounding is not None
    name = f"{side} side, {whole.way}" + (", no last decision" if endless else "")
    return held(name, values, reference, whole.resolution.reshape(reference.shape) + rounding,
                ROUNDING_UNITS)
