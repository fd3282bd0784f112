"""A docstring, taken apart: statement, why it matters, outline, source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from inspect import cleandoc

_ITEM = re.compile(r"\s*(\d+)[.)]\s+(.*)")


@dataclass(frozen=True, slots=True)
class Words:
    """What a docstring says, each part as plain text on one line; empty where it says nothing.

    The formula set off below the first paragraph is left out: the report sets the claim
    itself. Paragraphs with no heading of their own are ``remarks``.
    """

    statement: str = ""
    why: str = ""
    outline: tuple[str, ...] = ()
    source: str = ""
    remarks: tuple[str, ...] = ()


def words(docstring: str) -> Words:
    """The parts of a docstring in the form that the bundled proofs have; any other text is kept as remarks."""
    paragraphs = [block for block in re.split(r"\n[ \t]*\n", cleandoc(docstring)) if block.strip()]
    if not paragraphs:
        return Words()
    statement, rest = _one_line(paragraphs[0]), paragraphs[1:]
    if rest and _is_indented(rest[0]):
        rest = rest[1:]
    why, source = "", ""
    outline: tuple[str, ...] = ()
    remarks: list[str] = []
    for paragraph in rest:
        head, _, body = paragraph.partition(":")
        if head.strip().lower() == "why it matters":
            why = _one_line(body)
        elif head.strip().lower() == "source":
            source = _one_line(body)
        elif paragraph.split("\n")[0].strip(" :").lower() == "outline":
            outline = _items(paragraph.split("\n")[1:])
        else:
            remarks.append(_one_line(paragraph))
    return Words(statement, why, outline, source, tuple(remarks))


def _is_indented(paragraph: str) -> bool:
    return all(line[:1].isspace() for line in paragraph.split("\n"))


def _items(lines: list[str]) -> tuple[str, ...]:
    """Numbered items; a line without a number continues the item above it."""
    items: list[str] = []
    for line in lines:
        numbered = _ITEM.match(line)
        if numbered:
            items.append(numbered[2])
        elif items:
            items[-1] += f" {line.strip()}"
        else:
            items.append(line.strip())
    return tuple(_one_line(item) for item in items)


def _one_line(text: str) -> str:
    return " ".join(text.split())
