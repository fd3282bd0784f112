"""The results of a run: shown as they come, and at its end in the format that is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console

from derive import __version__
from derive.diagnostics import NOT_CHECKED, Diagnostic, exit_status
from derive.process.streams import CannotWrite
from derive.report.formats import as_github, as_json, as_junit, as_sarif
from derive.report.terminal import statistics, summary
from derive.report.trouble import not_reached
from derive.runs.campaign import Checked, Look

AS_THEY_COME = ("full", "concise")
"""Formats for people; the others are one document, written at the end."""


@contextmanager
def heard() -> Iterator[None]:
    """A reader who has gone away, as ``head`` does, takes nothing from the verdicts, nor from the exit status."""
    try:
        yield
    except CannotWrite as error:
        if not error.is_reader_gone:
            raise
        error.stream.abandon()


@dataclass(slots=True)
class Run:
    """What is known so far."""

    look: Look
    started: float = field(default_factory=perf_counter)
    theorems: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)
    settled: list[bool] = field(default_factory=list)
    steps: int = 0
    skipped: int = 0
    known: set[str] = field(default_factory=set)
    """The files that it came to."""
    stopped: int = 0
    """The exit status of a run that was stopped before its end."""

    @property
    def status(self) -> int:
        """Nothing checked is no success, whatever is left out."""
        found = max(exit_status(self.found, strict=self.look.strict), self.stopped)
        return found if self.settled else max(found, NOT_CHECKED)

    def tell(self, console: Console, one: Checked, *, silent: bool = False) -> None:
        """Take the results of a file, or of a part of it, and show them if that is done as they come."""
        self.theorems += one.payload["theorems"]
        self.errors += one.errors
        self.found += one.diagnostics
        self.settled += one.settled
        self.steps += one.steps
        self.known.add(one.file)
        if self.look.style in AS_THEY_COME and not silent:
            with heard():
                console.file.write(one.text)
                console.file.flush()

    def stop(self, files: Sequence[Path], status: int) -> None:
        """It ends here, with this exit status; of the rest of the files nothing is known."""
        self.stopped = status
        if self.look.style not in AS_THEY_COME:
            self.found += not_reached(map(str, files), self.known, status=status)

    def finish(self, console: Console, *, counts: bool) -> None:
        """Write the document, or the last lines; ``counts``, how often each code was met."""
        with heard():
            self._write_end(console, perf_counter() - self.started, counts=counts)
            console.file.flush()

    def _write_end(self, console: Console, seconds: float, *, counts: bool) -> None:
        match self.look.style:
            case "json":
                console.file.write(as_json(self.theorems, self.errors, self.found, status=self.status))
            case "github":
                console.file.write(as_github(self.found))
            case "sarif":
                console.file.write(as_sarif(self.found, version=__version__))
            case "junit":
                console.file.write(as_junit(self.theorems, self.found, seconds=seconds))
            case _:
                if counts:
                    statistics(console, self.found)
                if not self.look.quiet and self.look.style == "full":
                    summary(console, self.settled, self.steps, self.found, seconds, unreadable=len(self.errors),
                            skipped=self.skipped, stopped=bool(self.stopped))
