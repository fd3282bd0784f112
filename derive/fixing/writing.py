"""A fix as edits of a theorem's function: another reason, steps between, one more assumption."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import decode_source
from pathlib import Path
from typing import Any

from sympy import Expr

from derive.checking.derivation import Declared
from derive.checking.positions import Places, places_of
from derive.checking.theorems import By, Theorem
from derive.diagnostics import Edit, Fix, Span
from derive.files.overlay import content
from derive.fixing.layout import laid_out
from derive.fixing.spelling import Scope, Spelled, imports


@dataclass(frozen=True, slots=True)
class Written:
    """The function of a theorem as it stands in its file."""

    text: str
    tree: ast.Module
    function: ast.FunctionDef
    scope: Scope

    def by_step(self, by: By, spelled: Sequence[Spelled], says: str, *, unsafe: bool) -> Fix | None:
        """The call of ``by(...)`` of a step with another reason: reason, term, reason, ..., reason.

        Several are inserted before the call, which keeps its label and takes the last of the reasons. None where
        the call is not found, or stands where nothing can be put before it.
        """
        call = self._call(by)
        if call is None:
            return None
        *before, last = spelled
        edits = [self._reason(call, last.text)]
        if before:
            inserted = self._before(call, [one.text for one in before])
            if inserted is None:
                return None
            edits.insert(0, inserted)
        return self._fix(edits, spelled, says, unsafe=unsafe)

    def assuming(self, assumptions: Sequence[Spelled], says: str) -> Fix | None:
        """The declaration of the theorem with more assumptions: another claim. None where it is not found."""
        call = next((one for one in self.function.decorator_list if isinstance(one, ast.Call)
                     and _called(one.func) == "theorem"), None)
        if call is None:
            return None
        texts = ", ".join(one.text for one in assumptions)
        given = next((one.value for one in call.keywords if one.arg == "assumes"), None)
        if given is None:
            edit = self._last(call, f"assumes=[{texts}]")
        elif isinstance(given, (ast.List, ast.Tuple)):
            span, alone = self._span(given), isinstance(given, ast.List) and not given.elts
            edit = Edit(span=_point(span.line, span.column + 1), text=texts if alone else f"{texts}, ")
        else:
            edit = Edit(span=self._span(given), text=f"[{texts}, *{ast.get_source_segment(self.text, given)}]")
        return None if edit is None else self._fix([edit], assumptions, says, unsafe=True)

    def _last(self, call: ast.Call, text: str) -> Edit | None:
        """One more argument before the bracket that ends a call; None where a comment stands there."""
        given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        items = [self._span(one) for one in given]
        if not items:
            return None
        last, end = max(items, key=lambda span: (span.end_line, span.end_column)), self._span(call)
        lines = self.text.split("\n")[last.end_line - 1 : end.end_line]
        lines[-1] = lines[-1][: end.end_column - 2]
        lines[0] = lines[0][last.end_column - 1 :]
        rest = "".join(lines)
        if "#" in rest:
            return None
        return Edit(span=_point(end.end_line, end.end_column - 1), text=text if "," in rest else f", {text}")

    def _fix(self, edits: Sequence[Edit], spelled: Iterable[Spelled], says: str, *, unsafe: bool) -> Fix:
        words = frozenset().union(*(one.missing for one in spelled))
        first, *also = edits
        return Fix(span=first.span, text=first.text, also=tuple(also), words=tuple(sorted(words)),
                   imports=tuple(imports(self.tree, self.text, words)), unsafe=unsafe, says=says)

    def _call(self, by: By) -> ast.Call | None:
        """The call at the place that a reason remembers, by whatever name; the shortest that begins there.

        Columns of the tree are bytes from 0, of a reason from 1.
        """
        found = [node for node in ast.walk(self.function) if isinstance(node, ast.Call)
                 and (node.lineno, node.col_offset + 1) == (by.line, by.column)]
        return min(found, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0), default=None)

    def _reason(self, call: ast.Call, text: str) -> Edit:
        given = [*call.args[:1], *(one.value for one in call.keywords if one.arg == "reason")]
        if given:
            return Edit(span=self._span(given[0]), text=text)
        if call.keywords:
            first = self._span(call.keywords[0])
            return Edit(span=_point(first.line, first.column), text=f"{text}, ")
        end = self._span(call)
        return Edit(span=_point(end.end_line, end.end_column - 1), text=text)

    def _before(self, call: ast.Call, texts: Sequence[str]) -> Edit | None:
        """Reasons and terms in turn, in the place of an item of ``calc(...)``, each on a line if the item is."""
        chain = next((node for node in ast.walk(self.function) if isinstance(node, ast.Call)
                      and _called(node.func) == "calc" and call in node.args), None)
        if chain is None:
            return None
        span = self._span(call)
        before = self.text.split("\n")[span.line - 1][: span.column - 1]
        name = ast.get_source_segment(self.text, call.func) or "by"
        items = [text if place % 2 else f"{name}({text})" for place, text in enumerate(texts)]
        between = ", "
        if not before.strip():
            items, between = [laid_out(item, len(before.expandtabs())) for item in items], f",\n{before}"
        return Edit(span=_point(span.line, span.column), text="".join(f"{item}{between}" for item in items))

    def _span(self, node: ast.expr | ast.keyword) -> Span:
        lines = self.text.split("\n")

        def column(line: int, offset: int) -> int:
            return len(lines[line - 1].encode()[:offset].decode(errors="replace")) + 1

        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Span(line=node.lineno, column=column(node.lineno, node.col_offset), end_line=end_line,
                    end_column=column(end_line, end))


def _point(line: int, column: int) -> Span:
    return Span(line=line, column=column, end_line=line, end_column=column)


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def written(theorem: Theorem) -> Written | None:
    """Where a theorem stands, if it is a function of a file that can be read."""
    if not isinstance(theorem, Declared):
        return None
    try:
        text = decode_source(content(Path(theorem.file)))
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    function = next((node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and theorem.name == node.name
                     and theorem.line in {node.lineno, *(one.lineno for one in node.decorator_list)}), None)
    if function is None:
        return None
    return Written(text, tree, function, Scope(theorem.names, _local(function, places_of(theorem))))


def _local(function: ast.FunctionDef, places: Places | None) -> Mapping[str, Any]:
    """What the function assigns, with the values of what is computed again."""
    stored = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    stored |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    stored |= {alias.asname or alias.name for node in ast.walk(function)
               if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}
    known: dict[str, Expr | None] = dict.fromkeys(stored)
    for name in stored & (places.local.keys() if places is not None else set()):
        assert places is not None
        known[name] = places.value(places.local[name])
    return known
