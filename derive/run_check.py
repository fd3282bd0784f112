"""``derive check``: files in, verdicts out in the format that is asked for, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console

from derive import __version__
from derive.campaign import Checked, Look, check_isolated, failed
from derive.codes import CODES
from derive.diagnostics import NOT_CHECKED, Diagnostic, exit_status, visible
from derive.errors import BadInput
from derive.isolation import Limits, lacking
from derive.proof_files import bundled, may_be_proof, search
from derive.report.formats import as_github, as_json, as_junit, as_sarif
from derive.report.output import console_for, refuse_inputs
from derive.report.terminal import statistics, summary
from derive.report.trouble import trouble
from derive.standard_input import standard_input
from derive.streams import CannotWrite

FORMATS = ("full", "concise", "json", "github", "sarif", "junit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line, and the configuration below it, ask for."""

    style: str = "full"
    strict: bool = False
    verbose: bool = False
    thorough: bool = False
    quiet: bool = False
    statistics: bool = False
    exit_zero: bool = False
    if_any: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    output: Path | None = None
    certificate: Path | None = None
    jobs: int = 1
    limits: Limits = field(default_factory=Limits)

    @property
    def left_out(self) -> frozenset[str]:
        """The codes that are not reported.

        Raises:
            BadInput: for a code that there is none of.
        """
        known = [code.number for code in CODES]
        for name in (*self.select, *self.ignore):
            if not any(number.startswith(name.upper()) for number in known):
                raise BadInput(f"{visible(name)}: no code begins so. `derive explain` lists them.")
        chosen = {number for number in known if not self.select or _begins(number, self.select)}
        return frozenset(known) - chosen | {number for number in known if _begins(number, self.ignore)}


def _begins(number: str, names: Iterable[str]) -> bool:
    return any(number.startswith(name.upper()) for name in names)


@dataclass(slots=True)
class _Run:
    """What is known so far."""

    look: Look
    started: float = field(default_factory=perf_counter)
    theorems: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)
    settled: list[bool] = field(default_factory=list)
    steps: int = 0
    skipped: int = 0

    def add(self, one: Checked) -> None:
        self.theorems += one.payload["theorems"]
        self.errors += one.errors
        self.found += one.diagnostics
        self.settled += one.settled
        self.steps += one.steps

    @property
    def status(self) -> int:
        """Nothing checked is no success, whatever is left out."""
        found = exit_status(self.found, strict=self.look.strict)
        return found if self.settled else max(found, NOT_CHECKED)


def check(paths: Sequence[Path], options: Options) -> int:
    """Check the files of all paths and write the results; the exit status.

    Raises:
        BadInput: for options that do not fit, for an output that cannot be written, and for one that would
            replace what is there by nothing.
    """
    left_out = options.left_out
    refuse_inputs([options.output, options.certificate], paths)
    if lacks := lacking(options.limits):
        sys.stderr.write(f"note: {lacks}\n")
    with standard_input(paths) as given, console_for(options.output) as console:
        files, unreadable, skipped = _files(_with_theorems(given.paths) if options.if_any else given.paths, options)
        if options.if_any and not files and not unreadable:
            return 0
        run = _Run(Look(options.style, options.strict, console.width, console.color_system is not None,
                        options.verbose, options.quiet, left_out, options.thorough), skipped=skipped)
        try:
            for file, error in unreadable:
                _tell(console, run, given.shown(failed(file, trouble(error, file), run.look)))
            for one in check_isolated(files, look=run.look, jobs=options.jobs, limits=options.limits):
                _tell(console, run, given.shown(one))
        finally:  # interrupted: say what is settled
            _finish(console, run, options)
        if options.style not in ("concise", "github"):
            for line in run.errors:
                sys.stderr.write(f"error: {visible(line)}\n")
        if options.output is not None and not run.settled and options.style in ("full", "concise"):
            raise BadInput(f"nothing was checked; {options.output} is left as it was.")
        if options.certificate is not None and not run.errors:
            write_certificate(options.certificate, files)
    return 0 if options.exit_zero else run.status


def _tell(console: Console, run: _Run, one: Checked) -> None:
    run.add(one)
    if run.look.style in ("full", "concise"):
        with _heard():
            console.file.write(one.text)
            console.file.flush()


@contextmanager
def _heard() -> Iterator[None]:
    """A reader who has gone away, as ``head`` does, takes nothing from the verdicts, nor from the exit status."""
    try:
        yield
    except CannotWrite as error:
        if not error.is_reader_gone:
            raise
        error.stream.abandon()


def _finish(console: Console, run: _Run, options: Options) -> None:
    with _heard():
        _write_end(console, run, options, perf_counter() - run.started)
        console.file.flush()


def _write_end(console: Console, run: _Run, options: Options, seconds: float) -> None:
    match options.style:
        case "json":
            console.file.write(as_json(run.theorems, run.errors, run.found, status=run.status))
        case "github":
            console.file.write(as_github(run.found))
        case "sarif":
            console.file.write(as_sarif(run.found, version=__version__))
        case "junit":
            console.file.write(as_junit(run.theorems, run.found, seconds=seconds))
        case _:
            if options.statistics:
                statistics(console, run.found)
            if not options.quiet and options.style == "full":
                summary(console, run.settled, run.steps, run.found, seconds, unreadable=len(run.errors),
                        skipped=run.skipped)


def _with_theorems(paths: Sequence[Path]) -> list[Path]:
    """The paths that are folders, and the files that a search of their folder would find, or cannot read."""
    return [path for path in paths if not path.is_file() or may_be_proof(path)]


def _files(paths: Sequence[Path], options: Options) -> tuple[list[Path], list[tuple[str, BadInput]], int]:
    """The proof files of all paths, each once; what could not be looked at; how much was passed over."""
    files: dict[Path, None] = {}
    wrong: list[tuple[str, BadInput]] = []
    skipped = 0
    for path in paths or ([] if options.if_any else [bundled()]):
        found = search(_bundled_by_name(path), exclude=options.exclude)
        wrong += [(_of(text, path), BadInput(text)) for text in found.errors]
        files |= dict.fromkeys(found.files)
        skipped += len(found.skipped)
    return list(files), wrong, skipped


def _bundled_by_name(path: Path) -> Path:
    """``policy_gradient`` is the bundled proof of that name, unless there is such a file."""
    if path.suffix or len(path.parts) != 1 or os.path.lexists(path):
        return path
    return next((file for file in search(bundled()).files if file.stem == path.name), path)


def _of(text: str, path: Path) -> str:
    """The file that a line of a search is about."""
    head = text.split(": ", 1)[0]
    name, _, line = head.rpartition(":")
    return name if name and line.isdigit() else head if head.startswith(str(path)) else str(path)


def write_certificate(path: Path, files: Iterable[Path]) -> None:
    """What a checker needs to make the equations of these proofs again."""
    import json

    from derive.certificate import certificate
    from derive.checking.examine import Session
    from derive.proof_files import load
    from derive.report.output import write_whole

    session = Session()
    data = certificate([session.examine(theorem) for file in files for theorem in load(file)])
    write_whole(path, (json.dumps(data, separators=(",", ":")) + "\n").encode())

