"""A name that is undefined because of what stands around it: a module of numbers, a notion of the author's own."""

from __future__ import annotations

import ast
import re

import derive  # its names only
from derive.checking.file_tree import FileTree
from derive.checking.foreign_words import WORDS
from derive.checking.slip import NAMING, Slip, is_name
from derive.diagnostics import Fix, Span

MODULES = ("math", "np", "numpy", "torch", "sympy", "sp", "jnp")


def of_a_module(name: str, file: FileTree, place: Span | None) -> Slip | None:
    """``math.inf`` and ``np.log`` in a file without the module: the word of the language."""
    for node in () if place is None or name not in MODULES else file.around(place):
        if isinstance(node, ast.Attribute) and is_name(node.value, name) and file.span(node.value) == place:
            word, whole = node.attr, file.source(node)
            fit = word if word in derive.__all__ else ""
            return Slip(message=f"{whole} is no word of the language", span=file.span(node),
                        hint=f"write {fit}" if fit else WORDS.get(word, "a proof has words of derive only"),
                        fix=Fix(span=file.span(node), text=fit, says=f"{whole}: {fit}", unsafe=True) if fit else None)
    return None


def unassigned(name: str, file: FileTree, place: Span | None) -> Slip | None:
    """``define("Adv", ...)`` whose result has no name, and ``Adv[t](s, a)`` that nothing defines."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value.args and (
                maker := file.source(node.value.func)) in NAMING and (
                isinstance(given := node.value.args[0], ast.Constant) and given.value == name):
            return Slip(message=f"{name} is not defined: {maker} gives it, and nothing keeps it", span=file.span(node),
                        hint=f"write {name} = {file.source(node.value)}")
    for node in () if place is None else file.around(place):
        if isinstance(node, ast.Subscript) and is_name(node.value, name) and file.span(node.value) == place:
            places = [one.args for one in file.around(place) if isinstance(one, ast.Call) and one.func is node]
            letters = [_letter(file.source(one)) for one in places[0]] if places else []
            if letters and all(letters) and len({"t", *letters}) == len(letters) + 1:
                return Slip(message=f"{name} is not defined", span=place,
                            hint=f'{name} = define("{name}", [t, {", ".join(letters)}], f) names a term f of them')
            return Slip(message=f"{name} is not defined", span=place, hint="what has a time is a function of the "
                        'history, f = function("f"), written f(tau.h[t])')
    return None


def _letter(place: str) -> str:
    """The letter of the sort that a place has as it is written; empty if that is not seen."""
    along = re.fullmatch(r".+\.([sa])\[.+\]", place)
    return along[1] if along is not None else place if place in ("s", "x", "a", "tau") else ""
