"""A diagnostic as plain data: a code, how grave it is, its place in the user's file, and what to do.

The rows of a span are counted from 1, its columns in characters from 1, and ``end_column`` is the first
column after it. Diagnostics travel between processes; every output format is made of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

NOTHING_WRONG, NOT_AS_CLAIMED, NOT_CHECKED, DEFECT = 0, 1, 2, 3
"""The exit statuses: as claimed; something is not; unreadable, crashed, timed out, none found; a defect of ours."""
INTERRUPTED = 130
"""As shells have it: 128 and the number of the signal."""

ERROR, WARNING, NOTE = "error", "warning", "note"
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""The categories of characters that a terminal obeys, reorders by, breaks lines at, or cannot write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a file."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Text for a span."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Text for a span: what a diagnostic proposes to write there.

    ``also`` are further edits without which it means nothing, ``imports`` those that import ``words`` of the
    language. It is ``unsafe`` if it changes what is claimed, guesses, or loses words of the author's; ``says`` tells
    in a few words what it does.
    """

    span: Span
    text: str
    also: tuple[Edit, ...] = ()
    imports: tuple[Edit, ...] = ()
    words: tuple[str, ...] = ()
    unsafe: bool = False
    says: str = ""

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What it changes, without the imports: several fixes of a file share them."""
        return (Edit(span=self.span, text=self.text), *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One thing that is wrong, or worth knowing.

    ``status`` is the exit status that it asks for; a warning asks for 1 under ``--strict`` only.
    """

    code: str
    severity: str
    message: str
    file: str
    span: Span | None = None
    hint: str = ""
    fix: Fix | None = None
    theorem: str = ""
    step: int | None = None
    status: int = NOT_AS_CLAIMED

    def exit_status(self, *, strict: bool = False) -> int:
        """What it makes of the exit status."""
        if self.severity == ERROR:
            return self.status
        return NOT_AS_CLAIMED if strict and self.severity == WARNING else NOTHING_WRONG

    @property
    def place(self) -> str:
        """``file:line:column``, as far as it is known."""
        return self.file if self.span is None else f"{self.file}:{self.span.line}:{self.span.column}"

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {key: value for key, value in asdict(self).items() if key != "status"}


def exit_status(diagnostics: Iterable[Diagnostic], *, strict: bool = False) -> int:
    """The largest of the statuses that they ask for."""
    return max((one.exit_status(strict=strict) for one in diagnostics), default=NOTHING_WRONG)


def visible(text: object, *, most: int | None = None) -> str:
    r"""Text of any origin on one line, as it may be printed: what a terminal would obey is spelled out, as \x1b."""
    shown = "".join(c if unicodedata.category(c) not in _HIDDEN else c.encode("unicode_escape").decode()
                    for c in str(text))
    return shown if most is None or len(shown) <= most else f"{shown[:most]}..."
