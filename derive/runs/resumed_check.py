"""A run of ``derive check`` that goes on from its journal, in child processes or on an executor.

On an executor, a journal is what survives when the whole job ends with one of its workers, as
a job of MPI does::

    with mpi4py.futures.MPIPoolExecutor() as pool:
        for checked in check_files_going_on(files, Path("run.jsonl"), executor=pool):
            print(checked.file, checked.payload["ok"])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import Any

from derive.diagnostics import Diagnostic, Edit, Fix, Span
from derive.process.limits import Limits
from derive.runs.campaign import Begun, Checked, Look, as_they_come, check_file, isolated_parts, task_parts, together
from derive.runs.journal import Journal, Loading, read_by_this_process, say_taken

CHECK = "derive check"

Found = tuple[Checked, dict[str, str] | None]
"""What came of a file, and the files that were read for it with digests, unless one has changed meanwhile."""


def journal_of(path: Path, look: Look) -> Journal:
    """The journal of a run of check that looks so.

    Raises:
        BadInput: for a file that is no such journal, and one that cannot be read or written.
    """
    return Journal(path, CHECK, asdict(look))


def check_going_on(files: Sequence[Path], journal: Journal, *, look: Look, jobs: int,
                   limits: Limits) -> Iterator[Checked]:
    """The verdicts of every file, in order, as ``check_isolated`` gives them; what the journal has is taken from it.

    What could not be read, or did not come to its end, is not written down: it may be otherwise the next time.
    """
    def fresh(left: Sequence[Path]) -> Iterator[Checked]:
        found = isolated_parts(left, look=look, jobs=jobs, limits=limits, work=_watched_parts)
        for file, (*parts, read) in zip(left, found, strict=True):
            if isinstance(read, Checked):  # the last word about a child that did not come to its end
                parts, read = [*(part for part in parts if isinstance(part, Checked)), read], None
            yield _written_down(journal, (together(str(file), parts, strict=look.strict), read))

    return _in_order(files, journal, fresh)


def check_files_going_on(files: Sequence[Path], journal: Path, *, executor: Executor,
                         look: Look | None = None) -> Iterator[Checked]:
    """The verdicts of every file, in order, as ``check_files`` gives them; what the journal has is taken from it.

    A result is written down as soon as it is there, whatever comes before it, unless a file that was read for it has
    changed since its worker loaded derive. Installed packages are not watched.

    Raises:
        BadInput: for a file that is no such journal, and one that cannot be read or written.
    """
    appearance = look or Look()
    opened = journal_of(journal, appearance)

    def fresh(left: Sequence[Path]) -> Iterator[Checked]:
        work = partial(_watched, look=appearance)
        yield from as_they_come(executor, work, list(map(str, left)), partial(_written_down, opened))

    return _in_order(files, opened, fresh)


def _in_order(files: Sequence[Path], journal: Journal,
              fresh: Callable[[Sequence[Path]], Iterator[Checked]]) -> Iterator[Checked]:
    known = {file: _checked(journal.known(str(file), file)) for file in files}
    say_taken(sum(one is not None for one in known.values()), len(known), "files")
    found = fresh([file for file in files if known[file] is None])
    for file in files:
        yield known[file] or next(found)


def _written_down(journal: Journal, found: Found) -> Checked:
    checked, read = found
    if read is not None and not checked.errors:
        journal.add(checked.file, asdict(checked), read)
    return checked


def _watched(file: str, look: Look) -> Found:
    checked = check_file(file, look)
    return checked, read_by_this_process()


def _watched_parts(task: Path, look: Look) -> Iterator[Checked | Begun | dict[str, str] | None]:
    loading = Loading.begin()
    yield from task_parts(task, look)
    yield loading.read()


def _checked(data: Any) -> Checked | None:
    """The result that ``asdict`` made data of; None for other data."""
    try:
        if data.keys() != {field.name for field in fields(Checked)}:
            return None
        return Checked(**{**data, "errors": tuple(data["errors"]), "settled": tuple(data["settled"]),
                          "diagnostics": tuple(map(_diagnostic, data["diagnostics"]))})
    except (TypeError, LookupError, AttributeError, ValueError):
        return None


def _diagnostic(data: Mapping[str, Any]) -> Diagnostic:
    fix = data["fix"]
    return Diagnostic(**{**data, "span": _span(data["span"]), "fix": None if fix is None else Fix(
        **{**fix, "span": _span(fix["span"]), "words": tuple(fix["words"]),
           "also": _edits(fix["also"]), "imports": _edits(fix["imports"])})})


def _span(data: Mapping[str, int] | None) -> Any:
    return None if data is None else Span(**data)


def _edits(data: Iterable[Mapping[str, Any]]) -> tuple[Edit, ...]:
    return tuple(Edit(span=_span(edit["span"]), text=edit["text"]) for edit in data)
