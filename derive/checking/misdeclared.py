"""A theorem whose decorator raises: an assumption that is none, a name that nothing has, a title that is missing.

The error is that theorem's, and the rest of its file is checked: the file is executed once more without it.
"""

from __future__ import annotations

import ast
from pathlib import Path

from derive.checking.derivation import line_of, with_kind
from derive.checking.theorems import Theorem
from derive.errors import InvalidChain
from derive.files.mentions import declarations


def misdeclared(error: BaseException | None, file: Path, source: bytes) -> tuple[Theorem, bytes] | None:
    """The theorem at the top level of a file in whose decorators it failed, and the file's text without it.

    The lines of the text stay where they are. None where it failed elsewhere.
    """
    line = None if error is None else line_of(error, str(file), top=True)
    if error is None or line is None:
        return None
    tree = ast.parse(source)
    declaring = {mention.first for mention in declarations(tree)}
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        of_it = [one for one in node.decorator_list if one.lineno <= line <= (one.end_lineno or one.lineno)]
        if not of_it or not any(one.lineno in declaring for one in node.decorator_list):
            continue
        first, last = min(one.lineno for one in node.decorator_list), node.end_lineno or node.lineno
        lines = source.splitlines(keepends=True)
        blank = [b"\n"] * (last - first + 1)
        return _theorem(node.name, first, error, file), b"".join([*lines[: first - 1], *blank, *lines[last:]])
    return None


def _theorem(name: str, line: int, error: BaseException, file: Path) -> Theorem:
    wrong = InvalidChain(f"{file}:{line}: theorem {name}: {with_kind(error)}")
    wrong.__cause__ = error
    return Theorem(title=name, name=name, assumes=(), file=str(file), line=line, docstring="", written=wrong)
