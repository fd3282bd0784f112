"""Where the terms of a chain stand in its file, down to the part of a term that is wrong.

The syntax tree of the theorem's function is read once more, and the expressions in it that make terms are
computed again, each by itself: names, calls of the vocabulary, operators. An expression whose value is the part
that is looked for, up to the letters of the sums around it, is where that part was written. What cannot be
computed in this way (a loop, a function of the user's own) is left alone, and the whole term is named instead.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import decode_source
from itertools import permutations
from pathlib import Path
from typing import Any

from sympy import Expr

from derive.checking.derivation import Declared
from derive.checking.theorems import Theorem
from derive.diagnostics import Span
from derive.errors import DeriveError
from derive.files.overlay import content
from derive.language.binding import Binder, Index, substitute
from derive.language.expression import Times, as_term
from derive.language.spoken import Letters

BINDING = ("total", "prod", "expect", "variance", "mean")
"""The words whose first argument is a letter that they bind."""
MOST_LETTERS = 4
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.BitOr: operator.or_}
_SAME: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Add, ast.Sub), ast.Sub: (ast.Add, ast.Sub), ast.Mult: (ast.Mult,)}
"""Operators that go on with what those of the second kind have begun, as one sum or one product."""
_PLAIN = (int, str, float, tuple)


class _Unknown(Exception):
    """An expression that is not computed again."""


@dataclass(frozen=True, slots=True)
class Places:
    """The items of ``calc(...)`` as they stand in the file."""

    text: str
    items: tuple[ast.expr, ...]
    names: Mapping[str, Any]
    local: Mapping[str, ast.expr]
    _values: dict[int, Any] = field(default_factory=dict)

    def by(self, step: int) -> Span | None:
        """The reason of a step, counted from 1."""
        return self._item(2 * step - 1)

    def term(self, number: int) -> Span | None:
        """A term of the chain, counted from 0."""
        return self._item(2 * number)

    def part(self, number: int, parts: Sequence[Expr], *, nth: int = 0) -> Span | None:
        """The first of these parts of a term that is found in it, each inside of the next, behind ``nth`` like it."""
        if 2 * number >= len(self.items):
            return None
        narrowed = self.narrowed(number, parts, nth=nth)
        if narrowed is not None and narrowed is not self.items[2 * number]:
            return self._span(narrowed)
        written = list(self._expressions(self.items[2 * number], (), frozenset()))
        for wanted in parts:
            for node, letters in written:
                if self._is(node, letters, wanted):
                    return self._span(node)
        return None

    def narrowed(self, number: int, parts: Sequence[Expr], *, nth: int = 0) -> ast.expr | None:
        """Where the innermost of these parts stands, looked for inside of the next as far as that is found."""
        if 2 * number >= len(self.items):
            return None
        place: tuple[ast.expr, tuple[Index, ...]] = (self.items[2 * number], ())
        found = None
        for left, wanted in zip(range(len(parts) - 1, -1, -1), reversed(parts), strict=True):
            inner = self._nearest(*place, wanted, nth=0 if left else nth)
            if inner is not None:
                place, found = inner, inner[0]
        return found

    def _nearest(self, node: ast.expr, letters: tuple[Index, ...],
                 wanted: Expr, *, nth: int) -> tuple[ast.expr, tuple[Index, ...]] | None:
        """The expression that makes a part, and the letters bound around it: an operand before what is deeper."""
        taken_off = negated(wanted)
        level, followed = [(node, letters)], set[str]()
        while level:
            same = [(one, around) for one, around in level if self._is(one, around, wanted)]
            if same:
                return same[min(nth, len(same) - 1)]
            for one, around in level:
                for right in _taken_off(one) if taken_off is not None else ():
                    if self._is(right, around, taken_off):
                        return right, around
            names = {one.id for one, _ in level if isinstance(one, ast.Name)}
            level = [inner for one, around in level for inner in self._operands(one, around)
                     if not (isinstance(one, ast.Name) and one.id in followed)]
            followed |= names
        return None

    def _operands(self, node: ast.expr, letters: tuple[Index, ...]) -> list[tuple[ast.expr, tuple[Index, ...]]]:
        """What an expression is made of; f * g * h of three factors; the letter of a sum after what it stands in."""
        if isinstance(node, ast.Name):
            return [(self.local[node.id], letters)] if node.id in self.local else []
        if isinstance(node, ast.BinOp):
            left = node.left
            same = isinstance(left, ast.BinOp) and type(left.op) in _SAME.get(type(node.op), ())
            return [*(self._operands(left, letters) if same else [(left, letters)]), (node.right, letters)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BINDING and node.args:
            letter = self._known(node.args[0])
            inner = (*letters, letter) if isinstance(letter, Index) else letters
            return [*((one, inner) for one in node.args[1:]), *((one.value, letters) for one in node.keywords),
                    (node.args[0], inner)]
        children = [one.value if isinstance(one, ast.keyword) else one for one in ast.iter_child_nodes(node)]
        return [(one, letters) for one in children if isinstance(one, ast.expr)]

    def letters(self, *numbers: int) -> Letters:
        """The letters that the sums and means of these terms have in the file, as far as they are computed again."""
        found: dict[Expr, str] = {}
        for number in numbers:
            items = self.items[2 * number : 2 * number + 1]
            for node, _ in (one for item in items for one in self._expressions(item, (), frozenset())):
                letter = self._known(node.args[0]) if isinstance(node, ast.Call) and node.args and (
                    _called(node.func) in BINDING) else None
                if isinstance(letter, Index) and isinstance(value := self._known(node), Expr):
                    for binder in _outermost(value, type(letter)):
                        found.setdefault(binder, str(letter.label))
        return Letters(found)

    def value(self, node: ast.expr) -> Any:
        """What an expression of the function stands for, if it is computed again; else None."""
        return self._known(node)

    def _item(self, number: int) -> Span | None:
        return self._span(self.items[number]) if number < len(self.items) else None

    def _span(self, node: ast.expr) -> Span:
        lines = self.text.split("\n")

        def column(line: int, offset: int) -> int:
            return len(lines[line - 1].encode()[:offset].decode(errors="replace")) + 1

        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Span(line=node.lineno, column=column(node.lineno, node.col_offset), end_line=end_line,
                    end_column=column(end_line, end))

    def _expressions(self, node: ast.expr, letters: tuple[Index, ...],
                     followed: frozenset[str]) -> Iterator[tuple[ast.expr, tuple[Index, ...]]]:
        """An expression and those inside it, each with the letters that are bound around it, outermost first."""
        yield node, letters
        if isinstance(node, ast.Name) and node.id in self.local and node.id not in followed:
            yield from self._expressions(self.local[node.id], letters, followed | {node.id})
            return
        inner = letters
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BINDING and node.args:
            letter = self._known(node.args[0])
            inner = (*letters, letter) if isinstance(letter, Index) else letters
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.keyword):  # limits lie outside of the sum
                yield from self._expressions(child.value, letters, followed)
            elif isinstance(child, ast.expr):
                yield from self._expressions(child, inner, followed)

    def _is(self, node: ast.expr, letters: tuple[Index, ...], wanted: Expr) -> bool:
        """Whether an expression makes a part: a bound letter of the part may be any letter bound around it."""
        value = self._known(node)
        if not isinstance(value, Expr):
            return False
        if value == wanted:
            return True
        loose = sorted((one for one in wanted.free_symbols if isinstance(one, Index) and one not in value.free_symbols),
                       key=str)
        if not loose or len(loose) > MOST_LETTERS:
            return False
        return any(
            all(type(one) is type(letter) for one, letter in zip(loose, chosen, strict=True))
            and substitute(wanted, dict(zip(loose, chosen, strict=True)), loose=True) == value
            for chosen in permutations(letters, len(loose)))

    # -- computing again ---------------------------------------------------------------------------

    def _known(self, node: ast.expr) -> Any:
        """The value of an expression; None for one that is not computed again."""
        if id(node) not in self._values:
            try:
                value = self._value(node)
                value = as_term(value) if isinstance(value, int) and not isinstance(value, bool) else value
            except (_Unknown, DeriveError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError,
                    RecursionError):
                value = None
            self._values[id(node)] = value
        return self._values[id(node)]

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value) if isinstance(value, _PLAIN):
                return value
            case ast.Name(id=name) if name in self.local:
                return self._value(self.local[name])
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
            case ast.Attribute(value=inner, attr=name) if not name.startswith("_"):
                return getattr(self._value(inner), name)
            case ast.Subscript(value=inner, slice=place):
                return self._value(inner)[self._value(place)]
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -self._value(inner)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                one, two = self._value(left), self._value(right)
                if isinstance(one, int) and isinstance(two, int) and isinstance(op, ast.Pow) and abs(two) > 99:
                    raise _Unknown
                return _OPERATORS[type(op)](one, two)
            case ast.Call(func=called, args=arguments, keywords=keywords) if not any(
                    isinstance(argument, ast.Starred) for argument in arguments):
                function = self._value(called)
                if not _is_vocabulary(function):
                    raise _Unknown
                options = {str(keyword.arg): self._value(keyword.value) for keyword in keywords}
                return function(*map(self._value, arguments), **options)
        raise _Unknown


def _outermost(term: Expr, kind: type[Index]) -> Iterator[Binder]:
    """The outermost sums and means of a term, as far as they run over letters of a kind."""
    if isinstance(term, Binder):
        yield from [term] if isinstance(term.index, kind) else []
    else:
        for part in term.args:
            yield from _outermost(part, kind)


def negated(term: Expr) -> Expr | None:
    """f where a term is -f, as in g - f, which is g + (-f)."""
    return term.args[1] if isinstance(term, Times) and len(term.args) == 2 and term.args[0] == -1 else None


def _taken_off(node: ast.expr) -> Iterator[ast.expr]:
    """What a sum as it is written takes off: g and h of f - g + k - h."""
    while isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        if isinstance(node.op, ast.Sub):
            yield node.right
        node = node.left


def _is_vocabulary(function: object) -> bool:
    """Whether calling it has no effect but a term: a word of ours."""
    home = getattr(function, "__module__", None) or type(function).__module__
    return str(home).startswith(("derive.language.", "fractions"))


def places_of(theorem: Theorem) -> Places | None:
    """Where the chain of a theorem stands, if its function ends in ``return calc(...)`` and the file is there."""
    if not isinstance(theorem, Declared):
        return None
    try:
        text = decode_source(content(Path(theorem.file)))
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    function = next((node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
                     and node.name == theorem.name and _first_line(node) == theorem.line), None)
    if function is None:
        return None
    local = _assigned(function)
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    value = returned[0] if len(returned) == 1 else None
    if isinstance(value, ast.Name):
        value = local.get(value.id)
    if not (isinstance(value, ast.Call) and _called(value.func) == "calc"):
        return None
    if len(value.args) != 2 * len(theorem.chain.terms) - 1 or any(isinstance(one, ast.Starred) for one in value.args):
        return None
    return Places(text, tuple(value.args), theorem.names, local)


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _first_line(function: ast.FunctionDef) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def _assigned(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Local names that are given one value, and what that is."""
    found: dict[str, ast.expr] = {}
    several: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            several |= {node.id} & found.keys()
            found[node.id] = node
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                found |= dict(_pairs(target, node.value))
    return {name: value for name, value in found.items() if (name not in several and not isinstance(value, ast.Name))
            or (name not in several and isinstance(value, ast.Name) and value.id != name)}


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, other)
