"""An import that gives a word of the language another meaning: ``from math import *`` hides pi, tau, gamma and log."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

import derive  # its names only
from derive.checking.file_tree import FileTree
from derive.checking.slip import Slip
from derive.diagnostics import Span


def hidden(file: FileTree, span: Span | None) -> Slip | None:
    """Which import hides a word that is used where an error was raised; None if none does."""
    taken = _taken(file)
    for node in file.at(span, ast.Name):
        if isinstance(node, ast.Name) and (by := taken.get(node.id)) is not None:
            written = ast.unparse(by)
            words = [name for name, other in taken.items() if other is by]
            return Slip(message=f"{node.id} is no word of derive here: {written} gives it another meaning",
                        span=file.span(node), hint=f"line {by.lineno} hides {_listed(words)}: drop {written}")
    return None


def _taken(file: FileTree) -> dict[str, ast.ImportFrom]:
    """The words of the language that were imported from elsewhere, and not from derive after that."""
    found: dict[str, ast.ImportFrom] = {}
    imports = (node for node in ast.walk(file.tree) if isinstance(node, ast.ImportFrom))
    for node in sorted(imports, key=lambda node: node.lineno):
        for name in _given(node):
            if (node.module or "").partition(".")[0] == "derive" or node.level:
                found.pop(name, None)
            elif name in derive.__all__ and not name.startswith("_"):
                found[name] = node
    return found


def _given(node: ast.ImportFrom) -> Iterator[str]:
    """The names that an import gives; of a star those of the module, which the file has loaded."""
    for alias in node.names:
        if alias.name != "*":
            yield alias.asname or alias.name
        elif (module := sys.modules.get(node.module or "")) is not None and not node.level:
            names = vars(module)
            yield from names.get("__all__", [name for name in names if not name.startswith("_")])


def _listed(words: list[str]) -> str:
    *most, last = sorted(words)
    return f"{', '.join(most)} and {last}" if most else last
