"""Proved and refuted steps once more, on random MDPs that the kernel has never seen.

Examples alternate between the float interpretation and exact brute-force enumeration;
neither shares arithmetic with the kernel. A step that is expected to be proved must have
a value on every MDP of the theorem's class, the same on both sides; a step that is
expected to be refuted must be separated by some example. A step that was never compared
is said, and no run with a step that is expected to be proved among them has passed.

At an infinite horizon they alternate between the linear systems of ``stationary``, which
share no arithmetic with the kernel, and the kernel's own exact solution with random numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random

from sympy import Expr

from derive.checking.judgement import Examined
from derive.checking.theorems import Theorem
from derive.checking.verdict import Estimates, NeedsCondition, Proved, Refuted, SameMean, Unjustified
from derive.counterexample.claim import Witness
from derive.counterexample.witness import find_witness
from derive.errors import DeriveError, MalformedTerm, NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.assumptions import check_step
from derive.language.models import Shape
from derive.language.signature import Signature, signature
from derive.language.terms import Batch, Expect, Law
from derive.language.vocabulary import pi
from derive.testing.random_comparison import EXACT, FLOAT, ORACLE, SOLVED, claim_of, differ_at_random
from derive.testing.random_models import WITHOUT_END, shape_of_example, shapes

MOST_TRAJECTORIES = {FLOAT: 300, EXACT: 40}
"""Trajectories, or joint samples, of an example."""

AGREE = {Proved.code, Unjustified.code, NeedsCondition.code}
SEPARATE = {Refuted.code, Estimates.code, SameMean.code}
SAME_MEANS = {Estimates.code, SameMean.code}

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Subject:
    """One step, the verdict that it is expected to have, and what its models must have."""

    theorem: Theorem
    step: int
    expected: str

    @property
    def sides(self) -> tuple[Expr, Expr]:
        terms = self.theorem.chain.terms
        return terms[self.step], terms[self.step + 1]

    @property
    def signature(self) -> Signature:
        return signature(*self.sides)

    @property
    def means(self) -> tuple[Expr, Expr]:
        """Both sides averaged over the samples that occur free."""
        before, after = (_averaged(side) for side in self.sides)
        return before, after

    def __str__(self) -> str:
        return f"{self.theorem.name}, step {self.step + 1}"


def _averaged(term: Expr) -> Expr:
    for batch in sorted((index for index in term.free_symbols if isinstance(index, Batch)), key=str):
        term = Expect(batch, Law(pi), term)
    return term


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that is not what it is expected to be, on the smallest shape where that was seen.

    Without a shape: the step was expected to be refuted, and no example did it.
    """

    theorem: str
    step: int
    expected: str
    method: str
    shape: Shape | None
    says: str
    witness: Witness | None = None

    @property
    def place(self) -> str:
        """The method and the shape, where there is one."""
        return "" if self.shape is None else f"by {self.method} on {shown(self.shape, self.method)}"


@dataclass(frozen=True, slots=True)
class Uncompared:
    """A step of which no example had both sides, and the verdict that it is expected to have."""

    theorem: str
    step: int
    expected: str

    def __str__(self) -> str:
        return f"{self.theorem}, step {self.step + 1}"


@dataclass(frozen=True, slots=True)
class FuzzResult:
    """What a run covered: checks by shape, comparisons by method; the first failure; and what was never compared."""

    examples: int
    seed: int
    steps: int
    shapes: Mapping[str, int]
    comparisons: Mapping[str, int]
    separated: Mapping[str, int]
    failure: Failure | None
    uncompared: tuple[Uncompared, ...] = ()

    @property
    def unsupported(self) -> tuple[Uncompared, ...]:
        """The steps expected to be proved that no example compared."""
        return tuple(step for step in self.uncompared if step.expected == Proved.code)

    @property
    def passed(self) -> bool:
        """Whether no step failed, and each that is expected to be proved was compared."""
        return self.failure is None and not self.unsupported


def shown(shape: Shape, method: str) -> str:
    """A shape as the run prints it."""
    return shape.shown(endless=method in (ORACLE, SOLVED))


@dataclass(frozen=True, slots=True)
class _Seen:
    """One step on one example: were the sides compared, do they differ, and what went wrong."""

    compared: bool
    differ: bool = False
    wrong: str = ""


def fuzz(subjects: Iterable[Theorem | Examined], *, examples: int, seed: int,
         progress: Progress = lambda done, total: None) -> FuzzResult:
    """Check every step of the theorems on ``examples`` random MDPs each; the same run for the same seed.

    ``progress(done, total)`` is called after every example. Of a theorem the declared
    verdicts count, of an examined one those that it got. Stops at the first failure.
    """
    steps = [step for subject in subjects for step in _steps_of(subject)]
    run = _Run(seed, steps)
    total = examples * len({step.theorem for step in steps})
    done, failure = 0, None
    for theorem in dict.fromkeys(step.theorem for step in steps):
        for number in range(examples):
            failure = failure or run.example(theorem, number)
            done += 1
            progress(done, total)
            if failure:
                break
        failure = failure or run.never_separated(theorem, examples)
        if failure:
            break
    return FuzzResult(examples, seed, len(steps), dict(sorted(run.shapes.items())), dict(sorted(run.compared.items())),
                      dict(sorted(run.separated.items())), failure, () if failure else run.never_compared())


def _steps_of(subject: Theorem | Examined) -> list[Subject]:
    if isinstance(subject, Examined):
        return [Subject(subject.theorem, place, step.verdict.code) for place, step in enumerate(subject.steps)]
    return [Subject(subject, place, reason.expect) for place, reason in enumerate(subject.chain.reasons)]


class _Run:
    """The counts of one run."""

    def __init__(self, seed: int, steps: list[Subject]) -> None:
        self.seed, self.steps = seed, steps
        self.shapes: Counter[str] = Counter()
        self.compared: Counter[str] = Counter()
        self.separated: Counter[str] = Counter()
        self.times: Counter[Subject] = Counter()

    def example(self, theorem: Theorem, number: int) -> Failure | None:
        """Check the steps of one theorem on one random MDP."""
        method = ((ORACLE, SOLVED) if theorem.endless else (FLOAT, EXACT))[number % 2]
        source = Random(f"fuzz/{self.seed}/{theorem.name}/{number}")
        shape = _shape(source, theorem, method, number // 2)
        self.shapes[shown(shape, method)] += 1
        for step in self.steps:
            if step.theorem != theorem or step.expected not in AGREE | SEPARATE:
                continue
            seen = _look(step, shape, method, source.getrandbits(32))
            self.compared[method] += seen.compared
            self.times[step] += seen.compared
            self.separated[str(step)] += seen.differ
            if seen.wrong:
                return _shrunk(step, shape, method, seen.wrong)
        return None

    def never_separated(self, theorem: Theorem, examples: int) -> Failure | None:
        """The first step expected to be refuted whose sides no example told apart.

        At an infinite horizon a step that was never compared is none of them: nothing could have told it apart.
        """
        for step in self.steps:
            asked = step.theorem == theorem and step.expected in SEPARATE and (
                self.times[step] > 0 or not theorem.endless)
            if asked and not self.separated[str(step)]:
                says = f"expected {step.expected}, but {examples} examples did not tell the sides apart"
                return Failure(theorem.name, step.step, step.expected, "", None, says)
        return None

    def never_compared(self) -> tuple[Uncompared, ...]:
        """The steps with a truth value that no example compared."""
        return tuple(Uncompared(step.theorem.name, step.step, step.expected) for step in self.steps
                     if step.expected in AGREE | SEPARATE and not self.times[step])


def _shape(source: Random, theorem: Theorem, method: str, number: int) -> Shape:
    """A random shape within the work limit, small ones as likely as large ones."""
    terms = theorem.chain.terms
    parts = signature(*terms)
    if theorem.endless:
        return source.choice(WITHOUT_END)
    most, longest_first = MOST_TRAJECTORIES[method], method == FLOAT  # the other half from the other end
    return shape_of_example(source, parts, terms, most, number, longest_first=longest_first)


# -- one step on one example -----------------------------------------------------------------------------


def _look(step: Subject, shape: Shape, method: str, seed: int) -> _Seen:
    known = step.theorem.assumes
    try:
        check_step(*step.sides, known, endless=step.theorem.endless)
        apart = differ_at_random(*step.sides, known, method, shape, seed)
        means_apart = step.expected in SAME_MEANS and differ_at_random(*step.means, known, method, shape, seed)
    except (NotApplicable, OutsideFragment, MalformedTerm, WorkLimit):
        return _Seen(compared=False)
    except Undefined as undefined:
        wrong = f"a side has no value: {undefined}" if step.expected == Proved.code else ""
        return _Seen(compared=False, wrong=wrong)
    if apart and step.expected in AGREE:
        return _Seen(compared=True, differ=True, wrong=_differ_though(step))
    if means_apart:
        return _Seen(compared=True, differ=True, wrong=f"expected {step.expected}, but the means differ")
    return _Seen(compared=True, differ=apart)


def _differ_though(step: Subject) -> str:
    return f"expected {step.expected}, but the sides differ"


# -- the failure, smaller -----------------------------------------------------------------------------------

TRIES = 10


def _shrunk(step: Subject, shape: Shape, method: str, says: str) -> Failure:
    """The failure on the smallest shape where one of a few draws repeats it, with a verified witness if any."""
    failure = Failure(step.theorem.name, step.step, step.expected, method, shape, says)
    for smaller in _smaller(step, method):
        if (smaller.trajectories, smaller) >= (shape.trajectories, shape):
            continue
        wrong = next((seen.wrong for seed in range(TRIES) if (seen := _look(step, smaller, method, seed)).wrong), "")
        if wrong:
            failure = replace(failure, shape=smaller, says=wrong)
            break
    return replace(failure, witness=_witness(step, failure.shape) if failure.says == _differ_though(step) else None)


def _smaller(step: Subject, method: str) -> list[Shape]:
    if method in (ORACLE, SOLVED):
        return sorted(WITHOUT_END)
    found = shapes(step.signature, step.sides, MOST_TRAJECTORIES[method])
    return sorted({shape for listed in found.values() for shape in listed})


def _witness(step: Subject, shape: Shape | None) -> Witness | None:
    endless = step.theorem.endless
    try:
        return find_witness(claim_of(*step.sides, step.theorem.assumes, endless=endless),
                            reaching=None if endless else shape)
    except DeriveError:
        return None
