"""Many files at once, on any ``concurrent.futures.Executor``.

A unit of work is one proof file, named by its path, and its result is plain data, so that
it travels between processes and machines. Results come in the order of the files and are
the same for any number of workers::

    from concurrent.futures import ProcessPoolExecutor
    with ProcessPoolExecutor() as pool:
        for checked in check_files(files, executor=pool):
            print(checked.file, checked.payload["ok"])

An executor of dask (``dask.distributed.Client(...).get_executor()``) or of MPI
(``mpi4py.futures.MPIPoolExecutor()``) is used in the same way; the files must be readable
under the same paths there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.errors import BadInput, DeriveError, InvalidChain
from derive.proof_files import load
from derive.report import terminal
from derive.report.payload import payload
from derive.theorems import Theorem


@dataclass(frozen=True, slots=True)
class Look:
    """How results are to be written."""

    style: str = "full"
    strict: bool = False
    width: int = 100
    colour: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one file: its verdicts as data and as text, and what could not be read."""

    file: str
    payload: dict[str, Any]
    text: str = ""
    errors: tuple[str, ...] = ()
    idle: bool = False
    steps: int = 0
    settled: tuple[bool, ...] = field(default=())


def check_files(files: Iterable[Path], *, look: Look | None = None,
                executor: Executor | None = None) -> Iterator[Checked]:
    """The verdicts of every file, in order; on ``executor`` if one is given, otherwise here."""
    appearance = look or Look()
    if executor is None:
        session = Session()
        for file in files:
            yield check_file(str(file), appearance, session)
        return
    yield from executor.map(partial(check_file, look=appearance), [str(file) for file in files])


def check_file(file: str, look: Look, session: Session | None = None) -> Checked:
    """The verdicts of one file. Never raises for what the file holds: errors are part of the result."""
    session = session or Session()
    examined: list[Examined] = []
    errors: list[str] = []
    try:
        theorems = load(Path(file))
    except BadInput as error:
        return Checked(file, payload([], [str(error)]), errors=(str(error),))
    for theorem in theorems:
        try:
            built(theorem)
            examined.append(session.examine(theorem))
        except BadInput as error:
            errors.append(str(error))
        except DeriveError as error:
            errors.append(f"{theorem.file}:{theorem.line}: {theorem.name}: {error}")
    return Checked(
        file, payload(examined, errors), _written(examined, look), tuple(errors),
        idle=any(one.idle for one in examined), steps=sum(len(one.steps) for one in examined),
        settled=tuple(one.as_claimed for one in examined))


def built(theorem: Theorem) -> None:
    """Read the chain.

    Raises:
        BadInput: if what is written is none, with the line.
    """
    if isinstance(theorem.written, InvalidChain):
        raise BadInput(str(theorem.written))


def _written(examined: list[Examined], look: Look) -> str:
    """The text for a terminal of the given width, with or without colours."""
    if look.style == "json":
        return ""
    text = StringIO()  # with a height, or rich asks the terminal for it at every line
    console = Console(file=text, width=look.width, height=25, highlight=False, markup=False, emoji=False,
                      force_terminal=look.colour, color_system="standard" if look.colour else None)
    for one in examined:
        if look.style == "full":
            terminal.full(console, one, strict=look.strict)
        else:
            terminal.concise(console, one)
    return text.getvalue()
