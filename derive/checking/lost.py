"""Theorems that a proof file declares and that are not found in it: one line each, with what to do."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from derive.checking.derivation import Call, Event, Made
from derive.checking.theorems import Theorem
from derive.files.mentions import declarations


def lost_theorems(file: Path, tree: ast.Module, events: Sequence[Event], names: dict[str, Any]) -> list[str]:
    """What is wrong with the theorems of an executed file.

    ``tree`` is its syntax tree, ``events`` what happened while it was executed, ``names`` its global
    names afterwards.
    """
    found = [theorem for theorem in theorems_among(names) if _same_file(theorem.file, file)]
    return [*_not_found(file, events, names, found), *_not_reached(file, tree, events), *_alike(file, found)]


def theorems_among(names: dict[str, Any]) -> list[Theorem]:
    """The theorems that have a global name, each once, in the order of their lines."""
    theorems = [value for value in names.values() if issubclass(type(value), Theorem)]
    return sorted(dict.fromkeys(theorems), key=lambda theorem: theorem.line)


def _same_file(one: str, other: Path) -> bool:
    return Path(one).resolve() == other.resolve()


def _not_found(file: Path, events: Sequence[Event], names: dict[str, Any], found: list[Theorem]) -> Iterator[str]:
    """What was declared while the file was executed and has no global name."""
    used = {event.call for event in events if isinstance(event, Made)}
    for event in events:
        if isinstance(event, Made):
            if event.theorem not in found:
                yield _why(file, event.theorem, names)
        elif event not in used:
            yield (f"{event.file}:{event.line}: this theorem(...) makes no theorem. "
                   'Write @theorem("the title") above a function that returns calc(...).')


def _why(file: Path, theorem: Theorem, names: dict[str, Any]) -> str:
    place = f"{theorem.file}:{theorem.line}: theorem {theorem.name}"
    if not _same_file(theorem.file, file):
        return f"{place} is declared for {file}, where its lines do not stand. Write it in that file."
    if theorem.name not in names:
        return (f"{place} has no name when the file has been executed: it stands in a function, a class or a list, "
                "or was deleted. Define it at the top level and keep its name.")
    last = names[theorem.name]
    again = f"on line {last.line}" if issubclass(type(last), Theorem) else "to something else"
    return f"{place} is lost: its name is given again, {again}. Give each theorem a name of its own."


def _not_reached(file: Path, tree: ast.Module, events: Sequence[Event]) -> Iterator[str]:
    """What the file's text declares and its execution did not."""
    lines = {event.line for event in events if isinstance(event, Call) and _same_file(event.file, file)}
    for mention in declarations(tree):
        if not any(mention.first <= line <= mention.last for line in lines):
            yield (f"{file}:{mention.first}: the theorem declared here does not exist when the file has been executed, "
                   "because this line was not reached. Define it at the top level.")


def _alike(file: Path, found: list[Theorem]) -> Iterator[str]:
    for name, number in Counter(theorem.name for theorem in found).items():
        if number > 1:
            lines = ", ".join(str(theorem.line) for theorem in found if theorem.name == name)
            yield f"{file}: {number} theorems are called {name} (lines {lines}). Give each a name of its own."
