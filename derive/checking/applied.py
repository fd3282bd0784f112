"""What is called, or has brackets behind it, and takes neither: ``gamma(t)``, ``Q(s, a)[0]``, ``pi[t](a | s)``."""

from __future__ import annotations

import ast
import re

import derive  # its names only
from derive.checking.file_tree import FileTree
from derive.checking.slip import Slip
from derive.diagnostics import Fix, Span
from derive.errors import said
from derive.language.terms import NODES

_KINDS = {kind.__name__ for kind in NODES}
_NOUNS = {"Discount": "a number", "Horizon": "a time", "SampleSize": "a number", "State": "a state",
          "Action": "an action", "Time": "a time", "Draw": "the number of a sample", "Trajectory": "a trajectory",
          "Batch": "the samples", "Drawn": "a trajectory", "Policy": "a policy", "Objective": "a number"}
_ATOMS = (ast.Name, ast.Constant, ast.Call, ast.Subscript, ast.Attribute)


def applied(error: TypeError, file: FileTree, span: Span | None) -> Slip | None:
    """What to write instead of a call, or of brackets, that a term does not have."""
    found = re.match(r"'(\w+)' object is not (callable|subscriptable)", said(error))
    if found is None or found[1] not in _KINDS:
        return None
    for node in file.at(span, ast.Call if found[2] == "callable" else ast.Subscript):
        of = node.func if isinstance(node, ast.Call) else node.value if isinstance(node, ast.Subscript) else node
        places = (node.args if isinstance(node, ast.Call) else [node.slice] if isinstance(node, ast.Subscript) else [])
        fit, hint = _instead(found[1], file, node, of, places)
        takes = "arguments" if isinstance(node, ast.Call) else "brackets"
        noun = _NOUNS.get(found[1], "a term")
        return Slip(message=f"{file.source(node)}: {file.source(of)} is {noun} and takes no {takes}",
                    span=file.span(node), hint=hint or f"write {fit}",
                    fix=Fix(span=file.span(node), text=fit, says=fit, unsafe=bool(hint)) if fit else None)
    return None


def _instead(kind: str, file: FileTree, node: ast.expr, of: ast.expr, places: list[ast.expr]) -> tuple[str, str]:
    """What stands in the place of it, and what to say of it, if that is more than ``write``."""
    name = file.source(of)
    inside = ", ".join(file.source(place) for place in places)
    match kind:
        case "Discount" if len(places) == 1:
            return f"{name}**{inside if isinstance(places[0], _ATOMS) else f'({inside})'}", ""
        case "Horizon" | "SampleSize" | "Objective" | "Discount":
            return name, ""
        case "Batch" if isinstance(node, ast.Call) and len(places) == 1:
            return f"{name}[{inside}]", ""
        case "Trajectory" | "Drawn":
            return "", (f"its state at a time is {name}.s[t], its action {name}.a[t]; "
                        f"R({name}) is its return, P({name}) its probability")
        case "Policy":
            return name, f"a policy is the same at every time: write {name}(a | s)"
        case "State" | "Action" if name in ("s", "a") and len(places) == 1:
            return "", f"along a trajectory write tau.{name}[{inside}]; {_declared(name)}"
        case "State" | "Action" | "Time" | "Draw":
            return "", f"{name} is a letter of the language: {_declared(name)}"
        case "Applied" if isinstance(node, ast.Call):
            return "", 'scalar("b") is a number; b = function("b") declares a function, written b(s)'
        case "Return":
            return "", ("the reward of a time is r(tau.s[t], tau.a[t], tau.s[t + 1]), "
                        "and what comes from a time on is G[t](tau)")
    if isinstance(node, ast.Subscript):
        return _timed(file, of, inside)
    return f"{name} * ({inside})", f"a product is written with *: {name} * ({inside})"


def _declared(name: str) -> str:
    return f'a function of your own is declared, f = function("f"), and written f({"a" if name == "a" else "s"})'


def _timed(file: FileTree, of: ast.expr, time: str) -> tuple[str, str]:
    """``Q(s, a)[t]``: the time of a notion stands before its places; what has one already has no other."""
    name = file.source(of)
    if isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and _has_times(of.func.id):
        places = ", ".join(map(file.source, of.args))
        return f"{of.func.id}[{time}]({places})", ""
    if isinstance(of, ast.Call) and isinstance(of.func, ast.Subscript):
        return name, f"it has its time already: write {name}"
    return name, f"a term has no parts that brackets name: write {name}"


def _has_times(name: str) -> bool:
    """Whether a name is that of a notion with a time, such as V."""
    notation = getattr(getattr(derive, name, None), "notation", None) if name in derive.__all__ else None
    return getattr(notation, "below", None) is not None
