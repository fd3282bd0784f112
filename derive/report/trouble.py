"""What kept a theorem from having a verdict, as a diagnostic with its place: the input's fault, or ours."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from derive.checking.derivation import span_of
from derive.checking.file_tree import where_reading_ends
from derive.checking.slips import slip
from derive.checking.theorems import Theorem
from derive.checking.undefined import of_python
from derive.codes import KINDS
from derive.diagnostics import DEFECT, ERROR, NOT_CHECKED, Diagnostic, Span, visible
from derive.errors import BadInput, DeriveError, InvalidChain, KernelDisagrees, RuleDisagrees, exhausted, said
from derive.process.child import FAILED, MEMORY
from derive.process.isolation import TIME, Result
from derive.process.limits import Limits
from derive.report.excerpt import Source
from derive.report.wording import shown_path, with_shown_paths

REPORT = "This is a defect of derive; please report it."


@dataclass(frozen=True, slots=True)
class Trouble:
    """A diagnostic, and the line that says the same on stderr."""

    diagnostic: Diagnostic
    line: str


def trouble(error: BaseException, file: str, theorem: Theorem | None = None) -> Trouble:
    """What an exception says of a file, or of one theorem of it."""
    name = theorem.name if theorem is not None else ""
    if _is_ours(error):
        return _defect(error, file, theorem)
    if what := exhausted(error):
        found = Diagnostic(code=KINDS["memory"], severity=ERROR, message=what, file=shown_path(file), theorem=name,
                           status=NOT_CHECKED, span=_line(theorem.line) if theorem else None)
        return Trouble(found, line_of(found))
    kind = error.kind if isinstance(error, BadInput) else "not executed"
    text = said(error)
    if theorem is not None and not isinstance(error, BadInput):
        text = f"{theorem.file}:{theorem.line}: theorem {theorem.name}: {text}"
    line, message = _without_place(text, file)
    message, placed = with_shown_paths(message), message != text
    found = Diagnostic(
        code=KINDS[kind], severity=ERROR, message=visible(message), file=shown_path(file), theorem=name,
        status=NOT_CHECKED, span=_line(line) if line else None)
    plain = line_of(found) if placed else visible(text)
    return Trouble(_explained(found, error.__cause__ or error, file), plain)


def unfinished(result: Result, file: str, limits: Limits, theorem: str = "", line: int | None = None) -> Trouble:
    """What is said of a file whose process did not come to its end, and of the theorem that it was at."""
    count = len(result.parts)
    settled = f"; {count} {'result was' if count == 1 else 'results were'} there before" if count else ""
    if result.ending == FAILED:
        text = result.detail.strip().splitlines()[-1] if result.detail.strip() else "an unknown failure"
        detail = f"\n{result.detail}" if os.environ.get("DERIVE_DEBUG") else ""
        found = _unchecked("defect", f"{text}. {REPORT}{detail}", file, status=DEFECT)
    elif result.ending == TIME:
        found = _unchecked("time", f"undecided: {limits.seconds:g} s were not enough{settled}", file,
                           hint="--timeout SECONDS allows more")
    elif result.ending == MEMORY:
        found = _unchecked("memory", f"undecided: {limits.megabytes} MB were not enough{settled}", file,
                           hint="--memory MB allows more")
    else:
        found = _unchecked("ended", f"its process ended without a result: {result.detail}{settled}", file)
    if theorem:
        found = replace(found, theorem=theorem, span=None if line is None else _line(line))
    return Trouble(found, line_of(found))


def not_reached(files: Iterable[str], known: Collection[str], *, status: int) -> list[Diagnostic]:
    """What is said, at the first of them, of the files that a run did not come to."""
    left = [file for file in files if file not in known]
    if not left:
        return []
    others = f", and {len(left) - 1} more" if len(left) > 1 else ""
    return [_unchecked("stopped", f"the run was stopped before this file was checked{others}", left[0], status=status)]


def _unchecked(kind: str, message: str, file: str, *, hint: str = "", status: int = NOT_CHECKED) -> Diagnostic:
    return Diagnostic(code=KINDS[kind], severity=ERROR, message=message, file=shown_path(file), hint=hint,
                      status=status)


def line_of(found: Diagnostic) -> str:
    """A diagnostic as the line on stderr; the path is that of the diagnostic."""
    place = found.file if found.span is None else f"{found.file}:{found.span.line}"
    return f"{place}: theorem {found.theorem}: {found.message}" if found.theorem else f"{place}: {found.message}"


def _is_ours(error: BaseException) -> bool:
    """Whether the program failed, not the file: a contradiction of evidence, or an exception that nobody expects."""
    if isinstance(error, (RuleDisagrees, KernelDisagrees)) or type(error) is DeriveError:
        return True
    return not isinstance(error, DeriveError) and not exhausted(error)


def _defect(error: BaseException, file: str, theorem: Theorem | None) -> Trouble:
    text = said(error) if isinstance(error, DeriveError) else f"{type(error).__name__}: {said(error)}. {REPORT}"
    if os.environ.get("DERIVE_DEBUG"):
        text += "\n" + "".join(traceback.format_exception(error))
    found = Diagnostic(
        code=KINDS["defect"], severity=ERROR, message=text, file=shown_path(file), status=DEFECT,
        hint="DERIVE_DEBUG=1 shows where it happened", theorem=theorem.name if theorem else "",
        span=_line(theorem.line) if theorem else None)
    return Trouble(found, line_of(found))


def _without_place(text: str, file: str) -> tuple[int | None, str]:
    """The line that a message begins with, if it does, and the rest."""
    for name in {file, os.path.realpath(file)}:  # Path.resolve raises at a link to itself
        found = re.match(rf"{re.escape(name)}(?::(\d+))?: (?:theorem \S+: )?(.*)", text, re.DOTALL)
        if found:
            return int(found[1]) if found[1] else None, found[2]
    return None, text


def _explained(found: Diagnostic, cause: BaseException, file: str) -> Diagnostic:
    """With the exact place and what to write instead, if Python's own error is a slip that we know."""
    source = Source.of(file)
    if found.code == KINDS["unreadable"] and found.message.startswith("not valid Python"):
        text = "\n".join(source.lines)
        ends = where_reading_ends(text) or found.span
        return replace(found, span=ends, hint=of_python(text, ends) if ends is not None else "")
    if found.code != KINDS["not executed"]:
        return found
    span = span_of(cause, file)
    if span is not None:
        span = source.in_characters(span)
    elif not isinstance(cause, InvalidChain):
        return found
    known = slip(cause, "\n".join(source.lines), span or found.span)
    if known is None:
        return replace(found, span=span or found.span)
    return replace(found, span=known.span or span or found.span, message=known.message or found.message,
                   hint=known.hint, fix=known.fix)


def _line(line: int) -> Span:
    return Span(line=line, column=1, end_line=line, end_column=1)
