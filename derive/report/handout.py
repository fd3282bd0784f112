"""``derive report``: check the theorems, evaluate the main one, write the document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from derive.checking.examine import Session
from derive.numeric.comparison import compare
from derive.numeric.sources import built_in
from derive.report.output import check_target
from derive.report.tex import write_report
from derive.theorems import Theorem

EXAMPLE = "two-state"


def write_handout(theorems: Sequence[Theorem], output: Path, *, samples: int, seed: int, command: str) -> bool:
    """Write the report; whether every theorem is as claimed.

    Raises:
        BadInput: if ``output`` is neither a .tex nor a .pdf file that can be written.
    """
    check_target(output)
    session = Session()
    examined = [session.examine(theorem) for theorem in theorems]
    mdp = built_in(EXAMPLE)
    theta = np.random.default_rng(seed).normal(size=(mdp.states, mdp.actions))
    comparison = compare(mdp, theta, samples=samples, seed=seed)
    write_report(examined, comparison, output, command=command)
    return all(one.as_claimed for one in examined) and comparison.agrees
