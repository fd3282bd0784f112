"""How a proof file spells the words of the language, and what has to be imported for those that it does not have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Expr

import derive  # its names only
from derive.checking.theorems import Theorem
from derive.diagnostics import Edit, Span
from derive.language.binding import Index
from derive.language.source import source
from derive.language.terms import Function, Policy

HOMES = {"Fraction": "fractions"}
"""Words that are not ours."""
LONGEST_LINE = 120
_PRIVATE = re.compile(r"type|str|int")


class NotSpelled(Exception):
    """A word whose name means something else where it would be written."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """Python that can be written in the file, once these words are imported."""

    text: str
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that the body of a theorem's function sees; ``local`` those that it assigns, with what they stand for.

    A local name stands for None where its value is not known.
    """

    names: Mapping[str, Any]
    local: Mapping[str, Any]

    def term(self, term: Expr) -> Spelled:
        """A term, with the file's own names for its letters, functions and policies, and for terms that have one.

        Raises:
            NotSpelled: if a word that it needs means something else here.
            NotATerm: for a part that is not of this language.
        """
        own: dict[Expr, str] = {}
        for name, value in self._visible():
            if isinstance(value, (Index, Function, Policy)) or (name in self.local and isinstance(value, Expr)):
                own.setdefault(value, name)
        text = ast.unparse(ast.parse(source(term, own), mode="eval"))  # without brackets that say nothing
        return self.python(text.replace(" ** ", "**"), frozenset(own.values()))

    def theorem(self, meant: Theorem) -> Spelled:
        """A theorem by the name that it has in the file.

        Raises:
            NotSpelled: if it has none here.
        """
        for name, value in self._visible():
            if value is meant:
                return Spelled(name)
        raise NotSpelled(f"{meant.name} has no name here")

    @property
    def theorems(self) -> tuple[Theorem, ...]:
        """The theorems that have a name here, each once."""
        return tuple(dict.fromkeys(value for _, value in self._visible() if isinstance(value, Theorem)))

    def python(self, text: str, own: frozenset[str] = frozenset()) -> Spelled:
        """Python in words of the language, as this file spells them; ``own`` are names of the file's own.

        Raises:
            NotSpelled: as ``term``.
        """
        found = [node for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)]
        missing: set[str] = set()
        for node in sorted(found, key=lambda node: node.col_offset, reverse=True):
            if node.id in own or _PRIVATE.fullmatch(node.id):
                continue
            spelling = self._word(node.id)
            if spelling is None:
                missing.add(node.id)
            else:
                column = _column(text, node.col_offset)
                text = text[:column] + spelling + text[column + len(node.id):]
        return Spelled(text, frozenset(missing))

    def _word(self, word: str) -> str | None:
        """The name for a word; None if it has to be imported."""
        meant = _meaning(word)
        if word not in self.local and self.names.get(word) is meant:
            return word
        for name, value in self._visible():
            if value is meant:
                return name
        if word not in HOMES:
            for name, value in self._visible():
                if value is derive:
                    return f"{name}.{word}"
        if word in self.local or word in self.names:
            raise NotSpelled(f"{word} means something else here")
        return None

    def _visible(self) -> Iterator[tuple[str, Any]]:
        yield from ((name, value) for name, value in self.names.items()
                    if name not in self.local and not name.startswith("_"))
        yield from ((name, value) for name, value in self.local.items() if value is not None)


def _meaning(word: str) -> Any:
    if word == "Fraction":
        return Fraction
    if word not in derive.__all__:
        raise NotSpelled(f"{word} is no word of the language")
    return getattr(derive, word)


def imports(tree: ast.Module, text: str, words: frozenset[str]) -> Iterator[Edit]:
    """Edits that import words: into the line that imports others from the same place, if there is one."""
    for home in sorted({HOMES.get(word, "derive") for word in words}):
        wanted = sorted(word for word in words if HOMES.get(word, "derive") == home)
        into = next((node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == home
                     and not node.level and node.names[0].name != "*"), None)
        fitting = _into(into, text.split("\n"), wanted) if into is not None else None
        yield from [_line(tree, home, wanted, into)] if fitting is None else fitting


def _into(node: ast.ImportFrom, lines: list[str], wanted: list[str]) -> list[Edit] | None:
    """Each word before the first that it comes before, in the way that the others are written; None if it is too long.

    A list that is not sorted is continued at its end.
    """
    shown = [alias.name for alias in node.names]
    is_sorted = shown == sorted(shown)
    rows = {alias.lineno for alias in node.names}
    apiece = len(shown) > 1 and len(rows) == len(shown)
    if not apiece and any(len(lines[row - 1]) + sum(len(word) + 2 for word in wanted) > LONGEST_LINE for row in rows):
        return None
    found: dict[int, list[str]] = {}
    for word in wanted:
        place = next((number for number, name in enumerate(shown) if is_sorted and name > word), len(shown))
        found.setdefault(place, []).append(word)
    edits = []
    for place, words in found.items():
        alias = node.names[min(place, len(shown) - 1)]
        row = lines[alias.lineno - 1]
        before = row[:_column(row, alias.col_offset)]
        between = f",\n{before if not before.strip() else ' ' * len(before)}" if apiece else ", "
        if place < len(shown):
            column, new = _column(row, alias.col_offset) + 1, "".join(f"{word}{between}" for word in words)
        else:
            column = _column(row, alias.end_col_offset or 0) + 1
            new = "".join(f"{between}{word}" for word in words)
        edits.append(Edit(span=Span(line=alias.lineno, column=column, end_line=alias.lineno, end_column=column),
                          text=new))
    return edits


def _column(row: str, offset: int) -> int:
    return len(row.encode()[:offset].decode(errors="replace"))


def _line(tree: ast.Module, home: str, words: list[str], beside: ast.ImportFrom | None) -> Edit:
    """A line of its own, above the one that imports from the same place, or above the first that is no docstring.

    ``from __future__`` stays the first.
    """
    text = f"from {home} import {', '.join(words)}\n"
    after = beside
    if after is None:
        body = [node for node in tree.body if not _comes_first(node)]
        last = max((node.lineno for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))), default=0)
        after = next((node for node in body if node.lineno >= last), None)  # type: ignore[assignment]
    row = after.lineno if after is not None else 1
    return Edit(span=Span(line=row, column=1, end_line=row, end_column=1), text=text)


def _comes_first(node: ast.stmt) -> bool:
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__")
