"""A sum or a mean whose arguments stand in another order than that of the language: letter, term, limits by name."""

from __future__ import annotations

import ast

import derive  # its names only
from derive.checking.file_tree import FileTree
from derive.checking.slip import Slip, is_name
from derive.diagnostics import Fix
from derive.language.binding import Index

BINDERS = ("total", "prod", "expect", "variance", "mean")
LIMITED = ("total", "prod")
INDICES = ("State", "Action", "Time", "Draw", "Trajectory", "Batch")


def exchanged(file: FileTree, node: ast.Call) -> Slip | None:
    """``expect(f, tau)``, ``total(t, 0, H, f)`` and ``total(f, (t, 0, H))`` in the order of the language."""
    word, given = file.source(node.func), [file.source(one) for one in node.args]
    if word not in BINDERS or any(isinstance(one, ast.Starred) for one in node.args):
        return None
    match [is_index(one, file) for one in given]:
        case [False, True]:
            letter, body, limits = given[1], given[0], list[str]()
            message = f"the letter that {word} runs over stands first"
        case [True, False, False, False] if word in LIMITED:
            letter, *limits, body = given
            message = f"the limits of {word} are named"
        case [False, True, False, False] if word in LIMITED:
            body, letter, *limits = given
            message = f"the letter that {word} runs over stands first, and its limits are named"
        case [False, False] if word in LIMITED and isinstance(node.args[1], ast.Tuple) and (
                len(node.args[1].elts) == 3 and is_index(file.source(node.args[1].elts[0]), file)):
            body, (letter, *limits) = given[0], map(file.source, node.args[1].elts)
            message = f"the letter that {word} runs over stands first, and its limits are named"
        case _:
            return None
    named = [f"{name}={limit}" for name, limit in zip(("start", "stop"), limits, strict=False)]
    named += [f"{one.arg}={file.source(one.value)}" for one in node.keywords]
    fit = f"{word}({', '.join([letter, body, *named])})"
    return Slip(message=message, span=file.span(node), hint=f"write {fit}",
                fix=Fix(span=file.span(node), text=fit, says=f"{word}({letter}, ...)"))


def is_index(name: str, file: FileTree) -> bool:
    """Whether a name is a letter of the language that a sum may run over, or is declared as one in the file."""
    if name in derive.__all__ and isinstance(getattr(derive, name), Index):
        return True
    return any(isinstance(node, ast.Assign) and any(is_name(one, name) for one in node.targets)
               and isinstance(node.value, ast.Call) and file.source(node.value.func) in INDICES
               for node in ast.walk(file.tree))
