"""What commands share: their arguments, consoles and processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derive.diagnostics import visible
from derive.process.streams import own_output

if TYPE_CHECKING:
    from concurrent.futures import Executor

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
