"""A name that is not defined: the word, the letter or the number that was meant by it, by the way it is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from difflib import get_close_matches

import derive  # its names only
from derive.checking.file_tree import FileTree
from derive.checking.foreign_words import SCALARS, WORDS
from derive.checking.signs import sign, unread
from derive.checking.slip import NAMING, Slip, is_name
from derive.checking.unassigned import of_a_module, unassigned
from derive.checking.unknown_reasons import unknown_reason
from derive.diagnostics import Fix, Span
from derive.errors import InvalidChain, said
from derive.language.alphabets import UNICODE
from derive.language.names import check_names
from derive.language.terms import Policy

BINDERS = {"mean": "Draw", "Draw": "Draw"}
LETTERS = "sxab"
"""Letters of the language for what is no number: as a number, or called, they mean something else."""
SIZES = ("N", "n", "M", "batch_size", "num_samples", "n_samples")
"""What pages and code call the number of samples."""
_POLICIES = {"covers": 2, "kl": 2}
"""How many of the first places of a word are for policies."""
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)


def of_python(text: str, span: Span) -> str:
    """What to write for ``lambda`` as a name, or for a sign of a page, where Python does not read on; else empty."""
    lines = text.split("\n")
    if span.line <= len(lines) and re.search(r"\blambda\b(?!\s*[\w\s,]*:)", lines[span.line - 1]):
        return 'lambda is a word of Python: write lam, where lam = scalar("lambda") declares the number'
    return unread(lines[span.line - 1][span.column - 1:]) if span.line <= len(lines) else ""


def undefined(error: NameError, file: FileTree, span: Span | None) -> Slip:
    """What to write, or to import, for a name that is not defined."""
    unbound = re.search(r"local variable '(\w+)'", said(error)) if isinstance(error, UnboundLocalError) else None
    name = error.name or (unbound[1] if unbound else "")
    place = next((file.span(node) for node in file.at(span, ast.Name) if is_name(node, name)), span)
    message = f"{name} is not defined"
    if (quoted := _to_be_named(name, file, place)) is not None:
        return quoted
    if unbound is not None:
        return Slip(message=f"{name} has no value yet", span=place,
                    hint=f"this function gives {name} one further down, and then has no other; give yours another name")
    called, counted = _is_called(file, place, name), _is_a_number(file, place, name)
    policy = called == "on a state" or (not called and _is_a_policy(file, place, name))
    if name in LETTERS and policy:
        return Slip(message=message, span=place, hint=f"{_declared(name, 'Policy')} a policy")
    if name in LETTERS and (called or counted):
        return Slip(message=message, span=place, hint=f'{name} = function("{name}") declares a free function'
                    + ("" if called else f', written {name}(tau.s[t]); {name} = scalar("{name}") a number'))
    if name in derive.__all__:
        return Slip(message=message, span=place, hint=f"from derive import {name}")
    if name == "theta":
        return Slip(message=message, span=place,
                    hint="theta is not written: pi(a | s) depends on it, and grad(f) is the gradient in it")
    if name.startswith("definition_of_"):
        return Slip(message=message, span=place, hint="definitions are reasons by what they define: by(definition(J))")
    if (known := unknown_reason(name, file, place) or sign(name, file, place, policy=policy)) is not None:
        return known
    if (around := of_a_module(name, file, place) or unassigned(name, file, place)) is not None:
        return around
    if name in WORDS:
        return Slip(message=message, span=place, hint=WORDS[name])
    if place is not None and any(isinstance(node, ast.Call) and is_name(node.func, "definition")
                                 and any(is_name(one, name) for one in node.args) for node in file.around(place)):
        return Slip(message=message, span=place, hint=meant(name, derive.__all__), fix=replaced(name, place))
    if (along := re.fullmatch(r"([sa])_(\w+)", name)) is not None:
        time = along[2] if along[2].isdigit() or len(along[2]) == 1 else "t"
        return Slip(message=message, span=place, hint=f"along a trajectory write tau.{along[1]}[{time}]")
    if policy:
        return Slip(message=message, span=place, hint=f"{_declared(name, 'Policy')} a policy")
    if called:
        if called == "on a trajectory" and _close(name, derive.__all__) is None:
            return Slip(message=message, span=place, hint=f'{name} = define("{name}", [tau], f) names a term f of tau')
        if name in UNICODE.letters or _close(name, derive.__all__) is None:
            return Slip(message=message, span=place, hint=f"{_declared(name, 'function')} a free function")
    elif name in SCALARS:
        return Slip(message=message, span=place, hint=f'{name} = scalar("{SCALARS[name]}") declares the number')
    elif (counts := _counted(name, file)) and (counted or _is_a_limit(file, place, name)):
        return Slip(message=message, span=place, hint=counts)
    elif counted and len(name) == 1 and name.isalpha() and not is_an_index(name, file):
        return Slip(message=message, span=place, hint=f"{_declared(name, 'scalar')} a number")
    elif len(name) == 1 and name.isalpha():
        return Slip(message=message, span=place, hint=letter(name, file))
    elif counted and _close(name, derive.__all__) is None:
        return Slip(message=message, span=place, hint=f'{name} = scalar("{name}") declares a number, '
                    f'{name} = function("{name}") a function, written {name}(tau.s[t])')
    return Slip(message=message, span=place, hint=meant(name, derive.__all__), fix=replaced(name, place))


def _to_be_named(name: str, file: FileTree, place: Span | None) -> Slip | None:
    """A new name without its quotes, where it is given: ``define(Adv, [t, s, a], ...)``."""
    for node in () if place is None else file.around(place):
        if isinstance(node, ast.Call) and file.source(node.func) in NAMING and node.args and is_name(
                node.args[0], name) and file.span(node.args[0]) == place:
            fit = f'"{name}"'
            return Slip(message=f"{name} is not defined", span=place, hint=f"a new name stands in quotes: write {fit}",
                        fix=Fix(span=place, text=fit, says=fit, unsafe=True) if place is not None else None)
    return None


def _declared(name: str, maker: str) -> str:
    """A declaration that is read: under another name where the language, or what it prints, has this one."""
    try:
        check_names((Policy(name),))
    except InvalidChain as taken:
        free = re.search(r"such as (\S+)\.$", str(taken))
        return f'{name} = {maker}("{free[1] if free else name}") declares'
    return f'{name} = {maker}("{name}") declares'


def _is_called(file: FileTree, place: Span | None, name: str) -> str:
    """"on a state" for name(a | s), "on a trajectory" for name(tau), "otherwise" for another call; "" for no call."""
    for node in () if place is None else file.around(place):
        if isinstance(node, ast.Call) and is_name(node.func, name) and file.span(node.func) == place:
            first = node.args[0] if node.args else None
            if first is not None and is_name(first, "tau") and len(node.args) == 1:
                return "on a trajectory"
            return "on a state" if isinstance(first, ast.BinOp) and isinstance(first.op, ast.BitOr) else "otherwise"
    return ""


def _is_a_policy(file: FileTree, place: Span | None, name: str) -> bool:
    """Whether a name stands there where a policy belongs: in ``covers(b, pi)``, ``kl(pi, b, s)``, ``policy=b``."""
    for node in () if place is None else file.around(place):
        if isinstance(node, ast.Call):
            first = _POLICIES.get(file.source(node.func), 0)
            policies = [*node.args[:first], *(one.value for one in node.keywords if one.arg == "policy")]
            if any(is_name(one, name) and file.span(one) == place for one in policies):
                return True
    return False


def _is_a_number(file: FileTree, place: Span | None, name: str) -> bool:
    """Whether a name is an operand of arithmetic there, other than in a time in brackets."""
    nodes = [] if place is None else list(file.around(place))
    times = {id(inner) for node in nodes if isinstance(node, ast.Subscript) for inner in ast.walk(node.slice)}
    operands = [one for node in nodes if isinstance(node, ast.BinOp)
                for one in ((node.left, node.right) if isinstance(node.op, _ARITHMETIC) else
                            (node.left,) if isinstance(node.op, ast.Pow) else ())]
    operands += [one for node in nodes if isinstance(node, ast.Call) and is_name(node.func, "ratio")
                 for one in node.args]
    return any(is_name(one, name) and file.span(one) == place and id(one) not in times for one in operands)


def _is_a_limit(file: FileTree, place: Span | None, name: str) -> bool:
    """Whether a name is the start or the stop of a sum there."""
    return place is not None and any(
        isinstance(node, ast.keyword) and node.arg in ("start", "stop") and is_name(node.value, name)
        and file.span(node.value) == place for node in file.around(place))


def is_an_index(name: str, file: FileTree) -> bool:
    """Whether a sum runs over the name somewhere, or it stands in brackets by itself."""
    return any((isinstance(node, ast.Call) and node.args and is_name(node.args[0], name))
               or (isinstance(node, ast.Subscript) and is_name(node.slice, name)) for node in ast.walk(file.tree))


def _counted(name: str, file: FileTree) -> str:
    """What a page calls N, and T, where no sum of this file runs over it."""
    if is_an_index(name, file):
        return ""
    below = [node.right if isinstance(node, ast.BinOp) else node.args[1] for node in ast.walk(file.tree)
             if (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
             or (isinstance(node, ast.Call) and is_name(node.func, "ratio") and len(node.args) == 2)]
    divides = any(is_name(one, name) for one in below)
    if name in SIZES and (divides or "samples" in file.text):
        return "the number of samples is written m"
    return "the time of the last decision is written H" if name == "T" else ""


def letter(name: str, file: FileTree) -> str:
    """What declares an index letter, by what it is used for."""
    kind = "Time"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and node.args and is_name(node.args[0], name) and isinstance(node.func, ast.Name):
            kind = BINDERS.get(node.func.id, kind)
        elif isinstance(node, ast.Subscript) and is_name(node.slice, name):
            samples = isinstance(node.value, ast.Name) and node.value.id == "samples"
            return f'{name} = {"Draw" if samples else "Time"}("{name}") declares the letter'
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            if is_name(node.left, name):
                kind = "Action"
            elif is_name(node.right, name):
                kind = "State"
    return f'{name} = {kind}("{name}") declares the letter'



def _close(name: str, known: Sequence[str]) -> str | None:
    folded = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), list(folded), 1, 0.7)
    return folded[near[0]] if near else None


def meant(name: str, known: Sequence[str]) -> str:
    near = _close(name, known)
    return f"did you mean {near}?" if near else "derive.__all__ lists what a proof may import"


def replaced(name: str, place: Span | None) -> Fix | None:
    near = _close(name, derive.__all__)
    return Fix(span=place, text=near, unsafe=True, says=f"{name}: {near}") if near and place is not None else None
