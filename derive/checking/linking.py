"""What the steps of a chain say together."""

from __future__ import annotations

from derive.checking.judgement import Judgement
from derive.checking.verdict import Proved, Refuted
from derive.kernel.closure import NotShown
from derive.kernel.equations import Equation, chained
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed as NoTerm


def both_false(steps: tuple[Judgement, ...], number: int) -> bool:
    """Whether the steps before and after a term are refuted, and nobody has declared so."""
    return all(isinstance(step.verdict, Refuted) and not step.as_claimed for step in steps[number - 1 : number + 1])


def linked(steps: tuple[Judgement, ...]) -> Equation | None:
    """All steps as one equation of the kernel, if each is proved."""
    whole: Equation | None = None
    for step in steps:
        if not isinstance(step.verdict, Proved):
            return None
        try:
            whole = step.verdict.equation if whole is None else chained(whole, step.verdict.equation)
        except (Refused, NotShown, NoTerm):
            return None
    return whole if whole is None or not whole.context.owes else None
