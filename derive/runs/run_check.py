"""``derive check``: files in, verdicts out in the format that is asked for, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from rich.console import Console

from derive.checking.proof_files import bundled, may_be_proof, search
from derive.codes import CODES
from derive.diagnostics import ERROR, INTERRUPTED, NOT_CHECKED, WARNING, visible
from derive.errors import BadInput
from derive.process.limits import Limits, lacking
from derive.process.streams import one_place, prints_to_stderr, write_bytes
from derive.report.output import IN_CERTIFICATES, check_target, console_for, refuse_foreign, refuse_inputs
from derive.report.progress import progress
from derive.report.trouble import trouble
from derive.runs.campaign import Checked, Look, check_isolated, failed
from derive.runs.journal import Journal
from derive.runs.mending import Mended, Mender, shared_reasons, shown_difference, write_back
from derive.runs.results import Run, heard
from derive.runs.resumed_check import check_going_on, journal_of
from derive.runs.standard_input import NAME, Given, standard_input
from derive.runs.watching import watched

FORMATS = ("full", "concise", "json", "github", "sarif", "junit")
FOR_TOOLS = ("json", "sarif")
"""Formats that hold fixes: those that ``--fix`` would find are looked for."""


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
    fix: bool = False
    diff: bool = False
    unsafe_fixes: bool = False
    output: Path | None = None
    certificate: Path | None = None
    journal: Path | None = None
    jobs: int = 1
    limits: Limits = field(default_factory=Limits)

    @property
    def mends(self) -> bool:
        """Whether fixes are looked for."""
        return self.fix or self.diff

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


def watch(paths: Sequence[Path], options: Options) -> int:
    """Check the files of all paths whenever one of them changes; the exit status of the last check.

    Raises:
        BadInput: for what cannot be watched, and what ``check`` raises at first.
    """
    writes = options.mends or options.output or options.certificate or options.journal
    if writes or options.style not in ("full", "concise"):
        raise BadInput("--watch shows verdicts on the terminal, as --format full or concise, and writes no files.")
    if Path("-") in paths:
        raise BadInput("--watch looks at files; standard input is read once. Name a file or a folder.")
    meant = [_bundled_by_name(path) for path in paths] or [bundled()]
    began = False

    def again() -> int:
        nonlocal began
        try:
            found = check(paths, options)
        except BadInput as error:
            if not began:
                raise
            sys.stderr.write(f"error: {visible(error)}\n")
            return NOT_CHECKED
        began = True
        return found

    return watched(meant, options.exclude, again)


def check(paths: Sequence[Path], options: Options) -> int:
    """Check the files of all paths and write the results; the exit status.

    Raises:
        BadInput: for options that do not fit, for an output that cannot be written, and for one that would
            replace what is there by nothing.
    """
    left_out = options.left_out
    _refuse_fixes(paths, options)
    refuse_inputs([options.output, options.certificate, options.journal], paths)
    if options.certificate is not None:  # which is written at the end
        check_target(options.certificate)
        refuse_foreign(options.certificate, IN_CERTIFICATES, "Name another file.")
    if lacks := lacking(options.limits):
        sys.stderr.write(f"note: {lacks}\n")
    with standard_input(paths) as given, _console(given, options) as console:
        files, unreadable, skipped = _files(_with_theorems(given.paths) if options.if_any else given.paths, options)
        if options.if_any and not files and not unreadable:
            return 0
        run = Run(Look(options.style, options.strict, console.width, console.color_system is not None,
                        options.verbose, options.quiet, left_out, options.thorough,
                        options.mends or options.style in FOR_TOOLS), skipped=skipped)
        journal = None if options.journal is None else journal_of(options.journal, run.look)
        try:
            for file, error in unreadable:
                run.tell(console, given.shown(failed(file, trouble(error, file), run.look)))
            if options.mends:
                mender = Mender(run.look, options.limits, unsafe=options.unsafe_fixes)
                coming = mender.mended(files, jobs=options.jobs)
                for path in files:
                    with progress(1, f"looking for what mends {visible(path)}"):
                        mended = next(coming)
                    for one in _made(console, given, path, mended, options):
                        run.tell(console, given.shown(one), silent=options.diff)
            else:
                for one in _checked(files, run.look, options, journal):
                    run.tell(console, given.shown(one))
        except BaseException as error:
            run.stop(files, INTERRUPTED if isinstance(error, KeyboardInterrupt) else NOT_CHECKED)
            raise
        finally:  # interrupted: say what is settled
            if not options.diff:
                run.finish(console, counts=options.statistics)
        seen = options.style == "full" and options.output is None and not options.diff and one_place()
        if not seen and (options.style not in ("concise", "github") or options.diff):
            for line in run.errors:
                sys.stderr.write(f"error: {visible(line)}\n")
        if options.output is not None and not run.settled and options.style in ("full", "concise"):
            raise BadInput(f"nothing was checked; {options.output} is left as it was.")
        if options.certificate is not None and not run.errors:
            with prints_to_stderr():  # the proofs are executed here once more
                write_certificate(options.certificate, files)
    return 0 if options.exit_zero else run.status


def _checked(files: Sequence[Path], look: Look, options: Options, journal: Journal | None) -> Iterator[Checked]:
    if journal is None:
        return check_isolated(files, look=look, jobs=options.jobs, limits=options.limits)
    return check_going_on(files, journal, look=look, jobs=options.jobs, limits=options.limits)


def _refuse_fixes(paths: Sequence[Path], options: Options) -> None:
    """Raises BadInput for what cannot be mended, or not beside something else."""
    if not options.mends:
        if options.unsafe_fixes:
            raise BadInput("--unsafe-fixes says which fixes; --fix makes them, and --diff shows them.")
        return
    if not paths or any(path != Path("-") and _bundled_by_name(path) != path for path in paths):
        raise BadInput("bundled proofs are not rewritten. Name the files or folders to mend.")
    if options.journal is not None:
        raise BadInput("--journal is about files as they are; mend them first.")
    if options.certificate is not None:
        raise BadInput("--certificate is about files as they are; mend them first.")
    if options.fix and Path("-") in paths and len(paths) > 1:
        raise BadInput("--fix prints what becomes of standard input; give - alone.")


def _console(given: Given, options: Options) -> AbstractContextManager[Console]:
    """Where results go: to standard error, if the mended text of standard input goes to standard output."""
    if given.file is not None and options.fix and not options.diff:
        return nullcontext(Console(file=sys.stderr, width=100, highlight=False, markup=False, emoji=False))
    return console_for(options.output)


def _made(console: Console, given: Given, file: Path, mended: Mended, options: Options) -> Iterator[Checked]:
    """Show what would be changed, or change it; the results of the file as it then is."""
    name = NAME if file == given.file else str(file)
    left = mended.unsafe if not options.unsafe_fixes else 0
    if options.diff:
        if mended.made:
            with heard():
                console.file.write(shown_difference(mended, visible(name), plain=not console.is_terminal))
                console.file.flush()
        _tell_what_is_left(name, left, mended, quiet=options.quiet)
        yield mended.first
        return
    try:
        if file == given.file:
            with heard():
                write_bytes(mended.after)
        elif mended.made:
            write_back(file, mended)
    except BadInput as error:
        yield failed(str(file), trouble(error, str(file)), Look(options.style))
        yield mended.first
        return
    if not options.quiet:
        for fix in mended.made:
            sys.stderr.write(f"fixed: {visible(name)}: {visible(fix.says)}\n")
    _tell_what_is_left(name, left, mended, quiet=options.quiet)
    yield mended.checked


def _tell_what_is_left(name: str, fixes: int, mended: Mended, *, quiet: bool) -> None:
    if quiet:
        return
    if not (fixes or mended.made) and any(one.severity in (ERROR, WARNING) for one in mended.checked.diagnostics):
        sys.stderr.write(f"note: {visible(name)}: nothing was found that mends it\n")
    for line, steps in shared_reasons(mended.checked.diagnostics):
        sys.stderr.write(f"note: {visible(name)}:{line}: one by() is the reason of {steps}; "
                         "where they need different ones, write one for each\n")
    if fixes:
        one = fixes == 1
        sys.stderr.write(f"note: {visible(name)}: {fixes} more {'fix changes' if one else 'fixes change'} what is "
                         f"claimed, or {'loses' if one else 'lose'} words of yours; --unsafe-fixes allows "
                         f"{'it' if one else 'them'}\n")


def _with_theorems(paths: Sequence[Path]) -> list[Path]:
    """The paths that are folders, and the files that a search of their folder would find, or cannot read."""
    return [path for path in paths if not os.path.isfile(path) or may_be_proof(path)]


def _files(paths: Sequence[Path], options: Options) -> tuple[list[Path], list[tuple[str, BadInput]], int]:
    """The proof files of all paths, each once; what could not be looked at; how much was passed over."""
    files: dict[Path, None] = {}
    wrong: list[tuple[str, BadInput]] = []
    skipped = 0
    for path in paths or ([] if options.if_any else [bundled()]):
        found = search(_bundled_by_name(path), exclude=options.exclude)
        if found.empty and options.if_any:
            continue
        wrong += [(_of(text, path), BadInput(f"{text}{_near(path)}")) for text in found.errors]
        files |= dict.fromkeys(found.files)
        skipped += len(found.skipped)
    return list(files), wrong, skipped


def _bundled_by_name(path: Path) -> Path:
    """``policy_gradient`` is the bundled proof of that name, unless there is such a file."""
    if path.suffix or len(path.parts) != 1 or os.path.lexists(path):
        return path
    return next((file for file in search(bundled()).files if file.stem == path.name), path)


def _near(path: Path) -> str:
    """The bundled proof that may have been meant by something that is no file."""
    if path.suffix or len(path.parts) != 1 or os.path.lexists(path):
        return ""
    near = get_close_matches(path.name, [file.stem for file in search(bundled()).files], 1)
    return f" Did you mean {near[0]}?" if near else ""


def _of(text: str, path: Path) -> str:
    """The file that a line of a search is about."""
    head = text.split(": ", 1)[0]
    name, _, line = head.rpartition(":")
    return name if name and line.isdigit() else head if head.startswith(str(path)) else str(path)


def write_certificate(path: Path, files: Iterable[Path]) -> None:
    """What a checker needs to make the equations of these proofs again."""
    import json

    from derive.checking.examine import Session
    from derive.checking.proof_files import load
    from derive.report.certificate import certificate
    from derive.report.output import write_whole

    session = Session()
    data = certificate([session.examine(theorem) for file in files for theorem in load(file)])
    write_whole(path, (json.dumps(data, separators=(",", ":")) + "\n").encode())

