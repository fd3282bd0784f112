"""What the syntax tree of a Python file says of theorems, before anything is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

WORD = "theorem"


@dataclass(frozen=True, slots=True)
class Mention:
    """The lines of a call of ``theorem``, or of a decorator that lacks the call."""

    first: int
    last: int


def mentions_theorem(tree: ast.Module) -> bool:
    """Whether a file declares a theorem, imports ``theorem``, or takes it from ``derive`` in another way."""
    nodes = list(ast.walk(tree))
    if _imports_it(nodes) or any(True for _ in _declared(nodes)):
        return True
    modules = _modules(nodes)
    return any(_is_of_derive(node, modules) or _asks_by_name(node) for node in nodes)


def declarations(tree: ast.Module) -> Iterator[Mention]:
    """The decorators ``@theorem``, with a call or without, and the other calls of it, executed or not.

    A decorator is taken for ours whatever ``theorem`` it is; of other calls, a method of that name is not.
    """
    return _declared(list(ast.walk(tree)))


def _declared(nodes: list[ast.AST]) -> Iterator[Mention]:
    names, modules, decorators = {WORD, *_aliases(nodes)}, _modules(nodes), set[ast.expr]()
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if _is_name(called, names) or (isinstance(called, ast.Attribute) and called.attr == WORD):
                    decorators.add(decorator)
                    yield _place(decorator)
    for node in nodes:
        if isinstance(node, ast.Call) and node not in decorators and (
                _is_name(node.func, names) or _is_of_derive(node.func, modules)):
            yield _place(node)


def _place(node: ast.expr) -> Mention:
    return Mention(node.lineno, node.end_lineno or node.lineno)


def _is_name(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _imported(nodes: list[ast.AST]) -> Iterator[tuple[bool, ast.alias]]:
    """What ``from ... import`` brings; whether from ``derive``."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            ours = not node.level and (node.module or "").split(".")[0] == "derive"
            yield from ((ours, alias) for alias in node.names)


def _imports_it(nodes: list[ast.AST]) -> bool:
    """By its name from ``derive``, or with ``*`` from anywhere if the word is then used."""
    brought = [(ours, alias.name) for ours, alias in _imported(nodes)]
    return (True, WORD) in brought or (
        any(name == "*" for _, name in brought) and any(_is_name(node, {WORD}) for node in nodes))


def _modules(nodes: list[ast.AST]) -> set[str]:
    """The names under which ``derive``, or a part of it, is imported."""
    whole = {(alias.asname or alias.name).split(".")[0] for node in nodes if isinstance(node, ast.Import)
             for alias in node.names if alias.name.split(".")[0] == "derive"}
    return whole | {alias.asname or alias.name for ours, alias in _imported(nodes) if ours}


def _aliases(nodes: list[ast.AST]) -> set[str]:
    """The names that an import or an assignment gives to ``derive.theorem``."""
    found = {alias.asname or WORD for ours, alias in _imported(nodes) if ours and alias.name == WORD}
    known, modules = found | ({WORD} if _imports_it(nodes) else set()), _modules(nodes)
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None and (
                _is_of_derive(node.value, modules) or _is_name(node.value, known)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def _is_of_derive(node: ast.AST, modules: set[str]) -> bool:
    """``derive.theorem``, also ``derive.checking.derivation.theorem``."""
    if not (isinstance(node, ast.Attribute) and node.attr == WORD):
        return False
    base = node.value
    while isinstance(base, ast.Attribute):
        base = base.value
    return _is_name(base, modules)


def _asks_by_name(node: ast.AST) -> bool:
    """``getattr(derive, "theorem")``."""
    return isinstance(node, ast.Call) and _is_name(node.func, {"getattr"}) and any(
        isinstance(argument, ast.Constant) and argument.value == WORD for argument in node.args)
