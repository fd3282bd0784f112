"""``derive report``: check the theorems, evaluate those about the gradient of J, write the document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.errors import BadInput
from derive.numeric.comparison import Comparison, compare, left_out
from derive.numeric.sources import built_in
from derive.report.numbers import Evaluated, Formula
from derive.report.output import check_target
from derive.report.own_side import own_sides
from derive.report.tex import write_report
from derive.theorems import Theorem
from derive.verdict import Proved

EXAMPLE = "two-state"


def write_handout(theorems: Sequence[Theorem], output: Path, *, samples: int, seed: int, command: str) -> bool:
    """Write the report; whether every theorem is as claimed, and no formula that is claimed disagrees.

    Raises:
        BadInput: if ``output`` is neither a .tex nor a .pdf file that can be written.
    """
    check_target(output)
    session = Session()
    examined = [session.examine(theorem) for theorem in theorems]
    mdp = built_in(EXAMPLE)
    theta = np.random.default_rng(seed).normal(size=(mdp.states, mdp.actions))
    comparison = compare(mdp, theta, samples=samples, seed=seed)
    formulas = formulas_of(examined, comparison, seed=seed)
    # without a formula the numbers would be about no theorem of the document
    evaluated = Evaluated(comparison, formulas) if formulas else None
    write_report(examined, evaluated, output, command=command)
    return all(one.as_claimed for one in examined) and comparison.agrees and all(
        formula.row.agrees for formula in formulas if formula.claimed)


def formulas_of(examined: Sequence[Examined], comparison: Comparison, *, seed: int) -> tuple[Formula, ...]:
    """The formulas for the gradient of J among the theorems, each evaluated as its author wrote it."""
    found = []
    for one in examined:
        try:
            own = own_sides(one.theorem, comparison, seed=seed)
        except BadInput:  # it is about something else
            continue
        why = f"this model is outside of the theorem's class: {', '.join(own.unmet)}"
        row = left_out(own.formula.method, why) if own.unmet else own.formula
        found.append(Formula(one.theorem.title, row, one.expected == Proved.code))
    return tuple(found)
