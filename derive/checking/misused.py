"""Calls, operators and brackets of Python that a proof does not have, in the words of its language."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import replace
from difflib import get_close_matches

import derive  # its names only
from derive.checking.applied import applied
from derive.checking.exchanged import exchanged
from derive.checking.file_tree import FileTree
from derive.checking.foreign_words import WORDS
from derive.checking.slip import Slip, is_name
from derive.diagnostics import Fix, Span
from derive.errors import said
from derive.language.assumptions import Assumption
from derive.rules.decision import Decision, Relation
from derive.rules.rule import Rule

INDEXED = {"expect": "tau", "variance": "tau", "total": "t", "prod": "t", "mean": "i"}
"""What runs over an index, and the one that it most often is."""


def misused(error: TypeError, file: FileTree, span: Span | None) -> Slip | None:
    if (found := _operator(error, file, span) or applied(error, file, span)) is not None:
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
    elif len(places) == 1 and "is not a probability of an action" in said(error):
        fit = f"{name}({_conditional(places[0])})"
    if fit and not conditional:
        return Slip(message=f"{file.source(call)} is not how a conditional probability is written",
                    span=file.span(call), hint=f"write {fit}", fix=Fix(span=file.span(call), text=fit, says=fit))
    if name in INDEXED and len(places) == 1 and not call.keywords and not isinstance(call.args[0], ast.Name):
        body = call.args[0].body if isinstance(call.args[0], ast.Lambda) else call.args[0]
        return Slip(message=f"{name} has no index to run over", span=file.span(call),
                    hint=f"write {name}({INDEXED[name]}, {file.source(body)})")
    if name == "by" and len(places) > 1:
        return Slip(message="by(...) has one reason", span=file.span(call.args[1]),
                    hint=f"one reason a step: write by({places[0]}), the term that it gives, by({places[1]})")
    if "positional argument" in said(error) and (ordered := exchanged(file, call)) is not None:
        return ordered
    if name in derive.__all__ and "argument" in said(error):
        return _signed(name, error, file, call)
    return None


def _conditional(place: str) -> str:
    """An action, or a state, with what is missing beside it."""
    along = re.fullmatch(r"(\w+(?:\[\w+\])?)\.([as])\[(.+)\]", place)
    if along is not None:
        return f"{along[1]}.a[{along[3]}] | {along[1]}.s[{along[3]}]"
    return f"a | {place}" if re.fullmatch(r"[sxyz]\d*'*", place) else f"{place} | s"


def _signed(name: str, error: TypeError, file: FileTree, call: ast.Call) -> Slip:
    """A word of the language with arguments that it does not take, and those that it does."""
    says = f"{name} is not called so: {_in_words(said(error))}"
    unexpected = re.search(r"unexpected keyword argument '(\w+)'", said(error))
    keyword = next((one for one in call.keywords if unexpected and one.arg == unexpected[1]), None)
    if keyword is not None:
        known = [one.name for one in _parameters(name) if one.kind is inspect.Parameter.KEYWORD_ONLY]
        near = get_close_matches(str(keyword.arg), known, 1)
        place = file.span(keyword.value)
        start = max(1, place.column - len(f"{keyword.arg}=")) if place.line == keyword.lineno else place.column
        value = file.source(keyword.value)
        if near == ["assumes"] and not isinstance(keyword.value, (ast.List, ast.Tuple)):
            value = f"[{value}]"
        return Slip(message=says, span=replace(place, column=start),
                    hint=f"write {near[0]}={value}" if near else
                    f"its arguments are {signature(name)}")
    meant = re.search(r"; a (?:time stands in brackets|policy is named): (.+)\.$", said(error))
    return Slip(message=says, span=file.span(call),
                hint=f"write {meant[1]}" if meant else f"its arguments are {signature(name)}")


def _word(name: str) -> object:
    """What a name means in the language; None for another."""
    return getattr(derive, name) if name in derive.__all__ else None


def _is_letter(node: ast.AST) -> bool:
    """Whether a name is that of a notion, such as V."""
    return isinstance(node, ast.Name) and node.id in derive.__all__ and hasattr(getattr(derive, node.id), "usage")


def _is_action(text: str) -> bool:
    """Whether a place is written as actions are: a, b', tau.a[t]."""
    return ".a[" in text or bool(re.fullmatch(r"[abcu]\d*'*", text))


def _operator(error: TypeError, file: FileTree, span: Span | None) -> Slip | None:
    """An operation that Python does not know between these: ``gamma^t``, ``pi(tau.a | tau.s)``, ``s[t]``."""
    for node in file.at(span, ast.BinOp):
        assert isinstance(node, ast.BinOp)
        left, right = file.source(node.left), file.source(node.right)
        if isinstance(node.op, ast.MatMult) and " for @" in said(error):
            return Slip(message="there is no operator @ between terms", span=file.span(node), hint=(
                f"write inner({left}, {right}) for the scalar product, outer({left}, {right}) for the matrix"))
        if isinstance(node.op, ast.BitXor):
            return Slip(message=f"{file.source(node)} is no power", span=file.span(node),
                        hint=f"write {left}**{right}",
                        fix=Fix(span=file.span(node), text=f"{left}**{right}", says=f"{left}**{right}"))
        if "and 'Letter'" in said(error) or ": 'Letter' and" in said(error):
            notion = next((one for one in (node.left, node.right) if _is_letter(one)), None)
            if notion is not None:
                usage = getattr(derive, file.source(notion)).usage
                return Slip(message=f"{file.source(notion)} is not a term by itself; it is written {usage}",
                            span=file.span(notion))
        if isinstance(node.op, ast.BitOr) and "Along" in said(error):
            return Slip(message=f"{file.source(node)} has no time", span=file.span(node),
                        hint="write tau.a[t] | tau.s[t]")
    for node in file.at(span, ast.Call):
        assert isinstance(node, ast.Call)
        if is_name(node.func, "sum"):  # Python's, which would go through an index
            return Slip(message="sum is Python's own", span=file.span(node.func), hint="write total(t, f)",
                        fix=Fix(span=file.span(node.func), text="total", says="total"))
        if "object is not callable" in said(error) and not node.args and (
                isinstance(_word(file.source(node.func)), (Rule, Decision, Relation, Assumption))):
            fit = file.source(node.func)
            return Slip(message=f"{fit} is written without parentheses", span=file.span(node), hint=f"write {fit}",
                        fix=Fix(span=file.span(node), text=fit, says=fit))
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
        if is_name(node.value, "r"):
            fit = f"r(tau.s[{time}], tau.a[{time}], tau.s[{time} + 1])"
            return Slip(message=f"{file.source(node)} is no reward: it has no states and no action",
                        span=file.span(node), hint=f"write {fit}",
                        fix=Fix(span=file.span(node), text=fit, says=fit))
        if isinstance(node.value, ast.Name) and node.value.id in derive.__all__:
            name = node.value.id
            if name in ("definition", "grad", "log"):
                fit = f"{name}({time})"
                return Slip(message=f"{name} takes what it is of in parentheses", span=file.span(node),
                            hint=f"write {fit}", fix=Fix(span=file.span(node), text=fit, says=fit))
            return Slip(message=f"{name} has no times", span=file.span(node),
                        hint=f"its arguments are {signature(name)}")
    return None


def _in_words(text: str) -> str:
    """``takes 2 positional arguments but 3 were given``, without the name that Python has for it."""
    return re.sub(r"^it missing", "it lacks", re.sub(r"^[\w.]+\(\) ", "it ", text))


def _parameters(name: str) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(getattr(derive, name)).parameters.values())
    except (TypeError, ValueError):
        return []


def signature(name: str) -> str:
    """How a word is called, in the words of a proof: a class or a letter that is a default by its name."""
    word = getattr(derive, name)
    if usage := getattr(word, "usage", ""):
        return str(usage)
    names = {id(getattr(derive, one)): one for one in derive.__all__}
    parameters = _parameters(name)
    plain = [one.replace(annotation=one.empty, default=one.empty if one.default is one.empty else
                         _AsIs(names.get(id(one.default)) or getattr(one.default, "__name__", repr(one.default))))
             for one in parameters]
    return f"{name}{inspect.Signature(plain)}" if parameters else name


class _AsIs(str):
    """A default in a signature, which is shown by its representation."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
