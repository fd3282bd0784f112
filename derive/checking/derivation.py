"""How a derivation is written in Python: ``theorem``, ``calc`` and ``by``. No meaning here.

A proof file holds a docstring (statement, outline, source) and one ``@theorem`` whose
body is one ``calc``::

    @theorem("gradient of the trajectory probability", assumes=[possible(tau)])
    def gradient_of_probability():
        return calc(
            grad(P(tau)),
            by(multiply_by_one),
            ratio(P(tau), P(tau)) * grad(P(tau)),
            ...
        )

This file and ``derive.checking.proof_files``, which executes such files, are the Python front end:
nothing else looks at functions, frames or globals.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

from derive.checking.theorems import By, Chain, Theorem
from derive.checking.verdict import CODES, NotClaimed, Proportional, Proved, Verdict
from derive.diagnostics import Span
from derive.errors import DeriveError, InvalidChain, MalformedTerm, in_one_line, named, said
from derive.language.assumptions import CASE, FAMILIES, Assumption
from derive.language.expression import as_term
from derive.language.model_class import leave_times
from derive.language.names import check_names
from derive.language.typing import admit, check_functions
from derive.process.interrupts import interrupt_passes
from derive.rules.decision import Decision, Relation, proportional
from derive.rules.rule import Rule

# -- chains ----------------------------------------------------------------------------------------


def by(reason: Any = None, *, tag: str | None = None, expect: type[Verdict] = Proved) -> By:
    """The reason of a step: a rule, ``automata``, a theorem, words, or nothing (a hole).

    ``tag`` is the label of the line that the step leads to; ``expect`` the verdict that
    the author declares, for derivations that are wrong on purpose. ``approximately``, ``becomes`` and
    ``proportional`` claim no equality: the chain breaks there, and the last of them is checked for a factor.

    Raises:
        InvalidChain: if the reason is something else.
    """
    if not (reason is None or isinstance(reason, (Rule, Decision, Relation, Theorem, str))):
        raise InvalidChain(
            f"by({named(reason)}): a reason is a rule, automata, a theorem, words in quotes, or nothing. "
            "Rules are imported from derive; definitions are written definition(J).")
    if not (isinstance(expect, type) and issubclass(expect, Verdict) and expect.code):
        raise InvalidChain(f"by(expect={expect!r}): expected one of {', '.join(c.__name__ for c in CODES.values())}.")
    if isinstance(reason, Relation):
        if expect is not Proved:
            raise InvalidChain(f"by({reason}) claims no equality, so no verdict of one can be expected.")
        expect = Proportional if reason == proportional else NotClaimed
    if isinstance(reason, str):
        _check_words(reason, "by(...)", "a reason in words")
    if tag is not None:
        _check_words(tag, "by(tag=...)", "a label")
    return By(reason, tag, expect.code, *_place(sys._getframe(1)))


def _place(frame: FrameType) -> tuple[int, int]:
    """The line and column (from 1) of the call that a frame is executing."""
    positions = list(frame.f_code.co_positions())
    line, _, column, _ = positions[frame.f_lasti // 2]
    return line or frame.f_lineno, (column or 0) + 1


def _check_words(text: object, where: str, what: str) -> None:
    """A plain string that can be printed, stored, and sent to another process.

    Raises:
        InvalidChain: otherwise.
    """
    if type(text) is not str:
        raise InvalidChain(f"{where}: {what} is a string, not {in_one_line(text)}.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidChain(
            f"{where}: {text!r} holds half a character at place {error.start + 1}. Write the whole one.") from None


def calc(*items: Any) -> Chain:
    """A chain of equalities: ``calc(term, by(reason), term, by(reason), term)``.

    Raises:
        InvalidChain: if terms and reasons do not alternate, there is no step, or a name is none.
    """
    if len(items) < 3 or len(items) % 2 == 0:
        raise InvalidChain(f"calc needs term, by(...), term, by(...), term; got {len(items)} of them.")
    for place, item in enumerate(items):
        if isinstance(item, By) != bool(place % 2):
            expected = "by(...)" if place % 2 else "a term"
            raise InvalidChain(f"calc: item {place + 1} is {named(item)}, expected {expected}.")
    terms = tuple(admit(as_term(item)) for item in items[::2])
    check_names(terms)
    try:
        check_functions(terms)
    except MalformedTerm as malformed:
        raise InvalidChain(f"calc: {malformed}") from None
    return Chain(terms, tuple(items[1::2]))


# -- theorems --------------------------------------------------------------------------------------


class Declared(Theorem):
    """What ``@theorem(...)`` leaves in the place of a function: its chain is read when it is first asked for.

    Until then the body may name theorems further down, or in files that are still being imported.
    """

    _body: Callable[[], Any]
    _chain: Chain | InvalidChain | None

    def __init__(self, title: str, assumes: tuple[Assumption, ...], body: FunctionType) -> None:
        statement = body.__doc__ or body.__globals__.get("__doc__") or ""
        vars(self).update(
            title=title, assumes=assumes, name=body.__name__, file=body.__code__.co_filename,
            line=body.__code__.co_firstlineno, docstring=str(statement).strip(), _body=body, _chain=None)

    @property
    def names(self) -> Mapping[str, Any]:
        """What the names in the body stand for, as far as they are not local to it."""
        body = self._body
        assert isinstance(body, FunctionType)
        try:
            return {**body.__globals__, **inspect.getclosurevars(body).nonlocals}
        except ValueError:  # a cell that is still empty
            return body.__globals__

    @property
    def written(self) -> Chain | InvalidChain:
        """The chain, read once; or what is wrong with it, and where, which may change until the file is executed."""
        if self._chain is not None:
            return self._chain
        found: Chain | InvalidChain
        try:
            found = chain = self._body()
            if not isinstance(chain, Chain):
                raise InvalidChain(f"returns {named(chain)}, expected calc(...).")
        except BaseException as error:  # a proof file must not end the run; its user may
            interrupt_passes(error)
            found = self._wrong(error)
            if _LISTENER.get() is not None or _is_executed(self._body.__globals__, sys._getframe()):
                return found
        vars(self)["_chain"] = found
        return found

    def _wrong(self, error: BaseException) -> InvalidChain:
        line = line_of(error, self.file) or self.line
        wrong = InvalidChain(f"{self.file}:{line}: theorem {self.name}: {with_kind(error)}")
        wrong.__cause__ = error
        return wrong


def theorem(title: str, *, assumes: Iterable[Assumption] = ()) -> Callable[[Callable[[], Chain]], Theorem]:
    """Declare a theorem: ``@theorem("name", assumes=[possible(tau)])`` over a function that returns ``calc(...)``.

    Raises:
        InvalidChain: if the title is no string, an assumption is none, or what it decorates is no plain function.
    """
    call = _called(sys._getframe(1))  # before anything is refused: a refusal that a file swallows is no success
    if callable(title):
        raise InvalidChain('@theorem has no title. Write @theorem("the title") above the function.')
    _check_words(title, "theorem(...)", "a title")
    if not title.strip():
        raise InvalidChain('@theorem("") has no title. Write @theorem("the title") above the function.')
    if not isinstance(assumes, Iterable) or isinstance(assumes, (str, Assumption)):
        given = getattr(assumes, "__name__", assumes)  # a family without its arguments, too
        one = _usage(str(given)) if isinstance(given, (str, Assumption)) else in_one_line(given)
        raise InvalidChain(f"theorem {title!r}: assumes is a list. Write assumes=[{one}].")
    declared = tuple(assumes)
    for assumption in declared:
        if not isinstance(assumption, Assumption):
            raise InvalidChain(f"theorem {title!r} assumes {_no_assumption(assumption)}")
    if not leave_times(declared):
        cases = " and ".join(one.name for one in declared if one.kind == CASE)
        raise InvalidChain(f"theorem {title!r} assumes {cases}: no times are left, at any horizon.")

    def declare(build: Callable[[], Chain]) -> Theorem:
        _check_body(title, build)
        made = Declared(title, declared, build)  # type: ignore[arg-type]
        _note(Made(call, _module_executed(sys._getframe(1)), made))
        return made

    return declare


def _usage(name: str) -> str:
    """How an assumption of a name is written: with its arguments, if it has some."""
    written = ("possible(tau)", *FAMILIES)
    return next((one for one in written if one.partition("(")[0] == name), name)


def _no_assumption(given: object) -> str:
    """What stands among assumptions and is none, and what to write instead."""
    if type(given) is str:
        return f"{in_one_line(given)}, which is not an assumption. Write {_usage(given)} without quotes."
    name = getattr(given, "__name__", "")
    if callable(given) and _usage(name) != name:
        return f"{name}, which says nothing without its arguments. Write {_usage(name)}."
    if isinstance(given, bool):
        return (f"{given}, which is not an assumption: Python has compared already. A claim is about every horizon; "
                "horizon_at_least(n) is what may be assumed of H.")
    return f"{in_one_line(given)}, which is not an assumption. derive explain lists them."


def _check_body(title: str, body: object) -> None:
    """Raises InvalidChain unless the body is a function that returns when it is called."""
    if isinstance(body, FunctionType):
        waits = inspect.iscoroutinefunction(body) or inspect.isasyncgenfunction(body)
        if not waits and not inspect.isgeneratorfunction(body):
            asked = [one.name for one in inspect.signature(body, follow_wrapped=False).parameters.values()
                     if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
            if asked:
                name = body.__name__
                raise InvalidChain(f"theorem {title!r}: the function {name} takes {', '.join(asked)}. A theorem takes "
                                   f"nothing: write def {name}(), and declare its letters.")
            return
        what = "an async function" if waits else "a generator"
    else:
        what = f"a {type(body).__name__}"
    raise InvalidChain(
        f"theorem {title!r} decorates {what}. Write it above a plain function: def the_name(): return calc(...).")


# -- what happens while a file is executed ------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of ``theorem(...)``: the module that was being executed, and the place of the call."""

    module: str
    file: str
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A theorem that came of a call, and the module that was being executed."""

    call: Call
    module: str
    theorem: Theorem


Event = Call | Made

_LISTENER: ContextVar[list[Event] | None] = ContextVar("listener", default=None)


@contextmanager
def recorded() -> Iterator[list[Event]]:
    """Every call of ``theorem(...)`` and every theorem made inside the block, in order, imported files included."""
    events: list[Event] = []
    token = _LISTENER.set(events)
    try:
        yield events
    finally:
        _LISTENER.reset(token)


def _note(event: Event) -> None:
    listener = _LISTENER.get()
    if listener is not None:
        listener.append(event)


def _called(frame: FrameType) -> Call:
    call = Call(_module_executed(frame), frame.f_code.co_filename, frame.f_lineno)
    _note(call)
    return call


def _module_executed(frame: FrameType | None) -> str:
    """The innermost module whose top level is being executed; "" if there is none.

    A function of a helper file that is called from a proof's top level declares for the proof;
    an imported file declares for itself.
    """
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        module = sys.modules.get(name)
        if frame.f_code.co_name == "<module>" and module is not None and vars(module) is frame.f_globals:
            return name
        frame = frame.f_back
    return ""


def _is_executed(names: Mapping[str, Any], frame: FrameType | None) -> bool:
    """Whether the top level of the file with these names is being executed: some of them are still to come."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals is names:
            return True
        frame = frame.f_back
    return False


def line_of(error: BaseException, file: str, *, top: bool = False) -> int | None:
    """The line of the innermost frame of an error that lies in ``file``; or in its own ``top`` level."""
    line, trace, wanted = None, error.__traceback__, Path(file).resolve()
    while trace is not None:
        code = trace.tb_frame.f_code
        if Path(code.co_filename).resolve() == wanted and (not top or code.co_name == "<module>"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def span_of(error: BaseException, file: str) -> Span | None:
    """What the innermost frame of an error that lies in ``file`` was executing; columns are bytes, from 1."""
    span, trace, wanted = None, error.__traceback__, Path(file).resolve()
    while trace is not None:
        code = trace.tb_frame.f_code
        if Path(code.co_filename).resolve() == wanted:
            line, end_line, column, end_column = list(code.co_positions())[trace.tb_lasti // 2]
            line = line or trace.tb_lineno
            span = Span(line=line, column=(column or 0) + 1, end_line=end_line or line,
                        end_column=(end_column or 0) + 1)
        trace = trace.tb_next
    return span


def with_kind(error: BaseException) -> str:
    """The message; of an error that is not ours, with its kind."""
    return said(error) if isinstance(error, DeriveError) else f"{type(error).__name__}: {said(error)}"
