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
under the same paths there. ``resumed_check`` goes on where such a run was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.checking.proof_files import is_bundled, loaded, place_of
from derive.checking.theorems import Theorem
from derive.diagnostics import ERROR, NOTHING_WRONG, WARNING, Diagnostic, exit_status
from derive.errors import BadInput, InvalidChain, said
from derive.files.overlay import overlaid
from derive.fixing.proposals import fixes
from derive.process.child import DONE
from derive.process.isolation import isolated
from derive.process.limits import Limits
from derive.report import terminal
from derive.report.findings import findings
from derive.report.payload import payload
from derive.report.trouble import Trouble, trouble, unfinished

Task = TypeVar("Task")
Result = TypeVar("Result")
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Look:
    """How thoroughly to look, and how results are to be written: in which style, on what, without which codes."""

    style: str = "full"
    strict: bool = False
    width: int = 100
    colour: bool = False
    verbose: bool = False
    quiet: bool = False
    left_out: frozenset[str] = frozenset()
    thorough: bool = False
    mend: bool = False
    """Whether sequences of rules are looked for where one is missing; what is known already is always said."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is checked in the place of a file."""

    file: str
    content: bytes

    def __str__(self) -> str:
        return self.file


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one file: its verdicts as data and as text, what is wrong, and what could not be read.

    ``settled`` says of each theorem whether it is as claimed, warnings allowed.
    """

    file: str
    payload: dict[str, Any]
    text: str = ""
    errors: tuple[str, ...] = ()
    idle: bool = False
    steps: int = 0
    settled: tuple[bool, ...] = field(default=())
    diagnostics: tuple[Diagnostic, ...] = ()

    def status(self, *, strict: bool = False) -> int:
        """The exit status that this file asks for."""
        return exit_status(self.diagnostics, strict=strict)


@dataclass(frozen=True, slots=True)
class Begun:
    """The theorem that a file's process is at: if it does not come to its end, that is said of this one."""

    theorem: str
    line: int


def check_files(files: Iterable[Path], *, look: Look | None = None,
                executor: Executor | None = None) -> Iterator[Checked]:
    """The verdicts of every file, in order; on ``executor`` if one is given, otherwise in this process."""
    appearance = look or Look()
    if executor is None:
        session = Session(thorough=appearance.thorough)
        for file in files:
            yield check_file(str(file), appearance, session)
        return
    yield from executor.map(partial(check_file, look=appearance), [str(file) for file in files])


def as_they_come(executor: Executor, work: Callable[[Task], Result], tasks: Sequence[Task],
                 keep: Callable[[Result], Kept]) -> Iterator[Kept]:
    """The results in the order of the tasks, each given to ``keep`` as soon as it is there."""
    futures = [executor.submit(work, task) for task in tasks]
    waiting, kept = set(futures), dict[Future[Result], Kept]()
    try:
        for future in futures:
            while future in waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                kept |= {one: keep(one.result()) for one in done}
            yield kept.pop(future)
    finally:
        for future in waiting:
            future.cancel()


def check_isolated(files: Iterable[Path | Text], *, look: Look | None = None, jobs: int = 1,
                   limits: Limits | None = None) -> Iterator[Checked]:
    """The verdicts of every file, in order, each checked in a process of its own that is ended at its limits.

    Files of the bundled library follow each other in one process.
    """
    listed, strict = list(files), look is not None and look.strict
    for file, found in zip(listed, isolated_parts(listed, look=look, jobs=jobs, limits=limits), strict=True):
        yield together(str(file), found, strict=strict)


def isolated_parts(files: Iterable[Path | Text], *, look: Look | None = None, jobs: int = 1,
                   limits: Limits | None = None,
                   work: Callable[..., Iterator[Any]] | None = None) -> Iterator[list[Any]]:
    """The results of every file theorem by theorem; the last says so if its process did not come to its end."""
    appearance, listed, allowed = look or Look(), list(files), limits or Limits()
    results = isolated(partial(work, look=appearance) if work else InTurn(appearance), listed, jobs=jobs,
                       limits=allowed, harmless=lambda task: isinstance(task, Path) and is_bundled(task))
    for file, result in zip(map(str, listed), results, strict=True):
        begun = [part for part in result.parts if isinstance(part, Begun)]
        there = [part for part in result.parts if not isinstance(part, Begun)]
        ended = []
        if result.ending != DONE:
            last = begun[-1] if begun else Begun("", 0)
            told = unfinished(replace(result, parts=tuple(there)), file, allowed, last.theorem, last.line)
            ended = [failed(file, told, appearance)]
        yield [*there, *ended]


class InTurn:
    """The results of the tasks of one child: what is known of the library's theorems is kept from file to file."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._library: Session | None = None

    def __call__(self, task: Path | Text) -> Iterator[Checked | Begun]:
        if isinstance(task, Text) or not is_bundled(task):
            return task_parts(task, self.look)
        self._library = self._library or Session(thorough=self.look.thorough)
        return task_parts(task, self.look, self._library)


def task_parts(task: Path | Text, look: Look, session: Session | None = None) -> Iterator[Checked | Begun]:
    """The results of one task, and before each theorem that it is begun.

    In a child the user does not interrupt: what a file raises there is its own doing.
    """
    file = str(task)
    try:
        with overlaid(Path(file), task.content) if isinstance(task, Text) else nullcontext():
            yield from _parts(file, look, session)
    except (KeyboardInterrupt, SystemExit, GeneratorExit) as error:
        wrong = BadInput(f"{place_of(error, Path(file))}: {type(error).__name__}: {said(error)}", kind="not executed")
        wrong.__cause__ = error
        yield failed(file, trouble(wrong, file), look)


def check_file(file: str, look: Look, session: Session | None = None) -> Checked:
    """The verdicts of one file. Never raises for what the file holds: errors are part of the result."""
    return together(file, list(parts(file, look, session)), strict=look.strict)


def parts(file: str, look: Look, session: Session | None = None) -> Iterator[Checked]:
    """The results of one file theorem by theorem, as soon as each is there."""
    yield from (part for part in _parts(file, look, session) if isinstance(part, Checked))


def _parts(file: str, look: Look, session: Session | None = None) -> Iterator[Checked | Begun]:
    session = session or Session(thorough=look.thorough)
    try:
        found = loaded(Path(file))
    except Exception as error:
        yield failed(file, trouble(error, file), look)
        return
    for lost in found.lost:
        yield failed(file, trouble(BadInput(lost, kind="lost"), file), look)
    for theorem in found.theorems:
        yield Begun(theorem.name, theorem.line)
        try:
            built(theorem)
            yield _result(file, session.examine(theorem), look, session)
        except Exception as error:
            yield failed(file, trouble(error, file, theorem), look)


def _result(file: str, one: Examined, look: Look, session: Session) -> Checked:
    mends = fixes(one, session.examine if look.mend else None)
    every = findings(one, mends)
    found = tuple(each for each in every if each.code not in look.left_out)
    passes = not any(each.severity == ERROR for each in every)  # what is left out is not mended
    return Checked(
        file, payload([one], diagnostics=found, strict=look.strict, mends=mends), _written(one, found, look),
        idle=bool(one.idle), steps=len(one.steps), settled=(passes,), diagnostics=found)


def failed(file: str, found: Trouble, look: Look) -> Checked:
    """A file, or one theorem of it, of which there is no verdict."""
    told = found.diagnostic
    says = terminal.one_line if look.style == "concise" else terminal.told
    return Checked(file, payload([], [found.line], [told]), _text(look, lambda console: says(console, told)),
                   errors=(found.line,), diagnostics=(told,))


def together(file: str, found: Iterable[Checked], *, strict: bool = False) -> Checked:
    """The parts of a file as one result."""
    listed = list(found)
    diagnostics = tuple(each for part in listed for each in part.diagnostics)
    errors = tuple(error for part in listed for error in part.errors)
    theorems = [theorem for part in listed for theorem in part.payload["theorems"]]
    ok = bool(theorems) and exit_status(diagnostics, strict=strict) == NOTHING_WRONG
    data = {**payload([], errors, diagnostics), "ok": ok, "theorems": theorems}
    return Checked(
        file, data, "".join(part.text for part in listed), errors, idle=any(part.idle for part in listed),
        steps=sum(part.steps for part in listed), settled=tuple(one for part in listed for one in part.settled),
        diagnostics=diagnostics)


def built(theorem: Theorem) -> None:
    """Read the chain.

    Raises:
        BadInput: if what is written is none, with the line.
    """
    if isinstance(theorem.written, InvalidChain):
        raise BadInput(str(theorem.written), kind="not executed") from theorem.written.__cause__


def _written(one: Examined, found: tuple[Diagnostic, ...], look: Look) -> str:
    if look.style == "concise":
        return _text(look, lambda console: terminal.concise(console, one, found, verbose=look.verbose))
    if look.quiet and not any(each.severity in (ERROR, WARNING) for each in found):
        return ""
    return _text(look, lambda console: terminal.full(console, one, found, verbose=look.verbose))


def _text(look: Look, write: Callable[[Console], None]) -> str:
    """What is written to a terminal of the given width, with or without colours; nothing in formats for programs."""
    if look.style not in ("full", "concise"):
        return ""
    text = StringIO()  # with a height, or rich asks the terminal for it at every line
    write(Console(file=text, width=look.width, height=25, highlight=False, markup=False, emoji=False,
                  force_jupyter=False, force_terminal=look.colour, color_system="standard" if look.colour else None))
    return text.getvalue()
