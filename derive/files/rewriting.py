"""Edits of a file's text: by spans of its syntax tree, everything else byte for byte."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff

from derive.diagnostics import Edit, Fix, Span
from derive.errors import BadInput

_LINE = re.compile(r"[^\r\n]*(\r\n|\r|\n|$)")
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Text:
    """The characters of a file, its line ends among them, and the encoding that gives its bytes back."""

    characters: str
    encoding: str

    @staticmethod
    def of(content: bytes) -> Text:
        """The text of a Python file.

        Raises:
            BadInput: if its encoding does not give its bytes back.
        """
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
            encoding = "utf-8" if encoding == "utf-8-sig" else encoding  # the mark stays a character
            text = Text(content.decode(encoding), encoding)
            if text.content == content:
                return text
        except (SyntaxError, UnicodeError, LookupError):
            pass
        raise BadInput("its encoding does not give its bytes back, so it is not rewritten.")

    @property
    def content(self) -> bytes:
        """The bytes.

        Raises:
            UnicodeEncodeError: for a character that the encoding lacks.
        """
        return self.characters.encode(self.encoding)

    def edited(self, edits: Iterable[Edit]) -> Text:
        """The text with these edits, which do not overlap; new lines end as the line does where they begin."""
        starts, ends = self._lines()
        placed = sorted((self._place(edit.span, starts), number, edit) for number, edit in enumerate(edits))
        parts, last = [], 0
        for (begin, end), _, edit in placed:
            parts += [self.characters[last:begin], edit.text.replace("\n", ends[edit.span.line - 1])]
            last = end
        return Text("".join([*parts, self.characters[last:]]), self.encoding)

    def _place(self, span: Span, starts: Sequence[int]) -> tuple[int, int]:
        return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1

    def _lines(self) -> tuple[list[int], list[str]]:
        """Where each line begins, and how it ends; a line without an end, as the first one that has one."""
        starts, ends, place = [], [], 1 if self.characters.startswith(_MARK) else 0
        while True:
            found = _LINE.match(self.characters, place)
            assert found is not None
            starts.append(place)
            ends.append(found[1])
            place = found.end()
            if not found[1]:
                break
        usual = next((end for end in ends if end), "\n")
        return starts, [end or usual for end in ends]


def apart(fixes: Iterable[Fix]) -> Iterator[Fix]:
    """The fixes that can be made at once: of those that touch each other, the first."""
    taken: list[Edit] = []
    for fix in fixes:
        if not any(_touch(edit.span, other.span) and edit != other for edit in fix.edits for other in taken):
            taken += fix.edits
            yield fix


def _touch(one: Span, other: Span) -> bool:
    first, second = sorted(((span.line, span.column), (span.end_line, span.end_column)) for span in (one, other))
    return first[0] == second[0] or second[0] < first[1]


def difference(before: Text, after: Text, name: str) -> str:
    """A unified diff, empty if nothing changes."""
    old, new = _kept(before.characters), _kept(after.characters)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
                   for line in unified_diff(old, new, fromfile=name, tofile=name))


def _kept(text: str) -> list[str]:
    """Lines as ``patch`` counts them."""
    return [line for line in re.split(r"(?<=\n)", text) if line]
