"""Which assumptions of a theorem are needed: each is dropped, and the kernel alone is asked again.

Idle is what can be dropped with every verdict unchanged; used is what cannot: a side would
be undefined, or the kernel would have no equation. What the kernel cannot tell, for it does not
decide the step in the first place, is not known to be needed. ``possible`` changes what a sum
over trajectories means, so it is never idle where there is one, or a free trajectory.
"""

from __future__ import annotations

from sympy import Expr

from derive.assumptions import POSSIBLE, Assumption, check_step
from derive.checking.judgement import Judgement
from derive.errors import MalformedTerm, OutsideFragment, WorkLimit
from derive.kernel.terms import Malformed as NoTerm
from derive.kernel.wellformed import speaks_of_trajectories
from derive.procedures.decision import Shown, decided
from derive.procedures.encoding import Encoding, context_of
from derive.procedures.obligations import owed_by
from derive.theorems import Theorem
from derive.verdict import Malformed, NeedsCondition, Proved, Refuted

Sorted = tuple[tuple[Assumption, ...], tuple[Assumption, ...], tuple[Assumption, ...]]


def assumption_use(theorem: Theorem, steps: tuple[Judgement, ...]) -> Sorted:
    """(used, idle, not known to be needed), each in the order of names."""
    inherited = {one for step in steps if isinstance(step.by.reason, Theorem) for one in step.by.reason.assumes}
    found: tuple[list[Assumption], ...] = ([], [], [])
    for assumption in sorted(set(theorem.assumes), key=lambda one: one.name):
        kinds = {"used"} if assumption in inherited else {_without(assumption, theorem, step) for step in steps}
        place = 0 if "used" in kinds else 2 if "unknown" in kinds else 1
        found[place].append(assumption)
    return tuple(found[0]), tuple(found[1]), tuple(found[2])


def _without(assumption: Assumption, theorem: Theorem, step: Judgement) -> str:
    """Whether a step needs an assumption: "used", "idle" or "unknown"."""
    fewer = frozenset(theorem.assumes) - {assumption}
    sides: tuple[Expr, Expr] = (step.before, step.after)
    try:
        check_step(*sides, fewer, endless=theorem.endless)
    except MalformedTerm:
        return "idle" if isinstance(step.verdict, Malformed) else "used"
    if isinstance(step.verdict, Malformed):
        return "used"
    encoding = Encoding(fewer, infinite=theorem.endless)
    try:
        terms = [encoding.term(side) for side in sides]
    except (OutsideFragment, MalformedTerm, WorkLimit):
        return "unknown"
    if assumption == POSSIBLE and any(map(speaks_of_trajectories, terms)):
        return "used"
    if not owed_by(sides, fewer, endless=theorem.endless) <= step.owed:
        return "used"
    if isinstance(step.verdict, Refuted):
        return "idle"  # a larger class keeps the counterexample
    if step.equation is None or step.equation.trusts or not isinstance(step.verdict, (Proved, NeedsCondition)):
        return "unknown"
    try:
        found = decided(context_of(fewer, infinite=theorem.endless), *terms)
    except NoTerm:
        return "used"
    same = isinstance(found, Shown) and found.equation.context.owes == step.equation.context.owes
    return "idle" if same else "used"
