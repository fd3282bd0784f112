"""``derive fuzz``: a progress bar, the shapes covered, and the first failure.

A unit of work is one theorem, whose random MDPs depend on the seed and its own name only,
so the results are the same for any executor and any number of workers.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from derive.checking.proof_files import load
from derive.checking.theorems import Theorem
from derive.report.refutation import describe
from derive.testing.fuzz import FuzzResult, fuzz


def fuzz_theorem(place: tuple[str, str], *, examples: int, seed: int) -> FuzzResult:
    """The campaign of one theorem, named by its file and its name."""
    file, name = place
    return fuzz([theorem for theorem in load(Path(file)) if theorem.name == name], examples=examples, seed=seed)


def campaign(theorems: Sequence[Theorem], *, examples: int, seed: int,
             executor: Executor | None = None) -> Iterator[FuzzResult]:
    """The results theorem by theorem, in order; on ``executor`` if one is given."""
    work = partial(fuzz_theorem, examples=examples, seed=seed)
    places = [(theorem.file, theorem.name) for theorem in theorems]
    yield from map(work, places) if executor is None else executor.map(work, places)


def fuzzed(console: Console, theorems: Sequence[Theorem], *, examples: int, seed: int,
           executor: Executor | None = None) -> bool:
    """Run the campaign and print what it covered; whether no step failed."""
    columns = (TextColumn("theorems on random MDPs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar, results = Console(file=sys.stderr), list[FuzzResult]()
    with Progress(*columns, console=bar, transient=True, disable=not bar.is_terminal) as progress:
        task = progress.add_task("", total=len(theorems))
        try:
            for result in campaign(theorems, examples=examples, seed=seed, executor=executor):
                results.append(result)
                progress.advance(task)
                if result.failure is not None:
                    break
        finally:  # interrupted: say what is settled
            progress.stop()
            if results:
                _covered(console, merged(results), len(results))
    if results and results[-1].failure is not None:
        _failure(console, results[-1], theorems)
        return False
    return _settled(console, merged(results), len(results)) if results else True


def _settled(console: Console, result: FuzzResult, theorems: int) -> bool:
    """The last line, which never calls a step good that no example compared."""
    if result.uncompared:
        names = "; ".join(map(str, result.uncompared))
        console.print(f"nothing was compared for {len(result.uncompared)} steps: {names}")
    if result.unsupported:
        console.print(f"NOT COMPARED: {len(result.unsupported)} steps that are declared proved; "
                      f"no other step of {theorems} theorems is other than declared, seed {result.seed}")
        return False
    console.print(f"no step of {theorems} theorems is other than declared, seed {result.seed}")
    return True


def merged(results: Sequence[FuzzResult]) -> FuzzResult:
    """The results of several theorems as one."""
    shapes, comparisons, separated = (
        dict(sorted(sum((Counter(getattr(one, part)) for one in results), Counter()).items()))
        for part in ("shapes", "comparisons", "separated"))
    return replace(results[-1], steps=sum(one.steps for one in results), shapes=shapes, comparisons=comparisons,
                   separated=separated, uncompared=tuple(step for one in results for step in one.uncompared))


def _covered(console: Console, result: FuzzResult, theorems: int) -> None:
    shapes = ", ".join(f"{shape}: {count}" for shape, count in result.shapes.items())
    methods = ", ".join(f"{method} {count}" for method, count in result.comparisons.items() if count) or "none"
    console.print(f"{theorems} theorems, {result.steps} steps, {result.examples} random MDPs each")
    console.print(f"comparisons: {methods}")
    console.print(f"shapes (|S|,|A|,H) and how often: {shapes}")


def _failure(console: Console, result: FuzzResult, theorems: Sequence[Theorem]) -> None:
    failure = result.failure
    if failure is None:
        return
    console.print(f"FAILED: {failure.theorem}, step {failure.step + 1}, declared {failure.expected}")
    console.print(f"  {failure.says}" + (f" ({failure.place})" if failure.place else ""))
    theorem = next((one for one in theorems if one.name == failure.theorem), None)
    if failure.witness is None or theorem is None:
        return
    before, after = theorem.chain.terms[failure.step : failure.step + 2]
    for line in describe(failure.witness, before, after):
        console.print(f"  {line}")
