"""What the language refuses, at the argument that it refuses, with what to write there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import derive  # its names only
from derive.certificates.names import LONGEST
from derive.checking.exchanged import BINDERS, INDICES, exchanged
from derive.checking.file_tree import FileTree
from derive.checking.foreign_words import WORDS
from derive.checking.returning import gives_nothing
from derive.checking.slip import NAMING, Slip, is_name
from derive.diagnostics import Fix, Span
from derive.errors import DeriveError, named, said
from derive.language.assumptions import FAMILIES, VOCABULARY
from derive.language.terms import Discount, Objective, SampleSize

_PLAIN = {one.name for one in VOCABULARY}
_FAMILIES = {"possible", *(one.partition("(")[0] for one in FAMILIES)}


def refused(error: DeriveError, file: FileTree, span: Span | None) -> Slip | None:
    """What to write instead, where the word or the argument that was used says it."""
    text = said(error)
    if (taken := re.search(r"\btheorem (\w+)", text)) and taken[1] in derive.__all__:
        name = taken[1]
        return Slip(span=next((file.span(node) for node in file.at(span, ast.Name) if is_name(node, name)), span),
                    hint=f"the theorem {name} has taken the name that derive gives {name}: call it otherwise")
    if (found := re.match(r"(\w+)\(('.*?'|\".*?\")[,)]", text)) and found[1] in NAMING:
        return _name_taken(found[1], found[2], text, file, span)
    if re.match(r"theorem ('.*'|\".*\")(:)? assumes ", text):
        return _assumption(text, file, span)
    if text.startswith("an inequality on the term") and span is not None and any(
            isinstance(node, ast.keyword) and node.arg == "assumes" and node.lineno <= span.line <= (
                node.end_lineno or node.lineno) for node in file.around(span)):
        return Slip(hint="assumptions have names: discount_below_one, undiscounted, positive(c), below_one(c), "
                         "horizon_at_least(n), at_most(t, k); derive explain lists them")
    if taking := re.match(r"theorem .*: the function (\w+) takes ", text):
        return Slip(span=next((file.span(one.args.args[0]) for one in ast.walk(file.tree) if isinstance(
            one, ast.FunctionDef) and one.name == taking[1] and one.args.args), span))
    for node in file.at(span, ast.Call):
        assert isinstance(node, ast.Call)
        if (slip := _of_call(text, file, node)) is not None:
            return slip
    return None


def _of_call(text: str, file: FileTree, node: ast.Call) -> Slip | None:
    word = file.source(node.func)
    if word in WORDS and word not in derive.__all__:
        return Slip(span=file.span(node), hint=f"{word}: {WORDS[word]}")
    if text.startswith("evalf on the term") and word not in derive.__all__:
        name = word.rpartition(".")[2]
        instead = f"write {name}(...), from derive import {name}" if name in derive.__all__ else WORDS.get(name, "")
        return Slip(message=f"{word} is a function of numbers, not of terms", span=file.span(node.func),
                    hint=instead or "a term stands for its values at every model, and has none by itself")
    for keyword in node.keywords:
        if keyword.arg == "policy" and isinstance(keyword.value, ast.Constant):
            label = keyword.value.value
            fit = f"policy={label}" if label in ("pi", "pi_old") else f"policy=Policy({file.source(keyword.value)})"
            return Slip(message=f"{label!r} is text, and no policy", span=file.span(keyword.value), hint=f"write {fit}")
    limit = next((one.value for one in node.keywords if one.arg == "stop"), None)
    if limit is not None and ("stop=forever" in text or " (an Infinity) " in text):
        return Slip(span=file.span(limit), message="a sum without a last term has no number as its limit",
                    hint="write forever", fix=Fix(span=file.span(limit), text="forever", says="forever", unsafe=True))
    if (swapped := exchanged(file, node)) is not None:
        return swapped
    if word == "definition" and node.args and isinstance(of := node.args[0], ast.Constant) and (
            name := str(of.value)) in derive.__all__:
        return Slip(span=file.span(of), message=f"{name!r} is text, and no notion", hint=f"write definition({name})",
                    fix=Fix(span=file.span(of), text=name, says=f"definition({name})"))
    if text.startswith("None (a NoneType) is not a term") and (empty := gives_nothing(file, node)) is not None:
        return empty
    if (quoted := _quoted(text, node)) is not None:
        inside = str(quoted.value)
        return Slip(message=f"{quoted.value!r} is text, and no term", span=file.span(quoted),
                    hint=f"write {inside} without quotes",
                    fix=Fix(span=file.span(quoted), text=inside, says=inside, unsafe=True) if inside else None)
    if (function := next((one for one in _arguments(node) if isinstance(one, ast.Lambda)), None)) is not None:
        return Slip(span=file.span(function), hint=f"write the term itself: {file.source(function.body)}")
    listed = [one for one in _arguments(node) if isinstance(one, (ast.List, ast.Tuple, ast.Dict, ast.Set))]
    if re.search(r"\(a (list|tuple|dict|set)\) is not a term", text) and len(listed) == 1:
        return Slip(span=file.span(listed[0]), hint="a term is one formula; what is added or multiplied is written so")
    if (own := re.match(r"The sum or product over \w+ has (start|stop)=", text)) is not None and word in BINDERS:
        return Slip(span=file.span(next((one.value for one in node.keywords if one.arg == own[1]), node)))
    if " binds an index, got " in text and node.args and word in BINDERS:
        return _no_index(file, node, word)
    if "is a truth value" in text and any(isinstance(one, ast.Compare) for one in node.args):
        compared = next((found for one in node.args if (found := as_two_terms(file, one)) is not None), None)
        return compared if word == "calc" and compared is not None else Slip(
            span=file.span(node), hint="a claim is written calc(left, by(), right)")
    given = next((one.value for one in node.keywords if one.arg == "given"), None)
    if given is not None and (slip := _no_event(text, file, node, given)) is not None:
        return slip
    if word == "covers" and text.startswith("covers(") and len(node.args) == 2:
        one, two = (_policy(file, place) for place in node.args)
        if one == two:
            return Slip(span=file.span(node), hint=f'write covers(Policy("beta"), {two}), of a fixed policy')
        return Slip(span=file.span(node), hint=f"write covers({two}, {one})" if one == "pi" else
                    f"write covers({one}, {two}), where {one} is a fixed policy")
    return None


def _no_event(text: str, file: FileTree, node: ast.Call, given: ast.expr) -> Slip | None:
    """What is given of a mean and is no event: ``given=s``, ``given=[tau.s[t] == s]``."""
    listed = given.elts if isinstance(given, (ast.List, ast.Tuple)) else [given]
    for one in listed if "is a truth value" in text else ():
        if isinstance(one, ast.Compare) and len(one.ops) == 1 and isinstance(one.ops[0], ast.Eq):
            fit = f"same({file.source(one.left)}, {file.source(one.comparators[0])})"
            return Slip(span=file.span(one), message="== compares in Python, and is no event", hint=f"write {fit}",
                        fix=Fix(span=file.span(one), text=fit, says=fit))
    if not text.startswith("A mean is taken given events"):
        return None
    if isinstance(given, (ast.Tuple, ast.List)) and len(listed) == 2 and not any(
            isinstance(one, ast.Call) for one in listed):
        return Slip(span=file.span(given), message="a pair is no event",
                    hint=f"write given=[same({file.source(listed[0])}, {file.source(listed[1])})]")
    message, fit = "a mean over trajectories is taken given events", "same(tau.s[t], s), same(tau.a[t], a)"
    if isinstance(given, ast.Name) and node.args:
        times = {file.source(one.slice) for body in node.args[1:] for one in ast.walk(body)
                 if isinstance(one, ast.Subscript)}
        time = times.pop() if len(times) == 1 else "0"  # the time that the body speaks of, where it is one
        letter = "a" if re.fullmatch(r"[abcu]\d*", given.id) else "s"
        fit = f"same({file.source(node.args[0])}.{letter}[{time}], {given.id})"
    return Slip(span=file.span(given), message=message, hint=f"write given=[{fit}]")


def as_two_terms(file: FileTree, item: ast.expr) -> Slip | None:
    """``left == right`` among the items of a chain, which is two terms with a reason between."""
    if not (isinstance(item, ast.Compare) and len(item.ops) == 1 and isinstance(item.ops[0], ast.Eq)):
        return None
    fit = f"{file.source(item.left)}, by(), {file.source(item.comparators[0])}"
    return Slip(message="== compares in Python, and claims nothing", span=file.span(item), hint=f"write {fit}",
                fix=Fix(span=file.span(item), text=fit, says=fit))


def _arguments(node: ast.Call) -> Iterator[ast.expr]:
    yield from node.args
    yield from (keyword.value for keyword in node.keywords)


def _policy(file: FileTree, place: ast.expr) -> str:
    """A policy as it was written, or as it is made of its name in quotes."""
    written = file.source(place)
    return f"Policy({written})" if isinstance(place, ast.Constant) else written


def _quoted(text: str, node: ast.Call) -> ast.Constant | None:
    """The text that stands where a term belongs."""
    if " (a str) is not a term" not in text:
        return None
    return next((one for one in _arguments(node)
                 if isinstance(one, ast.Constant) and isinstance(one.value, str) and named(one.value) in text), None)


def _no_index(file: FileTree, node: ast.Call, word: str) -> Slip:
    """What stands in the place of the letter that a sum or a mean binds."""
    first, rest = node.args[0], ", ".join(file.source(one) for one in node.args[1:]) or "f"
    written = file.source(first)
    if isinstance(first, (ast.Tuple, ast.List)):
        inner = rest
        for letter in reversed([file.source(one) for one in first.elts]):
            inner = f"{word}({letter}, {inner})"
        return Slip(message=f"{word} runs over one index, and {written} is {len(first.elts)}", span=file.span(first),
                    hint=f"write {inner}")
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return Slip(message=f"{word} runs over a letter, and {written} is text", span=file.span(first),
                    hint=f"write {word}({first.value}, {rest})")
    if "pi" in written.lower() and word in ("expect", "variance"):
        return Slip(span=file.span(first), hint=f"write {word}(tau, ..., policy={written})")
    over = "tau" if word in ("expect", "variance") else "i" if word == "mean" else "t"
    return Slip(message=f"{word} runs over a letter, and {written} is none", span=file.span(first),
                hint=f"write {word}({over}, {rest})")


def _name_taken(maker: str, shown: str, text: str, file: FileTree, span: Span | None) -> Slip | None:
    """A name that is none, or has another meaning already, where it is given; ``shown`` is how it is printed."""
    scope = file.function(span.line) if span is not None else None
    for within in (scope, file.tree):
        for node in ast.walk(within) if within is not None else ():
            name = _name_given(node)
            if name is not None and shown in (repr(name), repr(f"{name[:LONGEST]}...")):
                assert isinstance(node, ast.Call)
                says = text.replace(f"{maker}(", f"{file.source(node.func)}(", 1)
                if _is_that(name, file.source(node.func)):  # of two next moves the one that keeps the meaning
                    return Slip(message=says.partition(" Give another")[0], span=file.span(node.args[0]),
                                hint=f"write {name}, from derive import {name}")
                return Slip(message=says, span=file.span(node.args[0]))
    return _made_name(maker, text, file, scope)


def _made_name(maker: str, text: str, file: FileTree, scope: ast.FunctionDef | None) -> Slip | None:
    """The one call whose name is made by Python, or is not given: ``scalar(f"{R(tau)}")``, ``Policy()``."""
    for within in (scope, file.tree):
        made = [node for node in ast.walk(within) if isinstance(node, ast.Call) and file.source(node.func) == maker
                and not (node.args and isinstance(node.args[0], ast.Constant))] if within is not None else []
        if len(made) == 1:
            (call,) = made
            return Slip(message=text if call.args else f"{maker}() has no name", span=file.span(call),
                        hint="" if call.args else f'write {maker}("b"), with a name of your own')
    return None


def _is_that(name: str, maker: str) -> bool:
    """Whether the language has under this name what was to be made: a number, a policy, an index."""
    known = getattr(derive, name, None) if name in derive.__all__ else None
    if maker == "scalar":
        return isinstance(known, (Discount, Objective, SampleSize))
    return maker in ("Policy", *INDICES) and type(known).__name__ == maker


def _name_given(node: ast.AST) -> str | None:
    """The name that a call such as ``function("b")`` gives; None for anything else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMING and node.args:
        first = node.args[0]
        return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
    return None


def _assumption(text: str, file: FileTree, span: Span | None) -> Slip | None:
    """The assumption that is none, inside of ``assumes=[...]``."""
    for node in file.at(span, ast.Call):
        assert isinstance(node, ast.Call)
        for keyword in node.keywords:
            if keyword.arg == "assumes":
                listed = keyword.value.elts if isinstance(keyword.value, (ast.List, ast.Tuple)) else []
                place = next((one for one in listed if not _is_assumption(one)), keyword.value)
                return Slip(span=file.span(place))
    return None


def _is_assumption(node: ast.expr) -> bool:
    """Whether it is written as an assumption is: a name of one, or a call of a family."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _FAMILIES
    return isinstance(node, ast.Name) and node.id in _PLAIN
