"""``derive fuzz``: a progress bar, the shapes covered, and the first failure of every theorem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rich.console import Console

from derive.language.assumptions import POSSIBLE
from derive.report.progress import progress
from derive.report.refutation import describe, replay
from derive.report.terminal import plural
from derive.testing.fuzz import FuzzResult
from derive.testing.subjects import Failure


def fuzzed(console: Console, campaign: Iterable[FuzzResult], theorems: int) -> bool:
    """Go through the results of so many theorems and print what they covered; whether no step failed."""
    results = list[FuzzResult]()
    try:
        with progress(theorems) as tell:
            for result in campaign:
                results.append(result)
                tell("theorems on random MDPs")
    finally:  # interrupted: say what is settled
        if results:
            _covered(console, merged(results), len(results))
    failures = [result.failure for result in results if result.failure is not None]
    for failure in failures:
        _failure(console, failure)
    if failures:
        return False
    return _settled(console, merged(results), len(results)) if results else True


def _settled(console: Console, result: FuzzResult, theorems: int) -> bool:
    """The last line, which never calls a step good that no example compared."""
    if result.uncompared:
        names = "; ".join(map(str, result.uncompared))
        console.print(f"nothing was compared for {plural(len(result.uncompared), 'step')}: {names}")
    if result.unsupported:
        console.print(f"NOT COMPARED: {plural(len(result.unsupported), 'step')} declared proved; "
                      f"no other step of {plural(theorems, 'theorem')} is other than declared, seed {result.seed}")
        return False
    console.print(f"no step of {plural(theorems, 'theorem')} is other than declared, seed {result.seed}")
    return True


def merged(results: Sequence[FuzzResult]) -> FuzzResult:
    """The results of several theorems as one."""
    shapes, comparisons, separated = (
        dict(sorted(sum((Counter(getattr(one, part)) for one in results), Counter()).items()))
        for part in ("shapes", "comparisons", "separated"))
    return replace(results[-1], steps=sum(one.steps for one in results), shapes=shapes, comparisons=comparisons,
                   separated=separated, uncompared=tuple(step for one in results for step in one.uncompared),
                   replayed=sum(one.replayed for one in results))


def _covered(console: Console, result: FuzzResult, theorems: int) -> None:
    shapes = ", ".join(f"{shape}: {count}" for shape, count in result.shapes.items())
    methods = ", ".join(f"{method} {count}" for method, count in result.comparisons.items() if count) or "none"
    console.print(f"{plural(theorems, 'theorem')}, {plural(result.steps, 'step')}, "
                  f"{plural(result.examples, 'random MDP')} each, and the plainest")
    if result.replayed:
        console.print(f"replayed first: {result.replayed} MDPs that failed in an earlier run")
    console.print(f"comparisons: {methods}")
    console.print(f"shapes (|S|,|A|,H) and how often: {shapes}")


def _failure(console: Console, failure: Failure) -> None:
    step = failure.subject
    console.print(f"FAILED: {step}, declared {step.expected}")
    console.print(f"  {failure.says}" + (f" ({failure.place})" if failure.place else "")
                  + (", replayed from an earlier run" if failure.replayed else ""))
    if failure.sides is None or failure.point is None:
        return
    if failure.witness is not None:
        for line in describe(failure.witness, *failure.sides):
            console.print(f"  {line}")
    console.print("  the same in Python, apart from any database:")
    console.print(replay(failure.point, *failure.sides, possible_only=POSSIBLE in step.assumes), soft_wrap=True,
                  highlight=False, markup=False)
