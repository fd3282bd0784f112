"""Which assumptions of a theorem are needed, and what for: each is dropped, and the kernel alone is asked again.

Idle is what can be dropped with every verdict unchanged; used is what cannot: a side would
be undefined, or the kernel would have no equation. What the kernel cannot tell, for it does not
decide the step in the first place, is not known to be needed. ``possible`` changes what a sum
over trajectories means, so it is never idle where there is one, or a free trajectory.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.certificates.statements import condition
from derive.checking.deciding import Deciding
from derive.checking.judgement import Examined, Judgement
from derive.checking.theorems import Theorem
from derive.checking.verdict import Malformed, NeedsCondition, NotClaimed, Proportional, Proved, Refuted
from derive.counterexample.claim import Claim, Witness
from derive.counterexample.witness import NoValue, find_no_value
from derive.errors import MalformedTerm, OutsideFragment, WorkLimit
from derive.kernel.terms import Malformed as NoTerm
from derive.kernel.wellformed import speaks_of_trajectories
from derive.language.assumptions import (
    POSSIBLE,
    Assumption,
    check_assumed,
    check_step,
    dynamics_positive,
    iid_samples,
    initial_positive,
    policy_positive,
)
from derive.procedures.decision import Shown, decided
from derive.procedures.encoding import Encoding, context_of
from derive.procedures.obligations import owed_by

Sorted = tuple[tuple[Assumption, ...], tuple[Assumption, ...], tuple[Assumption, ...]]
USED, IDLE, UNKNOWN = "used", "idle", "unknown"
MEANING, DEFINED, EQUAL, LEMMA, SUPPORT = "meaning", "defined", "equal", "lemma", "support"


@dataclass(frozen=True, slots=True)
class Dropped:
    """What becomes of a step without an assumption: whether it is needed there, and what for.

    ``what``: a side has no ``MEANING``; it is not ``DEFINED`` on every model; the sides are not ``EQUAL``; the
    ``LEMMA`` that is used assumes it; it says which trajectories there are (``SUPPORT``).
    """

    use: str
    what: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """An assumption, the number of a step, what becomes of it without, and a model that shows it where one was found.

    On the model the sides differ, or one has no value.
    """

    assumption: Assumption
    step: int
    dropped: Dropped
    witness: Witness | NoValue | None = None


def assumption_use(theorem: Theorem, steps: tuple[Judgement, ...]) -> Sorted:
    """(used, idle, not known to be needed), each in the order of names."""
    found: tuple[list[Assumption], ...] = ([], [], [])
    for assumption in sorted(set(theorem.assumes), key=lambda one: one.name):
        uses = {USED} if any(_lemma(assumption, step) for step in steps) else {
            _without(assumption, theorem, step).use for step in steps}
        found[0 if USED in uses else 2 if UNKNOWN in uses else 1].append(assumption)
    used, idle, unknown = found
    together = _idle_together(theorem, steps, idle) if len(idle) > 1 else frozenset(idle)
    used = sorted([*used, *(one for one in idle if one not in together)], key=lambda one: one.name)
    return tuple(used), tuple(one for one in idle if one in together), tuple(unknown)


def _idle_together(theorem: Theorem, steps: tuple[Judgement, ...], idle: list[Assumption]) -> frozenset[Assumption]:
    """Those that can all be dropped at once, those that ask most of a model first: of two that replace one another,

    such as a positive policy and one that covers another, one is idle.
    """
    dropped = frozenset[Assumption]()
    for one in sorted(idle, key=lambda one: one not in (policy_positive, initial_positive, dynamics_positive)):
        if all(_without(one, theorem, step, dropped).use == IDLE for step in steps):
            dropped |= {one}
    return dropped


def needs(examined: Examined) -> tuple[Need, ...]:
    """Where each assumption is needed, or not known to be idle, with a model for each such step."""
    theorem, found = examined.theorem, []
    for assumption in sorted(set(theorem.assumes), key=lambda one: one.name):
        for number, step in enumerate(examined.steps, 1):
            lemma = _lemma(assumption, step)
            others = frozenset(examined.idle) - {assumption}
            dropped = Dropped(USED, LEMMA, lemma) if lemma else _without(assumption, theorem, step, others)
            if dropped.use != IDLE and assumption not in examined.idle:
                found.append(Need(assumption, number, dropped, _witness(assumption, theorem, step, dropped, others)))
    return tuple(found)


def _lemma(assumption: Assumption, step: Judgement) -> str:
    """The lemma of a step, if it assumes this too."""
    reason = step.by.reason
    return reason.name if isinstance(reason, Theorem) and assumption in reason.assumes else ""


def _without(assumption: Assumption, theorem: Theorem, step: Judgement,
             others: frozenset[Assumption] = frozenset()) -> Dropped:
    """What becomes of a step without an assumption, where others are dropped already."""
    fewer = frozenset(theorem.assumes) - {assumption} - others
    sides, malformed = (step.before, step.after), isinstance(step.verdict, Malformed)
    try:
        if malformed:
            check_step(*sides, fewer, endless=theorem.endless)
        else:  # the rest has nothing to do with assumptions
            check_assumed(sides, fewer, endless=theorem.endless)
    except MalformedTerm as wrong:
        return Dropped(IDLE) if malformed else Dropped(USED, MEANING, str(wrong))
    if malformed:
        return Dropped(USED, MEANING)
    if isinstance(step.verdict, NotClaimed):
        return Dropped(UNKNOWN if isinstance(step.verdict, Proportional) else IDLE)
    encoding = Encoding(fewer, infinite=theorem.endless)
    try:
        terms = [encoding.term(side) for side in sides]
    except (OutsideFragment, MalformedTerm, WorkLimit):
        return Dropped(UNKNOWN)
    if assumption == POSSIBLE and any(map(speaks_of_trajectories, terms)):
        return Dropped(USED, SUPPORT)
    owes = step.obligations or POSSIBLE in fewer
    owed = owed_by(sides, fewer, endless=theorem.endless) - step.owed if owes else frozenset()
    if owed:
        return Dropped(USED, DEFINED, ", ".join(sorted(owed)))
    if isinstance(step.verdict, Refuted):
        return Dropped(IDLE)  # a larger class keeps the counterexample
    if step.equation is None or step.equation.trusts or not (
            isinstance(step.verdict, (Proved, NeedsCondition)) or step.lacks_reason):
        return Dropped(UNKNOWN)
    try:
        found = decided(context_of(fewer, infinite=theorem.endless), *terms)
    except NoTerm as wrong:
        return Dropped(USED, MEANING, str(wrong))
    if not isinstance(found, Shown):
        return Dropped(USED, EQUAL)
    more = found.equation.context.owes - step.equation.context.owes
    return Dropped(USED, DEFINED, ", ".join(sorted(map(condition, more)))) if more else Dropped(IDLE)


def _witness(assumption: Assumption, theorem: Theorem, step: Judgement, dropped: Dropped,
             others: frozenset[Assumption]) -> Witness | NoValue | None:
    if dropped.what not in (DEFINED, EQUAL) or assumption == iid_samples:  # every model has a law of samples
        return None
    fewer = frozenset(theorem.assumes) - {assumption} - others
    try:
        if dropped.what == DEFINED:
            return find_no_value(Claim(step.before, step.after, fewer, POSSIBLE in fewer, theorem.endless))
        return Deciding((step.before, step.after), fewer, infinite=theorem.endless).witness(
            step.before, step.after, None)
    except (MalformedTerm, WorkLimit):
        return None
