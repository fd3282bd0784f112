"""How far a command is: a bar on standard error at a terminal, nothing elsewhere, and nothing is left of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[[str], None]
"""Called when a part is done, or begins."""


@contextmanager
def progress(parts: int, begin: str = "") -> Iterator[Tell]:
    """A bar of so many parts; each call is one of them. ``begin`` is shown before the first."""
    if not sys.stderr.isatty():
        yield lambda part: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), BarColumn(bar_width=20), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(begin, total=parts)

        def tell(part: str) -> None:
            bar.update(task, advance=1, description=part)

        yield tell
