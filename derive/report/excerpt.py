"""A part of the user's own source: the lines around a span, with carets, cut to the width that there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category, combining, east_asian_width

from derive.diagnostics import Span, visible
from derive.files.overlay import content, tried

LARGEST = 1_000_000
MOST_LINES = 6
"""Lines of a span that are shown; of a longer one, the first ones."""


@dataclass(frozen=True, slots=True)
class Source:
    """The lines of a file as they are now; none if it cannot be read."""

    text: str

    @staticmethod
    def of(file: str) -> Source:
        """The text of a proof file, which was read before."""
        try:
            path = Path(file)
            if tried(path) is None and (not path.is_file() or path.stat().st_size > LARGEST):
                return Source("")
            return Source(content(path).decode("utf-8-sig", errors="replace"))
        except OSError:
            return Source("")

    @property
    def lines(self) -> list[str]:
        """Split as Python counts lines."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def line(self, number: int) -> str:
        """A line by its number, without its end; empty if there is none."""
        lines = self.lines
        return lines[number - 1] if 1 <= number <= len(lines) else ""

    def in_characters(self, span: Span) -> Span:
        """A span whose columns are bytes of UTF-8, as Python's syntax tree has them, with columns in characters."""
        return Span(line=span.line, column=self._column(span.line, span.column), end_line=span.end_line,
                    end_column=self._column(span.end_line, span.end_column))

    def _column(self, line: int, column: int) -> int:
        return len(self.line(line).encode()[: column - 1].decode(errors="replace")) + 1


def excerpt(source: Source, span: Span, width: int) -> Iterator[tuple[str, str]]:
    """The lines of a span with a gutter, and carets under it; each with its style."""
    last = min(span.end_line, span.line + MOST_LINES - 1)
    numbers = [number for number in range(span.line, last + 1) if source.line(number).strip()]
    if not numbers:
        return
    gutter = len(str(numbers[-1]))
    yield f"{' ' * gutter} |", "dim"
    for number in numbers:
        line = source.line(number)
        first = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
        end = span.end_column - 1 if number == span.end_line else len(line.rstrip())
        end = max(end, first + 1)
        shown, carets = cut(_shown(line[:first]), _shown(line[first:end]), _shown(line[end:]), width - gutter - 3)
        yield f"{number:>{gutter}} | {shown}".rstrip(), ""
        yield f"{' ' * gutter} | {carets}", "red"
    if last < span.end_line:
        yield f"{' ' * gutter} | ... to line {span.end_line}", "dim"


def cut(before: str, marked: str, after: str, room: int) -> tuple[str, str]:
    """A line and the carets below its marked part, both cut around the carets where the line is too long."""
    marked = marked or " "
    room = max(room, 20)
    if cells(before) + cells(marked) + cells(after) > room:
        keep = max(8, (room - min(cells(marked), room - 16)) // 2)
        if cells(before) > keep:
            before = "..." + _last(before, keep - 3)
        left = room - cells(before)
        if cells(marked) > left:
            marked, after = _first(marked, left - 3) + "...", ""
        elif cells(marked) + cells(after) > left:
            after = _first(after, max(0, left - cells(marked) - 3)) + "..."
    return before + marked + after, " " * cells(before) + "^" * max(1, cells(marked))


def _shown(text: str) -> str:
    return visible(text.replace("\t", "    "))


def cells(text: str) -> int:
    """Columns of a terminal."""
    return sum(0 if combining(c) or category(c) == "Me" else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _first(text: str, most: int) -> str:
    while text and cells(text) > most:
        text = text[:-1]
    return text


def _last(text: str, most: int) -> str:
    while text and cells(text) > most:
        text = text[1:]
    return text
