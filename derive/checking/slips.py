"""Errors of Python in a proof, in the words of its language: what was written, and what to write instead.

Works on the exception and on the syntax tree of the file; executes nothing.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import derive  # its names only
from derive.checking.file_tree import FileTree, parsed
from derive.checking.foreign_words import SCALARS, WORDS
from derive.checking.proof_files import bundled
from derive.diagnostics import Fix, Span
from derive.errors import DeriveError, InvalidChain, said

SORTS = {"State": "y z", "Action": "c d", "Time": "j l n", "Draw": "j l n"}
"""Letters that a textbook uses beside the ones there are, and what makes them."""
INDEXED = {"expect": "tau", "variance": "tau", "total": "t", "prod": "t", "mean": "i"}
"""What runs over an index, and the one that it most often is."""
BINDERS = {"mean": "Draw", "Draw": "Draw"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A mistake that is known: what it is, what to do, and where, if that is better known than before."""

    message: str = ""
    hint: str = ""
    span: Span | None = None
    fix: Fix | None = None


def slip(error: BaseException, text: str, span: Span | None) -> Slip | None:
    """What an error in a file of this text, raised by the expression at ``span``, means in the words of a proof."""
    file = parsed(text)
    if file is None:
        return None
    match error:
        case NameError():
            return _name(error, file, span)
        case ImportError():
            return _import(error, file)
        case AttributeError():
            return _attribute(error, file, span)
        case InvalidChain():
            return _chain(error, file, span)
        case DeriveError() if (foreign := _foreign(error, file, span)) is not None:
            return foreign
        case TypeError():
            return _call(error, file, span)
    return None


# -- names -----------------------------------------------------------------------------------------


def _name(error: NameError, file: FileTree, span: Span | None) -> Slip:
    name = error.name or ""
    place = next((file.span(node) for node in file.at(span, ast.Name) if _is(node, name)), span)
    message = f"{name} is not defined"
    if name in derive.__all__:
        return Slip(message=message, span=place, hint=f"from derive import {name}")
    if name == "theta":
        return Slip(message=message, span=place,
                    hint="theta is not written: pi(a | s) depends on it, and grad(f) is the gradient in it")
    if name.startswith("definition_of_"):
        return Slip(message=message, span=place, hint="definitions are reasons by what they define: by(definition(J))")
    if name in WORDS:
        return Slip(message=message, span=place, hint=WORDS[name])
    if (along := re.fullmatch(r"([sa])_(\w+)", name)) is not None:
        time = along[2] if along[2].isdigit() or len(along[2]) == 1 else "t"
        return Slip(message=message, span=place, hint=f"along a trajectory write tau.{along[1]}[{time}]")
    if conditioned := _is_called(file, place, name):
        if conditioned == "on a state":
            return Slip(message=message, span=place, hint=f'{name} = Policy("{name}") declares a policy')
        if _close(name, derive.__all__) is None:
            return Slip(message=message, span=place, hint=f'{name} = function("{name}") declares a free function')
    elif name in SCALARS:
        return Slip(message=message, span=place, hint=f'{name} = scalar("{SCALARS[name]}") declares the number')
    elif len(name) == 1 and name.isalpha():
        return Slip(message=message, span=place, hint=_letter(name, file))
    return Slip(message=message, span=place, hint=_meant(name, derive.__all__), fix=_replaced(name, place))


def _is_called(file: FileTree, place: Span | None, name: str) -> str:
    """"on a state" for name(a | s), "otherwise" for another call; "" for a name that is not called there."""
    for node in () if place is None else file.around(place):
        if isinstance(node, ast.Call) and _is(node.func, name) and file.span(node.func) == place:
            first = node.args[0] if node.args else None
            return "on a state" if isinstance(first, ast.BinOp) and isinstance(first.op, ast.BitOr) else "otherwise"
    return ""


def _letter(name: str, file: FileTree) -> str:
    """What declares an index letter, by what it is used for."""
    kind = "Time"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and node.args and _is(node.args[0], name) and isinstance(node.func, ast.Name):
            kind = BINDERS.get(node.func.id, kind)
        elif isinstance(node, ast.Subscript) and _is(node.slice, name):
            samples = isinstance(node.value, ast.Name) and node.value.id == "samples"
            return f'{name} = {"Draw" if samples else "Time"}("{name}") declares the letter'
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            if _is(node.left, name):
                kind = "Action"
            elif _is(node.right, name):
                kind = "State"
    return f'{name} = {kind}("{name}") declares the letter'


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _close(name: str, known: Sequence[str]) -> str | None:
    folded = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), list(folded), 1, 0.7)
    return folded[near[0]] if near else None


def _meant(name: str, known: Sequence[str]) -> str:
    near = _close(name, known)
    return f"did you mean {near}?" if near else "derive.__all__ lists what a proof may import"


def _replaced(name: str, place: Span | None) -> Fix | None:
    near = _close(name, derive.__all__)
    return Fix(span=place, text=near, unsafe=True, says=f"{name}: {near}") if near and place is not None else None


def _import(error: ImportError, file: FileTree) -> Slip | None:
    found = re.match(r"cannot import name '(\w+)' from '(derive[\w.]*)'", said(error))
    if found is None:
        if error.name and "._derive_" not in f".{error.name}":
            return None
        return Slip(message="this import asks for a file that is not beside this one",
                    hint="a proof imports lemmas from files of its own folder: from .lemmas import mine; "
                         "and bundled ones: from derive.proofs.policy_gradient import policy_gradient")
    name = found[1]
    place = next((file.span(alias) for node in ast.walk(file.tree) if isinstance(node, ast.ImportFrom)
                  for alias in node.names if alias.name == name), None)
    if name in WORDS:
        return Slip(message=f"derive has no {name}", span=place, hint=WORDS[name])
    if (bundled() / f"{name}.py").is_file():
        return Slip(message=f"derive has no {name}", span=place,
                    hint=f"it is a bundled proof: from derive.proofs.{name} import {name}")
    return Slip(message=f"derive has no {name}", span=place, hint=_meant(name, derive.__all__),
                fix=_replaced(name, place))


def _attribute(error: AttributeError, file: FileTree, span: Span | None) -> Slip | None:
    name = error.name or ""
    node = next((node for node in file.at(span, ast.Attribute) if isinstance(node, ast.Attribute)
                 and node.attr == name), None)
    if node is None or not type(error.obj).__module__.startswith("derive."):
        return None
    whole = file.source(node.value)
    if "Along" in type(error.obj).__name__ or hasattr(type(error.obj), "s"):
        near = "a" if name.startswith("a") else "s"
        return Slip(message=f"{whole} has no {name}", span=file.span(node),
                    hint=f"the states of a trajectory are {whole}.s[t], its actions {whole}.a[t]",
                    fix=Fix(span=file.span(node), text=f"{whole}.{near}", says=f"{whole}.{near}"))
    return Slip(message=f"{whole} has no {name}", span=file.span(node))


# -- calls -----------------------------------------------------------------------------------------


def _call(error: TypeError, file: FileTree, span: Span | None) -> Slip | None:
    if (found := _operator(error, file, span)) is not None:
        return found
    call = next((node for node in file.at(span, ast.Call) if isinstance(node, ast.Call)), None)
    if call is None:
        return None
    name, places = file.source(call.func), [file.source(argument) for argument in call.args]
    conditional = any(isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.BitOr) for argument in call.args)
    fit = ""
    if name == "P" and len(places) == 3:
        of_action = next((n for n, one in enumerate(places) if _is_action(one)), 2)
        before, after = (0, 2) if of_action == 1 else (1, 0)
        fit = f"P({places[after]} | {places[before]}, {places[of_action]})" if of_action else ""
    elif len(places) == 2 and (name == "pi" or "Policy" in said(error)):
        one, two = places if not _is_action(places[1]) or _is_action(places[0]) else places[::-1]
        fit = f"{name}({one} | {two})"
    if fit and not conditional:
        return Slip(message=f"{file.source(call)} is not how a conditional probability is written",
                    span=file.span(call), hint=f"write {fit}", fix=Fix(span=file.span(call), text=fit, says=fit))
    if name in INDEXED and len(places) == 1 and not call.keywords and not isinstance(call.args[0], ast.Name):
        return Slip(message=f"{name} has no index to run over", span=file.span(call),
                    hint=f"write {name}({INDEXED[name]}, {places[0]})")
    if name in derive.__all__ and "argument" in said(error):
        return Slip(message=f"{name} is not called so: {_in_words(said(error))}", span=file.span(call),
                    hint=f"its arguments are {_signature(name)}")
    return None


def _is_action(text: str) -> bool:
    """Whether a place is written as actions are: a, b', tau.a[t]."""
    return ".a[" in text or bool(re.fullmatch(r"[abcu]\d*'*", text))


def _operator(error: TypeError, file: FileTree, span: Span | None) -> Slip | None:
    """An operation that Python does not know between these: ``gamma^t``, ``pi(tau.a | tau.s)``, ``s[t]``."""
    for node in file.at(span, ast.BinOp):
        assert isinstance(node, ast.BinOp)
        left, right = file.source(node.left), file.source(node.right)
        if isinstance(node.op, ast.BitXor):
            return Slip(message=f"{file.source(node)} is no power", span=file.span(node),
                        hint=f"write {left}**{right}",
                        fix=Fix(span=file.span(node), text=f"{left}**{right}", says=f"{left}**{right}"))
        if isinstance(node.op, ast.BitOr) and "Along" in said(error):
            return Slip(message=f"{file.source(node)} has no time", span=file.span(node),
                        hint="write tau.a[t] | tau.s[t]")
    for node in file.at(span, ast.Call):
        assert isinstance(node, ast.Call)
        if _is(node.func, "sum"):  # Python's, which would go through an index
            return Slip(message="sum is Python's own", span=file.span(node.func), hint="write total(t, f)",
                        fix=Fix(span=file.span(node.func), text="total", says="total"))
    if "'function' object is not subscriptable" in said(error):
        return _brackets(file, span)
    if (along := _along(error, file, span)) is not None:
        return along
    found = re.match(r"'(State|Action)' object is not subscriptable", said(error))
    if found:
        letter = found[1][0].lower()
        return Slip(message=f"a letter for {'an action' if letter == 'a' else 'a state'} has no time", span=span,
                    hint=f"along a trajectory write tau.{letter}[t]")
    return None


def _along(error: TypeError, file: FileTree, span: Span | None) -> Slip | None:
    """``tau.s(t)`` and ``tau[t].s`` for tau.s[t]; a function with a time; NumPy's functions of terms."""
    fit, at, says = "", span, ""
    for node in file.at(span, ast.Call):
        assert isinstance(node, ast.Call)
        if "'Along' object is not callable" in said(error) and len(node.args) == 1:
            fit, at = f"{file.source(node.func)}[{file.source(node.args[0])}]", file.span(node)
            says = f"{file.source(node)} is no call: times stand in square brackets"
        elif "'Declared' object is not callable" in said(error):
            name = file.source(node.func)
            taken = f"the theorem {name} has taken the name that derive gives {name}: call it otherwise"
            return Slip(message=f"{name} is a theorem here", span=file.span(node.func),
                        hint=taken if name in derive.__all__ else f"a theorem is a reason: by({name})")
        elif "__array_ufunc__" in said(error) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            instead = f"write {name}(...), from derive import {name}" if name in derive.__all__ else ""
            return Slip(message=f"{file.source(node.func)} is a function of numbers, not of terms",
                        span=file.span(node.func), hint=instead or WORDS.get(name, ""))
    for one in () if span is None else file.around(span):
        if "'Trajectory' object is not subscriptable" in said(error) and isinstance(one, ast.Attribute) and (
                isinstance(inner := one.value, ast.Subscript)):
            fit, at = f"{file.source(inner.value)}.{one.attr}[{file.source(inner.slice)}]", file.span(one)
            says = "a trajectory has states and actions, and they have times"
    if "'Function' object is not subscriptable" in said(error):
        return Slip(message="a free function has no time", span=span,
                    hint="what depends on the time is a function of the history: f(tau.h[t])")
    return Slip(message=says, span=at, hint=f"write {fit}", fix=None if at is None else Fix(
        span=at, text=fit, says=fit)) if fit else None


def _brackets(file: FileTree, span: Span | None) -> Slip | None:
    """``r[t]``: a reward of a time, where rewards have places."""
    for node in file.at(span, ast.Subscript):
        assert isinstance(node, ast.Subscript)
        time = file.source(node.slice)
        if _is(node.value, "r"):
            fit = f"r(tau.s[{time}], tau.a[{time}], tau.s[{time} + 1])"
            return Slip(message=f"{file.source(node)} is no reward: it has no states and no action",
                        span=file.span(node), hint=f"write {fit}",
                        fix=Fix(span=file.span(node), text=fit, says=fit))
        if isinstance(node.value, ast.Name) and node.value.id in derive.__all__:
            name = node.value.id
            return Slip(message=f"{name} has no times", span=file.span(node),
                        hint=f"its arguments are {_signature(name)}")
    return None


def _foreign(error: DeriveError, file: FileTree, span: Span | None) -> Slip | None:
    """What the language refuses, where the word that was used says why."""
    if (taken := re.search(r"\btheorem (\w+)", said(error))) and taken[1] in derive.__all__:
        name = taken[1]
        return Slip(span=next((file.span(node) for node in file.at(span, ast.Name) if _is(node, name)), span),
                    hint=f"the theorem {name} has taken the name that derive gives {name}: call it otherwise")
    for node in file.at(span, ast.Call):
        assert isinstance(node, ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id in WORDS and node.func.id not in derive.__all__:
            return Slip(span=file.span(node), hint=f"{node.func.id}: {WORDS[node.func.id]}")
        for keyword in node.keywords:
            if keyword.arg == "policy" and isinstance(keyword.value, ast.Constant):
                label = file.source(keyword.value)
                return Slip(span=file.span(keyword.value), hint=f"write policy=Policy({label})")
        if "binds an index, got π" in said(error) and node.args:
            policy = file.source(node.args[0])
            return Slip(span=file.span(node.args[0]), hint=f"write expect(tau, ..., policy={policy})")
        if "is a truth value" in said(error) and any(isinstance(one, ast.Compare) for one in node.args):
            return Slip(span=file.span(node), hint="a claim is written calc(left, by(), right)")
    return None


def _in_words(text: str) -> str:
    """``takes 2 positional arguments but 3 were given``, without the name that Python has for it."""
    return re.sub(r"^it missing", "it lacks", re.sub(r"^[\w.]+\(\) ", "it ", text))


def _signature(name: str) -> str:
    try:
        found = inspect.signature(getattr(derive, name))
    except (TypeError, ValueError):
        return name
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in found.parameters.values()]
    return f"{name}{inspect.Signature(plain)}"


# -- chains ----------------------------------------------------------------------------------------


def _chain(error: InvalidChain, file: FileTree, span: Span | None) -> Slip | None:
    cause = error.__cause__
    if isinstance(cause, (NameError, ImportError, AttributeError, TypeError, DeriveError)) and not isinstance(
            cause, InvalidChain):
        return slip(cause, file.text, span)
    text = said(error)
    function = file.function(span.line) if span is not None else None
    if "returns None" in text and function is not None:
        return _forgotten_return(file, function)
    call = next((node for node in ast.walk(function or file.tree) if isinstance(node, ast.Call)
                 and isinstance(node.func, ast.Name) and node.func.id == "calc"), None)
    if call is not None and text.startswith("calc"):
        return _items(file, call)
    return None


def _forgotten_return(file: FileTree, function: ast.FunctionDef) -> Slip | None:
    for statement in function.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            place = file.span(statement)
            start = Span(line=place.line, column=place.column, end_line=place.line, end_column=place.column)
            head = Span(line=place.line, column=place.column, end_line=place.line, end_column=place.column + 4)
            return Slip(message=f"{function.name} returns nothing", span=head, hint="write return calc(...)",
                        fix=Fix(span=start, text="return ", says=f"{function.name}: return"))
    return Slip(message=f"{function.name} returns nothing", span=None, hint="end it with return calc(...)")


def _hole(file: FileTree, item: ast.expr) -> Fix:
    """A reason that says nothing yet, before a term, on a line of its own if the term has one."""
    place = file.span(item)
    before = file.text.split("\n")[place.line - 1][: place.column - 1]
    point = Span(line=place.line, column=place.column, end_line=place.line, end_column=place.column)
    return Fix(span=point, text="by(), " if before.strip() else f"by(),\n{before}", says="by()")


def _items(file: FileTree, call: ast.Call) -> Slip | None:
    """The item of a chain that stands where another belongs."""
    if any(isinstance(item, ast.Starred) for item in call.args):
        return None
    previous: bool | None = None
    for item in call.args:
        if isinstance(item, ast.Name) and item.id == "by":
            return Slip(message="by has no parentheses", span=file.span(item),
                        hint="write by(), or by(RULE) with a reason",
                        fix=Fix(span=file.span(item), text="by()", says="by()"))
        reason = isinstance(item, ast.Call) and isinstance(item.func, ast.Name) and item.func.id == "by"
        if previous is not None and reason == previous:
            what = "two reasons stand side by side" if reason else "no by(...) stands before this term"
            return Slip(message=what, span=file.span(item), fix=None if reason else _hole(file, item),
                        hint="a chain is term, by(...), term, by(...), term")
        if previous is None and reason:
            return Slip(message="a chain begins with a term", span=file.span(item))
        previous = reason
    if previous:
        return Slip(message="a chain ends with a term", span=file.span(call.args[-1]))
    return None
