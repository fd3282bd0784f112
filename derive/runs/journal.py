"""A journal of a run: a line of JSON for each piece of work, from which an interrupted run goes on.

A line counts as long as derive itself, what was asked, and every file that was read for it are
the same to the byte. Each is appended in one write and forced to disk, so a run that is killed
loses what it was at; a line that is no JSON, as a power cut leaves it, is passed over. Data
files that a proof reads are not watched.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time_ns
from typing import Any

import derive
from derive import __version__
from derive.errors import BadInput
from derive.report.output import check_target

STARTED = time_ns()
"""When this process loaded derive: of a file that was changed since, it may have executed what was there before."""


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
        return _digests(_sources(set(sys.modules) - self.modules), self.began)


def read_by_this_process() -> dict[str, str] | None:
    """The files of all modules but derive's and installed ones, with digests; None if one has changed meanwhile.

    For a worker that checks one file after another: what the last one needs may have been loaded for the first.
    """
    installed = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    proofs = _sources(name for name in sys.modules if name.startswith("_derive_"))
    others = _sources(name for name in sys.modules if name.split(".")[0] != "derive")
    return _digests(proofs | {file for file in others if not file.startswith(installed)}, STARTED)


def _sources(modules: Iterable[str]) -> set[str]:
    """The files that modules were loaded from; what only calls itself a module, as ``torch.ops`` does, has none."""
    files = (getattr(sys.modules[name], "__file__", None) for name in list(modules)
             if name == "__main__" or getattr(sys.modules[name], "__spec__", None) is not None)
    return {os.path.abspath(file) for file in files if isinstance(file, str) and file.endswith(".py")}


def _digests(files: Iterable[str], began: int) -> dict[str, str] | None:
    found = {}
    for file in sorted(files):
        digest = _digest_of(Path(file))
        if digest is None or os.stat(file).st_mtime_ns >= began:
            return None
        found[file] = digest
    return found


def unchanged(read: Mapping[str, str]) -> bool:
    """Whether files are still as their digests say."""
    return all(_digest_of(Path(name)) == digest for name, digest in read.items())


class Journal:
    """The lines of a journal that this run may take, and the place of its own.

    ``of`` is the command that it is a journal of, ``options`` what a result depends on besides the files.

    Raises:
        BadInput: for a file that is no such journal, which stays as it was, and one that cannot be read or written.
    """

    def __init__(self, path: Path, of: str, options: Mapping[str, Any]) -> None:
        check_target(path)
        header = json.dumps({"journal of": of, "format": 1}).encode() + b"\n"
        self._path, self._asked, self._known = path, _asked(options), dict[str, dict[str, Any]]()
        try:
            with path.open("ab+") as file:
                file.seek(0)
                start = file.read(len(header))
                if start != header[:len(start)]:
                    raise BadInput(f"{path} is no journal of {of}; it is left as it was. Name another file.")
                if len(start) < len(header):
                    file.truncate(0)
                    file.write(header)
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
                self._known[entry["of"]] = entry
        except (ValueError, TypeError, LookupError, RecursionError):
            return

    def known(self, work: str, file: Path) -> Any:
        """What came of a piece of work on a file, as data, if nothing that was read for it has changed; else None."""
        entry = self._known.get(work)
        try:
            if entry is None or os.path.abspath(file) not in {*map(os.path.abspath, entry["read"])}:
                return None
            return entry["result"] if unchanged(entry["read"]) else None
        except (TypeError, LookupError, AttributeError, ValueError):
            return None

    def add(self, work: str, result: Any, read: Mapping[str, str]) -> None:
        """Append a line, whole or not at all.

        Raises:
            BadInput: if it cannot be written.
        """
        line = json.dumps({"of": work, "asked": self._asked, "read": read, "result": result})
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


def say_taken(taken: int, total: int, what: str) -> None:
    """A note on standard error of how much an earlier run has done."""
    if taken:
        sys.stderr.write(f"note: {taken} of {total} {what} are taken from the journal\n")


def _asked(options: Mapping[str, Any]) -> str:
    """What a result depends on besides the files: derive's own source, the Python that runs it, and the options."""
    source = hashlib.sha256()
    for folder in derive.__path__:
        for file in sorted(Path(folder).rglob("*.py")):
            source.update(f"{file.relative_to(folder)} {_digest_of(file)}\n".encode())
    told = sorted((name, sorted(value) if isinstance(value, frozenset) else value) for name, value in options.items())
    return f"derive {__version__} {source.hexdigest()}, Python {sys.version}, {json.dumps(told)}"


def _digest_of(file: Path) -> str | None:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None
