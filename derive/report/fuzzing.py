"""``derive fuzz``: a progress bar, the shapes covered, and the first failure."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from derive.derivation import Theorem
from derive.fuzz import FuzzResult, fuzz
from derive.report.refutation import describe


def fuzzed(console: Console, theorems: Sequence[Theorem], *, examples: int, seed: int) -> bool:
    """Run the campaign and print what it covered; whether no step failed."""
    columns = (TextColumn("random MDPs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Console(file=sys.stderr)
    with Progress(*columns, console=bar, transient=True, disable=not bar.is_terminal) as progress:
        task = progress.add_task("", total=None)
        result = fuzz(theorems, examples=examples, seed=seed,
                      progress=lambda done, total: progress.update(task, completed=done, total=total))
    _covered(console, result, len(theorems))
    if result.failure is None:
        console.print(f"no step of {len(theorems)} theorems is other than declared, seed {seed}")
        return True
    _failure(console, result, theorems)
    return False


def _covered(console: Console, result: FuzzResult, theorems: int) -> None:
    shapes = ", ".join(f"{shape}: {count}" for shape, count in result.shapes.items())
    methods = ", ".join(f"{method} {count}" for method, count in result.comparisons.items())
    console.print(f"{theorems} theorems, {result.steps} steps, {result.examples} random MDPs each")
    console.print(f"comparisons: {methods}")
    console.print(f"shapes (|S|,|A|,H) and how often: {shapes}")


def _failure(console: Console, result: FuzzResult, theorems: Sequence[Theorem]) -> None:
    failure = result.failure
    if failure is None:
        return
    console.print(f"FAILED: {failure.theorem}, step {failure.step + 1}, declared {failure.expected}")
    console.print(f"  {failure.says}" + (f" (by {failure.method} on {failure.shape})" if failure.shape else ""))
    theorem = next((one for one in theorems if one.name == failure.theorem), None)
    if failure.witness is None or theorem is None:
        return
    before, after = theorem.chain.terms[failure.step : failure.step + 2]
    for line in describe(failure.witness, before, after):
        console.print(f"  {line}")
