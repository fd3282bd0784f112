"""One step of a theorem on one MDP: what is expected there, and what is wrong if it is not so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from sympy import Expr

from derive.checking.judgement import Examined
from derive.checking.theorems import Theorem
from derive.checking.verdict import Estimates, NeedsCondition, Proved, Refuted, SameMean, Unjustified
from derive.counterexample.claim import Witness
from derive.errors import DeriveError, MalformedTerm, NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.assumptions import Assumption, check_step
from derive.language.models import Model, Shape
from derive.language.terms import Batch, Expect, Law
from derive.language.vocabulary import pi
from derive.testing.differing import Point, claim_of, differing, methods_at, points

AGREE = {Proved.code, Unjustified.code, NeedsCondition.code}
SEPARATE = {Refuted.code, Estimates.code, SameMean.code}
SAME_MEANS = {Estimates.code, SameMean.code}


@dataclass(frozen=True, slots=True)
class Subject:
    """One step of the theorem of this name, and the verdict that it is expected to have."""

    theorem: str
    step: int
    expected: str
    before: Expr
    after: Expr
    assumes: tuple[Assumption, ...]
    endless: bool
    has_meaning: bool
    """Whether both sides have one under the assumptions; otherwise nothing is compared."""

    @property
    def means(self) -> tuple[Expr, Expr]:
        """Both sides averaged over the samples that occur free."""
        return _averaged(self.before), _averaged(self.after)

    @property
    def has_truth_value(self) -> bool:
        """Whether the expected verdict says that the sides agree, or that they do not."""
        return self.expected in AGREE | SEPARATE

    def __str__(self) -> str:
        return f"{self.theorem}, step {self.step + 1}"


def _averaged(term: Expr) -> Expr:
    for batch in sorted((index for index in term.free_symbols if isinstance(index, Batch)), key=str):
        term = Expect(batch, Law(pi), term)
    return term


def subjects_of(theorem: Theorem | Examined) -> list[Subject]:
    """The steps of a theorem: as declared, or of an examined one with the verdicts that they got."""
    if isinstance(theorem, Examined):
        one, expected = theorem.theorem, [step.verdict.code for step in theorem.steps]
    else:
        one, expected = theorem, [reason.expect for reason in theorem.chain.reasons]
    terms = one.chain.terms
    return [Subject(one.name, place, code, *sides, one.assumes, one.endless, _has_meaning(*sides, one))
            for place, (code, sides) in enumerate(zip(expected, pairwise(terms), strict=True))]


def _has_meaning(before: Expr, after: Expr, theorem: Theorem) -> bool:
    try:
        check_step(before, after, theorem.assumes, endless=theorem.endless)
    except (NotApplicable, OutsideFragment, MalformedTerm, WorkLimit):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that is not what it is expected to be, and the MDP on which that is seen.

    Without a point: the step was expected to be refuted, and no example did it. ``sides``
    are what was compared: of an estimate, the means.
    """

    subject: Subject
    says: str
    method: str = ""
    point: Point | None = None
    sides: tuple[Expr, Expr] | None = None
    witness: Witness | None = None
    replayed: bool = False
    """Whether the MDP is one that failed in an earlier run."""

    @property
    def shape(self) -> Shape | None:
        return None if self.point is None else self.point.model.shape

    @property
    def kind(self) -> str:
        """What goes wrong, without where."""
        return self.says.partition(":")[0]

    @property
    def place(self) -> str:
        """The method and the shape, where there is one."""
        return "" if self.shape is None else f"by {self.method} on {self.shape.shown(endless=self.subject.endless)}"


@dataclass(frozen=True, slots=True)
class Look:
    """A step on an MDP by one method: were the sides compared, do they differ, and what is wrong with that."""

    method: str
    compared: bool = False
    differ: bool = False
    failure: Failure | None = None


def looks(step: Subject, model: Model) -> Iterator[Look]:
    """The step on the MDP by every method."""
    for method in methods_at(model.shape, endless=step.endless):
        look = _look(step, (step.before, step.after), method, model)
        if look.compared and step.expected in SAME_MEANS:
            means = _look(step, step.means, method, model, of_means=True)
            look = means if means.failure or not means.compared else look
        yield look


def _look(step: Subject, sides: tuple[Expr, Expr], method: str, model: Model, *, of_means: bool = False) -> Look:
    if not step.has_meaning:
        return Look(method)
    compared = False
    try:
        differs = differing(*sides, step.assumes, method, model)
        for point in points(*sides, step.assumes, model, method, endless=step.endless):
            try:
                differ, compared = differs(point.indices), True
            except Undefined as undefined:
                says = f"a side has no value: {undefined}"
                wrong = Failure(step, says, method, point, sides) if step.expected == Proved.code else None
                return Look(method, failure=wrong)
            if differ:
                says = f"expected {step.expected}, but the {'means' if of_means else 'sides'} differ"
                wrong = Failure(step, says, method, point, sides) if of_means or step.expected in AGREE else None
                return Look(method, compared=True, differ=True, failure=wrong)
    except (NotApplicable, OutsideFragment, MalformedTerm, WorkLimit):
        return Look(method)
    return Look(method, compared)


def with_witness(failure: Failure) -> Failure:
    """The failure with both sides in numbers, computed twice, where the sides have values and differ.

    A gradient is compared whole in floats; the witness is along one direction.
    """
    point, sides, step = failure.point, failure.sides, failure.subject
    if point is None or sides is None:
        return failure
    claim = claim_of(*sides, step.assumes, endless=step.endless)
    for model in (point.model, *_along_coordinates(point.model)):
        try:
            values = claim.values(model, point.indices)
        except DeriveError:
            return failure
        if values is not None:
            witness = Witness(model, point.indices, *values, endless=step.endless)
            return replace(failure, point=replace(point, model=model), witness=witness)
    return failure


def _along_coordinates(model: Model) -> Iterator[Model]:
    n, k = range(model.shape.states), range(model.shape.actions)
    for place in ((s, a) for s in n for a in k):
        yield replace(model, scores=tuple(tuple(Fraction((s, a) == place) for a in k) for s in n))
