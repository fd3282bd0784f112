"""Proved and refuted steps once more, on random MDPs that the kernel has never seen.

Examples alternate between the float interpretation and exact brute-force enumeration;
neither shares arithmetic with the kernel. A step that is expected to be proved must have
a value on every MDP of the theorem's class, the same on both sides; a step that is
expected to be refuted must be separated by some example.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import numpy as np
from sympy import Expr

from derive.assumptions import (
    POSSIBLE,
    additive_return,
    check_step,
    dynamics_positive,
    initial_positive,
    policy_positive,
)
from derive.chain import Examined
from derive.claim import Claim, Witness
from derive.enumerate import Enumeration
from derive.errors import DeriveError, MalformedTerm, NotApplicable, OutsideFragment, Undefined
from derive.language.binding import Index
from derive.language.expression import subterms
from derive.language.signature import Signature, signature
from derive.language.terms import Batch, Expect, Grad, Law, Log
from derive.language.vocabulary import pi
from derive.models import Model, Shape
from derive.numeric.gaps import assignments, largest_gap
from derive.numeric.instances import instance_of, random_instance
from derive.theorems import Theorem
from derive.verdict import Estimates, NeedsCondition, Proved, Refuted, SameMean, Unjustified
from derive.witness import find_witness

FLOAT, EXACT = "float", "exact"
MOST_TRAJECTORIES = {FLOAT: 300, EXACT: 40}
"""Trajectories, or joint samples, of an example."""
MOST_ASSIGNMENTS = {FLOAT: 100, EXACT: 12}
ROUNDING = Fraction(1, 10**18)
"""How far two difference quotients, or logarithms, of equal numbers may lie apart; quotients err by some 1e-28."""

AGREE = {Proved.code, Unjustified.code, NeedsCondition.code}
SEPARATE = {Refuted.code, Estimates.code, SameMean.code}
SAME_MEANS = {Estimates.code, SameMean.code}

Progress = Callable[[int, int], None]
Indices = Mapping[Index, Any]


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
    def possible_only(self) -> bool:
        return POSSIBLE in self.theorem.assumes

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


@dataclass(frozen=True, slots=True)
class FuzzResult:
    """What a run covered: checks by shape, comparisons by method, and the first failure."""

    examples: int
    seed: int
    steps: int
    shapes: Mapping[Shape, int]
    comparisons: Mapping[str, int]
    separated: Mapping[str, int]
    failure: Failure | None

    @property
    def passed(self) -> bool:
        """Whether no step failed."""
        return self.failure is None


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
                      dict(sorted(run.separated.items())), failure)


def _steps_of(subject: Theorem | Examined) -> list[Subject]:
    if isinstance(subject, Examined):
        return [Subject(subject.theorem, place, step.verdict.code) for place, step in enumerate(subject.steps)]
    return [Subject(subject, place, reason.expect) for place, reason in enumerate(subject.chain.reasons)]


class _Run:
    """The counts of one run."""

    def __init__(self, seed: int, steps: list[Subject]) -> None:
        self.seed, self.steps = seed, steps
        self.shapes: Counter[Shape] = Counter()
        self.compared: Counter[str] = Counter()
        self.separated: Counter[str] = Counter()

    def example(self, theorem: Theorem, number: int) -> Failure | None:
        """Check the steps of one theorem on one random MDP."""
        method = EXACT if number % 2 else FLOAT
        source = Random(f"fuzz/{self.seed}/{theorem.name}/{number}")
        shape = _shape(source, signature(*theorem.chain.terms), method)
        self.shapes[shape] += 1
        for step in self.steps:
            if step.theorem != theorem or step.expected not in AGREE | SEPARATE:
                continue
            seen = _look(step, shape, method, source.getrandbits(32))
            self.compared[method] += seen.compared
            self.separated[str(step)] += seen.differ
            if seen.wrong:
                return _shrunk(step, shape, method, seen.wrong)
        return None

    def never_separated(self, theorem: Theorem, examples: int) -> Failure | None:
        """The first step expected to be refuted whose sides no example told apart; none at an infinite horizon."""
        for step in self.steps if not theorem.endless else ():
            if step.theorem == theorem and step.expected in SEPARATE and not self.separated[str(step)]:
                says = f"expected {step.expected}, but {examples} examples did not tell the sides apart"
                return Failure(theorem.name, step.step, step.expected, "", None, says)
        return None


def _shape(source: Random, parts: Signature, method: str) -> Shape:
    """A random shape within the work limit, small ones as likely as large ones."""
    fitting = [shape for shape in _shapes(parts) if shape.trajectories**shape.samples <= MOST_TRAJECTORIES[method]]
    return source.choice(fitting)


def _shapes(parts: Signature) -> list[Shape]:
    samples = (1, 2, 3) if parts.samples else (1,)
    horizons = range(max(3, min(parts.largest_offset, 5) + 2))
    return sorted(Shape(n, k, h, m) for n, k, h, m in product(range(1, 4), range(1, 4), horizons, samples))


# -- one step on one example -----------------------------------------------------------------------------


def _look(step: Subject, shape: Shape, method: str, seed: int) -> _Seen:
    differ = _differ_in_floats if method == FLOAT else _differ_exactly
    if step.theorem.endless:
        return _Seen(compared=False)  # neither evaluator has more than what comes before a last decision
    try:
        check_step(*step.sides, step.theorem.assumes)
        apart = differ(step, *step.sides, shape, seed)
        means_apart = step.expected in SAME_MEANS and differ(step, *step.means, shape, seed)
    except (NotApplicable, OutsideFragment, MalformedTerm):
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


def _differ_in_floats(step: Subject, before: Expr, after: Expr, shape: Shape, seed: int) -> bool:
    rng = np.random.default_rng(seed)
    instance = random_instance(rng, shape, signature(before, after), assumptions=step.theorem.assumes,
                               zeros=bool(seed % 2))
    gap = largest_gap(before, after, instance, possible_only=step.possible_only, most=MOST_ASSIGNMENTS[FLOAT], rng=rng)
    return gap.differs


def _differ_exactly(step: Subject, before: Expr, after: Expr, shape: Shape, seed: int) -> bool:
    model = random_model(Random(seed), shape, step, zeros=bool(seed % 2))
    oracle = Enumeration(model, possible_only=step.possible_only)
    free = {index for index in before.free_symbols | after.free_symbols if isinstance(index, Index)}
    rounded = any(isinstance(node, (Grad, Log)) for side in (before, after) for node in subterms(side))
    places = assignments(free, instance_of(model, signature(before, after)), possible_only=step.possible_only,
                         most=MOST_ASSIGNMENTS[EXACT], rng=np.random.default_rng(seed))
    for at in places:
        indices = {index: dict(enumerate(value, 1)) if isinstance(value, tuple) and isinstance(index, Batch) else value
                   for index, value in at.items()}
        left, right = oracle.value(before, indices), oracle.value(after, indices)
        if abs(left - right) > (ROUNDING * max(Fraction(1), abs(left), abs(right)) if rounded else 0):
            return True
    return False


def random_model(source: Random, shape: Shape, step: Subject, *, zeros: bool) -> Model:
    """A random exact model of the theorem's class, with small fractions; ``zeros`` where no assumption forbids them."""
    n, k, known, parts = range(shape.states), range(shape.actions), step.theorem.assumes, step.signature

    def row(size: int, positive: bool) -> tuple[Fraction, ...]:
        weights = [source.choice((1, 2, 3, 7) if positive or not zeros else (0, 0, 1, 2, 3)) for _ in range(size)]
        weights[0] += not any(weights)
        return tuple(Fraction(weight, sum(weights)) for weight in weights)

    def number() -> Fraction:
        return Fraction(source.randint(-5, 5), source.choice((1, 2, 3, 4)))

    sizes = {"state": n, "action": k}
    return Model(
        shape=shape, mu=row(len(n), initial_positive in known),
        P=tuple(tuple(row(len(n), dynamics_positive in known) for _ in k) for _ in n),
        r=tuple(tuple(tuple(number() for _ in n) for _ in k) for _ in n),
        gamma=Fraction(source.randint(0, 9), 10),
        policies={name: tuple(row(len(k), name != "pi" or policy_positive in known) for _ in n)
                  for name in sorted(parts.policies | {"pi"})},
        scores=tuple(tuple(number() for _ in k) for _ in n),
        returns=None if additive_return in known else {path: number() for path in shape.paths()},
        functions={name: {places: number() for places in product(*(sizes[sort] for sort in sorts))}
                   for name, sorts in sorted(parts.functions)},
    ).validate()


# -- the failure, smaller -----------------------------------------------------------------------------------

TRIES = 10


def _shrunk(step: Subject, shape: Shape, method: str, says: str) -> Failure:
    """The failure on the smallest shape where one of a few draws repeats it, with a verified witness if any."""
    failure = Failure(step.theorem.name, step.step, step.expected, method, shape, says)
    for smaller in _shapes(step.signature):
        if (smaller.trajectories, smaller) >= (shape.trajectories, shape):
            continue
        wrong = next((seen.wrong for seed in range(TRIES) if (seen := _look(step, smaller, method, seed)).wrong), "")
        if wrong:
            failure = replace(failure, shape=smaller, says=wrong)
            break
    return replace(failure, witness=_witness(step) if failure.says == _differ_though(step) else None)


def _witness(step: Subject) -> Witness | None:
    try:
        return find_witness(Claim(*step.sides, frozenset(step.theorem.assumes), step.possible_only))
    except DeriveError:
        return None
