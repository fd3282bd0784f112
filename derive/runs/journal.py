"""A journal of a run of ``derive check``: a line of JSON a file, from which an interrupted run goes on.

A line counts as long as derive itself, what was asked, the file, and every module that was
loaded to check it are the same to the byte. Each is appended in one write and forced to
disk, so a run that is killed loses the files that it was at; a line that is no JSON, as a
power cut leaves it, is passed over. Data files that a proof reads are not watched.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from time import time_ns
from typing import Any

import derive
from derive import __version__
from derive.diagnostics import Diagnostic, Edit, Fix, Span
from derive.errors import BadInput
from derive.process.isolation import Limits
from derive.report.output import check_target
from derive.runs.campaign import Checked, Look, isolated_parts, task_parts, together

HEADER = b'{"journal of": "derive check", "format": 1}\n'


@dataclass(frozen=True, slots=True)
class Loading:
    """The modules there were before a file was loaded, and when that was."""

    modules: frozenset[str]
    began: int

    @staticmethod
    def begin() -> Loading:
        return Loading(frozenset(sys.modules), time_ns())

    def read(self) -> dict[str, str] | None:
        """The files of the modules that were loaded since, with digests; None if one has changed meanwhile."""
        found = {}
        for name in set(sys.modules) - self.modules:
            file = getattr(sys.modules[name], "__file__", None)
            if isinstance(file, str) and file.endswith(".py"):
                digest = _digest_of(Path(file))
                if digest is None or os.stat(file).st_mtime_ns >= self.began:
                    return None
                found[os.path.abspath(file)] = digest
        return dict(sorted(found.items()))


class Journal:
    """The lines of a journal that this run may take, and the place of its own.

    Raises:
        BadInput: for a file that is no journal, which stays as it was, and one that cannot be read or written.
    """

    def __init__(self, path: Path, look: Look) -> None:
        check_target(path)
        self._path, self._asked, self._known = path, _asked(look), dict[str, dict[str, Any]]()
        try:
            with path.open("ab+") as file:
                file.seek(0)
                start = file.read(len(HEADER))
                if start != HEADER[:len(start)]:
                    raise BadInput(f"{path} is no journal of derive check; it is left as it was. Name another file.")
                if len(start) < len(HEADER):
                    file.truncate(0)
                    file.write(HEADER)
                for line in file:
                    self._take(line)
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":
                    file.write(b"\n")  # after half a line
        except OSError as error:
            raise BadInput(f"{path} cannot be read and written: {error.strerror}.") from None

    def _take(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            if entry["asked"] == self._asked:
                self._known[entry["file"]] = entry
        except (ValueError, TypeError, LookupError, RecursionError):
            return

    def known(self, file: Path) -> Checked | None:
        """What came of a file, if neither it nor what it imports has changed."""
        entry = self._known.get(str(file))
        try:
            if entry is None or os.path.abspath(file) not in {*map(os.path.abspath, entry["read"])}:
                return None
            if any(_digest_of(Path(name)) != digest for name, digest in entry["read"].items()):
                return None
            return _checked(entry["checked"])
        except (TypeError, LookupError, AttributeError, ValueError):
            return None

    def add(self, file: Path, checked: Checked, read: Mapping[str, str]) -> None:
        """Append a line, whole or not at all.

        Raises:
            BadInput: if it cannot be written.
        """
        line = json.dumps({"file": str(file), "asked": self._asked, "read": read, "checked": asdict(checked)})
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND)
            try:
                if os.write(handle, line.encode() + b"\n") <= len(line):
                    raise BadInput(f"{self._path}: no room for a whole line.")
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise BadInput(f"{self._path} cannot be written: {error.strerror}.") from None


def check_going_on(files: Sequence[Path], journal: Journal, *, look: Look, jobs: int,
                   limits: Limits) -> Iterator[Checked]:
    """The verdicts of every file, in order, as ``check_isolated`` gives them; what the journal has is taken from it.

    What could not be read, or did not come to its end, is not written down: it may be otherwise the next time.
    """
    known = {file: journal.known(file) for file in files}
    if taken := sum(one is not None for one in known.values()):
        sys.stderr.write(f"note: {taken} of {len(known)} files are taken from the journal\n")
    fresh = isolated_parts([file for file in files if known[file] is None], look=look, jobs=jobs, limits=limits,
                           work=_watched_parts)
    for file in files:
        if (before := known[file]) is not None:
            yield before
            continue
        *found, read = next(fresh)
        if isinstance(read, Checked):  # the last word about a child that did not come to its end
            found, read = [*(part for part in found if isinstance(part, Checked)), read], None
        checked = together(str(file), found, strict=look.strict)
        if read is not None and not checked.errors:
            journal.add(file, checked, read)
        yield checked


def _watched_parts(task: Path, look: Look) -> Iterator[Checked | dict[str, str] | None]:
    loading = Loading.begin()
    yield from task_parts(task, look)
    yield loading.read()


def _asked(look: Look) -> str:
    """What a result depends on besides the files: derive's own source, the Python that runs it, and the options."""
    source = hashlib.sha256()
    for folder in derive.__path__:
        for file in sorted(Path(folder).rglob("*.py")):
            source.update(f"{file.relative_to(folder)} {_digest_of(file)}\n".encode())
    options = sorted((name, sorted(value) if isinstance(value, frozenset) else value)
                     for name, value in asdict(look).items())
    return f"derive {__version__} {source.hexdigest()}, Python {sys.version}, {json.dumps(options)}"


def _digest_of(file: Path) -> str | None:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None


def _checked(data: Mapping[str, Any]) -> Checked:
    """The result that ``asdict`` made data of.

    Raises:
        TypeError, LookupError: if it is none.
    """
    known = {field.name for field in fields(Checked)}
    if data.keys() != known:
        raise TypeError
    return Checked(**{**data, "errors": tuple(data["errors"]), "settled": tuple(data["settled"]),
                      "diagnostics": tuple(map(_diagnostic, data["diagnostics"]))})


def _diagnostic(data: Mapping[str, Any]) -> Diagnostic:
    fix = data["fix"]
    return Diagnostic(**{**data, "span": _span(data["span"]), "fix": None if fix is None else Fix(
        **{**fix, "span": _span(fix["span"]), "words": tuple(fix["words"]),
           "also": _edits(fix["also"]), "imports": _edits(fix["imports"])})})


def _span(data: Mapping[str, int] | None) -> Any:
    return None if data is None else Span(**data)


def _edits(data: Iterable[Mapping[str, Any]]) -> tuple[Edit, ...]:
    return tuple(Edit(span=_span(edit["span"]), text=edit["text"]) for edit in data)
