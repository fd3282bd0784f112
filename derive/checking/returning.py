"""A function of the author's that gives nothing: it has forgotten its ``return``."""

from __future__ import annotations

import ast

from derive.checking.file_tree import FileTree
from derive.checking.slip import Slip
from derive.diagnostics import Fix, Span


def gives_nothing(file: FileTree, node: ast.Call) -> Slip | None:
    """What to write into the function that a call is of, if it is one of the file that returns nothing."""
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    function = next((one for one in ast.walk(file.tree)
                     if isinstance(one, ast.FunctionDef) and one.name == called), None)
    if function is None or any(isinstance(one, ast.Return) and one.value is not None for one in ast.walk(function)):
        return None
    last = function.body[-1]
    message = f"{called} gives nothing: its function has forgotten return"
    if not isinstance(last, ast.Expr) or isinstance(last.value, ast.Constant):
        return Slip(message=message, span=file.span(node), hint=f"end {called} with return, and the term")
    place = file.span(last)
    start = Span(line=place.line, column=place.column, end_line=place.line, end_column=place.column)
    return Slip(message=message, span=place, hint=f"write return {file.source(last.value)}",
                fix=Fix(span=start, text="return ", says=f"{called}: return"))
