"""A name in ``by(...)`` that is not defined: the rule or the theorem that was meant, never a word that is no reason."""

from __future__ import annotations

import ast
from difflib import get_close_matches

import derive  # its names only
from derive.checking.file_tree import FileTree
from derive.checking.proof_files import bundled
from derive.checking.slip import Slip, is_name
from derive.diagnostics import Fix, Span
from derive.rules.decision import Decision, Relation
from derive.rules.rule import Rule

RULES = tuple(name for name in derive.__all__ if isinstance(getattr(derive, name), (Rule, Decision, Relation)))
"""The reasons that have a name of their own."""


def unknown_reason(name: str, file: FileTree, place: Span | None) -> Slip | None:
    """What to write for an undefined name that is the whole reason of a step; None for a name elsewhere."""
    if place is None or not any(is_name(one, name) and file.span(one) == place for one in _reasons(file, place)):
        return None
    message, proofs = f"{name} is not defined", bundled_theorems()
    if name in proofs:
        return Slip(message=message, span=place, hint=imported(name))
    own = [node.name for node in file.tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list]
    near = nearest(name, [*own, *RULES, *proofs])
    if near in own or near in RULES:
        return Slip(message=message, span=place, hint=f"did you mean {near}?",
                    fix=Fix(span=place, text=near, says=f"{name}: {near}", unsafe=True))
    return Slip(message=message, span=place, hint=f"did you mean {near}? {imported(near)}" if near else
                "a reason is a rule, automata, a theorem, words in quotes, or nothing: by()")


def bundled_theorems() -> list[str]:
    """The names of the bundled theorems, each that of its file."""
    return sorted(one.stem for one in bundled().glob("*.py") if not one.stem.startswith("_"))


def imported(name: str) -> str:
    """The import of a bundled theorem."""
    return f"from derive.proofs.{name} import {name}"


def nearest(name: str, known: list[str]) -> str:
    """The name that is most like this one; empty if none is."""
    return next(iter(get_close_matches(name, known, 1, 0.7)), "")


def _reasons(file: FileTree, place: Span) -> list[ast.expr]:
    calls = [node for node in file.around(place) if isinstance(node, ast.Call) and is_name(node.func, "by")]
    return [one for call in calls for one in (
        *call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "reason"))]
