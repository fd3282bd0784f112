"""How a long term is broken over lines, as the bundled proofs are: outside of as many brackets as can be."""

from __future__ import annotations

import ast
from collections.abc import Iterator

WIDTH = 110
HANG = 4
"""Columns by which the lines after the first stand further in."""
SHORTEST = 40
"""Characters that a line has at least, if another place to break it can be had."""
_OPERATORS, _TIGHT = "+-*/|", "*/|"


def laid_out(text: str, columns: int, *, width: int = WIDTH) -> str:
    """An expression that is written at a column of a bracket, on lines of so many columns where it can be broken.

    A line ends behind a comma or before an operator. What would not be the same expression is left on one line.
    """
    if columns + len(text) + 1 <= width:  # with the comma behind it
        return text
    lines, rest, room = list[str](), text, width - columns
    while len(rest) + 1 > room and (places := [one for one in _breaks(rest) if one[1] <= room]):
        far = [one for one in places if one[1] >= SHORTEST]
        _, place = min(far or places, key=lambda one: (one[0], rest[one[1] + 1] in _TIGHT, -one[1]))
        lines.append(rest[:place])
        rest, room = rest[place + 1 :], width - columns - HANG
    whole = f"\n{' ' * (columns + HANG)}".join([*lines, rest])
    return whole if _tree(whole) == _tree(text) else text


def _breaks(text: str) -> Iterator[tuple[int, int]]:
    """The blanks at which a line may end, each with the brackets that are open there."""
    depth = 0
    for place, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == " " and text[place - 1] not in _OPERATORS:
            yield depth, place


def _tree(text: str) -> str:
    try:
        return ast.dump(ast.parse(f"({text})", mode="eval"))
    except SyntaxError:  # it was broken inside of a string
        return ""
