"""What commands share: their arguments, the theorems that names stand for, consoles and processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derive.diagnostics import NOT_CHECKED, visible
from derive.errors import BadInput, DeriveError
from derive.process.streams import own_output

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from derive.checking.theorems import Theorem

Option = Callable[[Callable[..., int]], Callable[..., int]]

PATH = click.Path(path_type=Path, readable=False)
"""An input: one that may not be read is told of with the others, not by click, which would end the command."""
PATHS = click.argument("paths", nargs=-1, type=PATH)
NAMES = click.argument("names", nargs=-1)
JOBS = click.option("-j", "--jobs", default=1, show_default=True, type=click.IntRange(1, 256),
                    help="Processes to use; the results are the same for any number.")


class _Seconds(click.FloatRange):
    """A range that nan is not in: no comparison with it holds, so that it passes every bound."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if isnan(seconds):
            self.fail(f"{visible(value)} is no number of seconds; give one such as 60.", param, ctx)
        return seconds


def _timeout(default: float, meaning: str) -> Option:
    return click.option("--timeout", default=default, show_default=True, type=_Seconds(0.1, 1e6),
                        metavar="SECONDS", help=meaning)


def _memory(meaning: str) -> Option:
    return click.option("--memory", default=900, show_default=True, type=click.IntRange(250, 10**7), metavar="MB",
                        help=meaning)


TIMEOUT = _timeout(300.0, "Of each file; what takes longer is undecided.")
MEMORY = _memory("Of each file; what takes more is undecided.")
TIMEOUT_OF_ALL = _timeout(3600.0, "Of the whole command.")
MEMORY_OF_ALL = _memory("Of each process of the command, beyond what it has when it starts.")


def named(names: Sequence[str]) -> list[Theorem]:
    """The theorems of files, one of a file as FILE.py:THEOREM, or bundled ones by name; all of those for no name."""
    from derive.checking.proof_files import bundled, load, proof_files, search

    if not names:
        return [theorem for file in proof_files([bundled()]) for theorem in load(file)]
    found: list[Theorem] = []
    for name in names:
        file, colon, wanted = name.rpartition(":")
        if colon and file.endswith(".py") and not Path(name).exists():
            found += _chosen(file, wanted)
            continue
        if name.endswith(".py") or Path(name).exists():
            found += [theorem for file in proof_files([Path(name)]) for theorem in load(file)]
            continue
        matches = [file for path in sorted(bundled().rglob("*.py")) if path.stem == name for file in search(path).files]
        if not matches:
            known = [file.stem for file in proof_files([bundled()])]
            near = get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}?" if near else (
                f"The {len(known)} bundled ones, such as policy_gradient, are listed in {bundled() / 'README.md'}.")
            raise BadInput(f"{visible(name)}: no such file, and no bundled theorem of that name. {hint}")
        found += [theorem for file in matches for theorem in load(file)]
    return found


def _chosen(file: str, wanted: str) -> list[Theorem]:
    """The theorem of FILE.py:THEOREM."""
    listed = named([file])
    chosen = [theorem for theorem in listed if theorem.name == wanted]
    if not chosen:
        known = ", ".join(visible(theorem.name) for theorem in listed)
        raise BadInput(f"{visible(file)} has no theorem {visible(wanted) or '(no name)'}; it has {known}.")
    return chosen


def built(names: Sequence[str]) -> tuple[list[Theorem], int]:
    """The theorems of ``named`` that have a chain, and the exit status that those without one ask for.

    Each of these is an error on stderr, with what to write instead where that is known; the others go on.

    Raises:
        BadInput: if none has a chain.
    """
    from derive.report.trouble import trouble
    from derive.runs.campaign import built as build

    theorems: list[Theorem] = []
    said: list[str] = []
    for theorem in named(names):
        try:
            build(theorem)
        except DeriveError as error:
            found = trouble(error, theorem.file, theorem)
            said.append(found.line + (f"; {found.diagnostic.hint}" if found.diagnostic.hint else ""))
        else:
            theorems.append(theorem)
    for line in said if theorems else said[:-1]:
        click.echo(f"error: {visible(line)}", err=True)
    if said and not theorems:
        raise BadInput(said[-1])
    return theorems, NOT_CHECKED if said else 0


@contextmanager
def processes(jobs: int) -> Iterator[Executor | None]:
    """Processes for more than one job; what has not begun is dropped when interrupted."""
    if jobs == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(max_workers=jobs)
    done = False
    try:
        yield pool
        done = True
    finally:  # interrupted: what has begun ends with the process of the command (``in_child``)
        pool.shutdown(wait=done, cancel_futures=True)


def say(text: str) -> None:
    """A line of the command's own output."""
    click.echo(text, file=own_output())


def console_of(output: Path | None) -> Any:
    """The terminal, or a file that is written whole at the end."""
    from derive.report.output import console_for

    return console_for(output)
