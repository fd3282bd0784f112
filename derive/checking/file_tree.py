"""A proof file read once more, for those who explain an error in it: its nodes, and their places in characters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from derive.diagnostics import Span


@dataclass(frozen=True, slots=True)
class FileTree:
    """A file as text, as lines and as a syntax tree, and where the parts of it stand."""

    text: str
    lines: tuple[str, ...]
    tree: ast.Module

    def span(self, node: ast.expr | ast.stmt | ast.alias | ast.arg) -> Span:
        """Where a node stands, in characters."""

        def column(line: int, offset: int) -> int:
            return len(self.lines[line - 1].encode()[:offset].decode(errors="replace")) + 1

        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Span(line=node.lineno, column=column(node.lineno, node.col_offset), end_line=end_line,
                    end_column=column(end_line, end))

    def at(self, span: Span | None, kind: type[ast.expr]) -> Iterator[ast.expr]:
        """The nodes of a kind inside a span, outermost first."""
        if span is None:
            return
        for node in self.around(span):
            if isinstance(node, kind):
                place = self.span(node)
                if (span.line, span.column) <= (place.line, place.column) and (
                        (place.end_line, place.end_column) <= (span.end_line, span.end_column)):
                    yield node

    def around(self, span: Span) -> Iterator[ast.AST]:
        """The nodes of the statements of the file that have a part in a span: a file may have many theorems."""
        for statement in self.tree.body:
            first = min(node.lineno for node in [statement, *getattr(statement, "decorator_list", ())])
            if first <= span.end_line and span.line <= (statement.end_lineno or first):
                yield from ast.walk(statement)

    def function(self, line: int) -> ast.FunctionDef | None:
        """The innermost function around a line, decorators included."""
        found = None
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef):
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                if first <= line <= (node.end_lineno or first):
                    found = node
        return found

    def source(self, node: ast.expr) -> str:
        """What was written."""
        return ast.get_source_segment(self.text, node) or ""


@lru_cache(maxsize=2)
def parsed(text: str) -> FileTree | None:
    """A file, read once for all errors in it; None if it is not Python."""
    try:
        return FileTree(text, tuple(text.split("\n")), ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def where_reading_ends(text: str) -> Span | None:
    """Where Python does not read on in what is not valid; None where it says nothing of the place."""
    try:
        ast.parse(text)
    except SyntaxError as error:
        if not error.lineno or not error.offset or error.offset < 1:
            return None
        end = error.end_offset or 0
        if error.end_lineno != error.lineno or end <= error.offset:
            end = error.offset + 1
        return Span(line=error.lineno, column=error.offset, end_line=error.lineno, end_column=end)
    except (ValueError, RecursionError, MemoryError):
        return None
    return None
