"""Errors of Python in a proof, in the words of its language: what was written, and what to write instead.

Works on the exception and on the syntax tree of the file; executes nothing.
"""

from __future__ import annotations

import ast
import re

import derive  # its names only
from derive.checking.file_tree import FileTree, parsed
from derive.checking.hidden import hidden
from derive.checking.imported import not_imported
from derive.checking.misused import misused
from derive.checking.refused import as_two_terms, refused
from derive.checking.slip import Slip, is_name
from derive.checking.undefined import undefined
from derive.diagnostics import Fix, Span
from derive.errors import DeriveError, InvalidChain, said
from derive.rules.decision import Decision, Relation
from derive.rules.rule import Rule


def slip(error: BaseException, text: str, span: Span | None) -> Slip | None:
    """What an error in a file of this text, raised by the expression at ``span``, means in the words of a proof."""
    file = parsed(text)
    if file is None:
        return None
    if isinstance(error, (AttributeError, TypeError)) and (by := hidden(file, span)) is not None:
        return by  # errors of ours about terms are TypeErrors, too
    match error:
        case NameError():
            return undefined(error, file, span)
        case ImportError():
            return not_imported(error, file)
        case AttributeError():
            return _attribute(error, file, span)
        case InvalidChain():
            return _chain(error, file, span)
        case DeriveError() if (known := refused(error, file, span)) is not None:
            return known
        case TypeError():
            return misused(error, file, span)
    return None


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


# -- chains ----------------------------------------------------------------------------------------


def _chain(error: InvalidChain, file: FileTree, span: Span | None) -> Slip | None:
    cause = error.__cause__
    if isinstance(cause, (NameError, ImportError, AttributeError, TypeError, DeriveError)) and not isinstance(
            cause, InvalidChain):
        return slip(cause, file.text, span)
    if (known := refused(error, file, span)) is not None:
        return known
    text = said(error)
    function = file.function(span.line) if span is not None else None
    if "returns None" in text and function is not None:
        return _forgotten_return(file, function)
    if text.startswith("returns ") and function is not None:
        return _no_chain(file, function)
    call = next((node for node in ast.walk(function or file.tree) if isinstance(node, ast.Call)
                 and isinstance(node.func, ast.Name) and node.func.id == "calc"), None)
    if (lemma := re.match(r"calc: item \d+ is theorem (\w+), expected by", text)) is not None:
        place = next((file.span(node) for node in file.at(span, ast.Name) if is_name(node, lemma[1])), span)
        return Slip(message=f"{lemma[1]} is a theorem, and a reason stands in by(...)", span=place,
                    hint=f"write by({lemma[1]})",
                    fix=None if place is None else Fix(span=place, text=f"by({lemma[1]})", says=f"by({lemma[1]})"))
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


def _no_chain(file: FileTree, function: ast.FunctionDef) -> Slip | None:
    """What a theorem returns that is no chain: a term, or what Python has made of ``left == right``."""
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    if len(returned) != 1:
        return None
    (value,) = returned
    place = file.span(value)
    if isinstance(value, ast.Compare) and len(value.comparators) == 1 and isinstance(value.ops[0], ast.Eq):
        chain = f"calc({file.source(value.left)}, by(), {file.source(value.comparators[0])})"
        return Slip(message="== compares in Python, and claims nothing", span=place, hint=f"write return {chain}",
                    fix=Fix(span=place, text=chain, says=f"{function.name}: calc"))
    if isinstance(value, (ast.Tuple, ast.List)) and any(
            isinstance(one, ast.Call) and is_name(one.func, "by") for one in value.elts):
        chain = f"calc({', '.join(file.source(one) for one in value.elts)})"
        return Slip(message="a chain stands in calc(...)", span=place, hint=f"write return {chain}",
                    fix=Fix(span=place, text=chain, says=f"{function.name}: calc"))
    return Slip(span=place, hint="write return calc(term, by(reason), term)")


def _hole(file: FileTree, item: ast.expr) -> Fix:
    """A reason that says nothing yet, before a term, on a line of its own if the term has one."""
    place = file.span(item)
    before = file.text.split("\n")[place.line - 1][: place.column - 1]
    point = Span(line=place.line, column=place.column, end_line=place.line, end_column=place.column)
    return Fix(span=point, text="by(), " if before.strip() else f"by(),\n{before}", says="by()")


def _is_rule(item: ast.expr) -> bool:
    """Whether an item is written as a rule, the automata or a relation is: by its name, or as ``definition(J)``."""
    if isinstance(item, ast.Call):
        return is_name(item.func, "definition")
    known = getattr(derive, item.id, None) if isinstance(item, ast.Name) and item.id in derive.__all__ else None
    return isinstance(known, (Rule, Decision, Relation))


def _items(file: FileTree, call: ast.Call) -> Slip | None:
    """The item of a chain that stands where another belongs."""
    if any(isinstance(item, ast.Starred) for item in call.args):
        return None
    previous: bool | None = None
    if len(call.args) == 1 and isinstance(listed := call.args[0], (ast.List, ast.Tuple)):
        inside = ", ".join(file.source(one) for one in listed.elts)
        return Slip(message="the chain stands in brackets", span=file.span(listed),
                    hint="leave the brackets out: calc(term, by(...), term)",
                    fix=Fix(span=file.span(listed), text=inside, says="without brackets") if inside else None)
    for item in call.args:
        if (compared := as_two_terms(file, item)) is not None:
            return compared
        if _is_rule(item):
            fit = f"by({file.source(item)})"
            return Slip(message=f"{file.source(item)} is a reason, and stands in by(...)", span=file.span(item),
                        hint=f"write {fit}", fix=Fix(span=file.span(item), text=fit, says=fit))
        if isinstance(item, ast.Name) and item.id == "by":
            return Slip(message="by has no parentheses", span=file.span(item),
                        hint="write by(), or by(RULE) with a reason",
                        fix=Fix(span=file.span(item), text="by()", says="by()"))
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            fit = f"by({file.source(item)})"
            return Slip(message="a reason in words stands in by(...)", span=file.span(item), hint=f"write {fit}",
                        fix=Fix(span=file.span(item), text=fit, says=fit))
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
