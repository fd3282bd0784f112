"""Proved and refuted steps once more, on random MDPs that the kernel has never seen.

Hypothesis draws the MDPs, makes a failing one small and keeps it in its database, from
where a later run tries it first. Every MDP is looked at in floats, small ones in fractions
too; neither shares arithmetic with the kernel. A step that is expected to be proved must
have a value on every MDP of the theorem's class, the same on both sides; a step that is
expected to be refuted must be separated by some example. A step that was never compared is
said, and no run with a step that is expected to be proved among them has passed.

At an infinite horizon the ways are the linear systems of ``stationary``, which share no
arithmetic with the kernel, and the kernel's own exact solution with random numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from warnings import catch_warnings, simplefilter

from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis.errors import HypothesisWarning, NoSuchExample, Unsatisfiable

from derive.checking.judgement import Examined
from derive.checking.theorems import Theorem
from derive.checking.verdict import Proved
from derive.language.models import Model, Shape
from derive.testing.kept import KeptModels
from derive.testing.strategies import LEAST
from derive.testing.subjects import SEPARATE, Failure, Look, Subject, looks, subjects_of, with_witness
from derive.testing.theorem_models import FAVOURS, models_of

MOST_COMPARING, MOST_SEPARATING = 20, 100
"""More of each kind where a step was not compared, and where one expected to be refuted was not separated."""
MOST_SMALLER = 50
"""Random MDPs of each shape, from the smallest on, on which a failure is looked for again."""


@dataclass(frozen=True, slots=True)
class FuzzResult:
    """What a run covered: MDPs by shape, comparisons by method; the first failure; and what was never compared.

    ``replayed`` counts the MDPs, among them, that failed in an earlier run.
    """

    examples: int
    seed: int
    steps: int
    shapes: Mapping[str, int]
    comparisons: Mapping[str, int]
    separated: Mapping[str, int]
    failure: Failure | None
    uncompared: tuple[Subject, ...] = ()
    replayed: int = 0

    @property
    def unsupported(self) -> tuple[Subject, ...]:
        """The steps expected to be proved that no example compared."""
        return tuple(step for step in self.uncompared if step.expected == Proved.code)

    @property
    def passed(self) -> bool:
        """Whether no step failed, and each that is expected to be proved was compared."""
        return self.failure is None and not self.unsupported


def fuzz(theorems: Iterable[Theorem | Examined], *, examples: int, seed: int,
         database: Path | None = None) -> FuzzResult:
    """Check every step of the theorems on ``examples`` random MDPs each, and the plainest; the same run for a seed.

    Of a theorem the declared verdicts count, of an examined one those that it got. Stops at
    the first failure. MDPs that failed are kept in the folder ``database``, if one is given,
    and tried before any other by the next run.
    """
    steps, seen, failure = list[Subject](), _Seen(), None
    kept = KeptModels(database) if database else None
    for theorem in theorems:
        own = subjects_of(theorem)
        steps += own
        run = _Run(theorem.theorem if isinstance(theorem, Examined) else theorem, own, seen, seed)
        failure = failure or run.failure(examples, kept) or run.never_separated()
    never = [step for step in steps if step.has_truth_value and not seen.times[step]]
    return FuzzResult(examples, seed, len(steps), dict(sorted(seen.shapes.items())),
                      dict(sorted(seen.compared.items())), dict(sorted(seen.separated.items())), failure,
                      () if failure else tuple(never), seen.replayed)


class _Seen:
    """The counts of one run."""

    def __init__(self) -> None:
        self.shapes: Counter[str] = Counter()
        self.compared: Counter[str] = Counter()
        self.separated: Counter[str] = Counter()
        self.times: Counter[Subject] = Counter()
        self.replayed = 0


class _Run:
    """The examples of one theorem. From the first failure on, only the same step in the same way counts."""

    def __init__(self, theorem: Theorem, steps: Sequence[Subject], seen: _Seen, seed: int) -> None:
        self.theorem, self.seen, self.seed = theorem, seen, seed
        self.steps = [step for step in steps if step.has_truth_value]
        self.kinds = (FAVOURS[:1] if theorem.endless else FAVOURS) if self.steps else ()
        self.first: Failure | None = None

    def failure(self, examples: int, kept: KeptModels | None) -> Failure | None:
        """The first failure: of the MDPs that are kept, then of the kinds of examples in turn."""
        if kept and self.steps:
            for model in kept.of(self.theorem):
                self.seen.replayed += 1
                if self._fails(model):
                    return self._smallest(model, replayed=True)
                kept.drop(self.theorem, model)
        found = self._first(examples)
        failure = None if found is None else self._smallest(found)
        if kept and failure and failure.point:
            kept.keep(self.theorem, failure.point.model)
        return failure

    def _first(self, examples: int) -> Model | None:
        for place, favour in enumerate(self.kinds):
            share = len(range(place, examples, len(self.kinds)))  # and one, for Hypothesis begins with the plainest
            if share and (model := self._found(self._fails, favour, share + 1)):
                return model
        for favour in reversed(self.kinds):
            if not all(self.seen.times[step] for step in self.steps) and (
                    model := self._found(self._fails, favour, MOST_COMPARING)):
                return model
        return None

    def never_separated(self) -> Failure | None:
        """The first step expected to be refuted whose sides no example tells apart, not even of many more.

        At an infinite horizon a step that was never compared is none of them: nothing could have told it apart.
        """
        for step in self.steps:
            asked = step.expected in SEPARATE and (self.seen.times[step] > 0 or not self.theorem.endless)
            if not asked or self.seen.separated[str(step)]:
                continue
            separates = partial(self._separates, step)
            if not any(self._found(separates, favour, MOST_SEPARATING) for favour in self.kinds):
                return Failure(step, f"expected {step.expected}, but {self.seen.times[step]} comparisons did not tell "
                                     "the sides apart")
        return None

    def _found(self, condition: Callable[[Model], bool], favour: str, examples: int,
               shape: Shape | None = None) -> Model | None:
        """The first MDP on which the condition holds; of one shape, what Hypothesis shrinks it to."""
        source = Random(f"derive fuzz/{self.seed}/{self.theorem.name}/{favour}/{shape}")
        phases = (Phase.generate, Phase.shrink) if shape else (Phase.generate,)
        with catch_warnings():
            simplefilter("ignore", HypothesisWarning)  # of how long the words are in which it would show the MDP
            try:
                found: Model = find(models_of(self.theorem, favour, shape), condition, random=source, settings=settings(
                    max_examples=examples, phases=phases, derandomize=False, database=None, deadline=None,
                    verbosity=Verbosity.quiet, suppress_health_check=list(HealthCheck)))
            except (NoSuchExample, Unsatisfiable):
                return None
        return found

    def _smallest(self, model: Model, *, replayed: bool = False) -> Failure | None:
        """The failure on the smallest shape where that is seen again, which Hypothesis need not have come upon."""
        parts = zip(astuple(LEAST), astuple(model.shape), strict=True)
        shapes = [Shape(*sizes) for sizes in product(*(range(low, high + 1) for low, high in parts))]
        for shape in sorted(shapes, key=lambda shape: (shape.trajectories**shape.samples, shape)):
            if found := self._found(self._fails, "", MOST_SMALLER, shape):
                model = found
                self.seen.shapes[shape.shown(endless=self.theorem.endless)] += 1  # it is the one that is reported
                break
        failure = self._again(model)
        return failure and replace(with_witness(failure), replayed=replayed)

    def _fails(self, model: Model) -> bool:
        if self.first is None:
            self.seen.shapes[model.shape.shown(endless=self.theorem.endless)] += 1
            for step in self.steps:
                for look in self._looks(step, model):
                    self.first = self.first or look.failure
            return self.first is not None
        return self._again(model) is not None

    def _separates(self, step: Subject, model: Model) -> bool:
        return any(look.differ for look in list(self._looks(step, model)))

    def _looks(self, step: Subject, model: Model) -> Iterator[Look]:
        for look in looks(step, model):
            self.seen.compared[look.method] += look.compared
            self.seen.times[step] += look.compared
            self.seen.separated[str(step)] += look.differ
            yield look

    def _again(self, model: Model) -> Failure | None:
        """What is wrong on an MDP, if it is what was wrong at first."""
        wrong = (look.failure for step in self.steps if self.first and step == self.first.subject
                 for look in looks(step, model))
        return next((one for one in wrong if one and self.first and one.kind == self.first.kind), None)
