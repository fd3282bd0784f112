"""How a derivation is written: ``theorem``, ``calc`` and ``by``. No meaning here.

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
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from types import FrameType
from typing import Any

from sympy import Expr

from derive.assumptions import Assumption
from derive.errors import InvalidChain, MalformedTerm
from derive.language.expression import as_term
from derive.language.typing import admit, check_functions
from derive.rules.decision import Decision
from derive.rules.rule import Rule
from derive.verdict import CODES, Proved, Verdict


@dataclass(frozen=True, slots=True)
class By:
    """A reason, the label of the line it leads to, the verdict it expects, and its place."""

    reason: Rule | Decision | Theorem | str | None
    tag: str | None
    expect: str
    line: int
    column: int = 0


def by(reason: Any = None, *, tag: str | None = None, expect: type[Verdict] = Proved) -> By:
    """The reason of a step: a rule, ``automata``, a theorem, words, or nothing (a hole).

    ``tag`` is the label of the line that the step leads to; ``expect`` the verdict that
    the author declares, for derivations that are wrong on purpose.

    Raises:
        InvalidChain: if the reason is something else.
    """
    if not (reason is None or isinstance(reason, (Rule, Decision, Theorem, str))):
        raise InvalidChain(
            f"by({reason!r}): a reason is a rule, automata, a theorem, words in quotes, or nothing. "
            "Rules are imported from derive; definitions are written definition(J).")
    if not (isinstance(expect, type) and issubclass(expect, Verdict) and expect.code):
        raise InvalidChain(f"by(expect={expect!r}): expected one of {', '.join(c.__name__ for c in CODES.values())}.")
    return By(reason, tag, expect.code, *_place(sys._getframe(1)))


def _place(frame: FrameType) -> tuple[int, int]:
    """The line and column (from 1) of the call that a frame is executing."""
    positions = list(frame.f_code.co_positions())
    line, _, column, _ = positions[frame.f_lasti // 2]
    return line or frame.f_lineno, (column or 0) + 1


@dataclass(frozen=True, slots=True)
class Chain:
    """term, by, term, by, ..., term."""

    terms: tuple[Expr, ...]
    reasons: tuple[By, ...]


def calc(*items: Any) -> Chain:
    """A chain of equalities: ``calc(term, by(reason), term, by(reason), term)``.

    Raises:
        InvalidChain: if terms and reasons do not alternate, or there is no step.
    """
    if len(items) < 3 or len(items) % 2 == 0:
        raise InvalidChain(f"calc needs term, by(...), term, by(...), term; got {len(items)} items.")
    for place, item in enumerate(items):
        if isinstance(item, By) != bool(place % 2):
            expected = "by(...)" if place % 2 else "a term"
            raise InvalidChain(f"calc: item {place + 1} is {item}, expected {expected}.")
    terms = tuple(admit(as_term(item)) for item in items[::2])
    try:
        check_functions(terms)
    except MalformedTerm as malformed:
        raise InvalidChain(f"calc: {malformed}") from None
    return Chain(terms, tuple(items[1::2]))


@dataclass(frozen=True)
class Theorem:
    """A named chain under assumptions; it is also a reason for steps of other chains."""

    title: str
    assumes: tuple[Assumption, ...]
    build: Callable[[], Chain]

    @property
    def name(self) -> str:
        """The name of the Python function."""
        return self.build.__name__

    @property
    def file(self) -> str:
        """The file that defines it."""
        return self.build.__code__.co_filename

    @property
    def line(self) -> int:
        """The line where it starts."""
        return self.build.__code__.co_firstlineno

    @property
    def docstring(self) -> str:
        """The statement in words: of the function, or of the proof file."""
        return (self.build.__doc__ or self.build.__globals__.get("__doc__") or "").strip()

    @cached_property
    def chain(self) -> Chain:
        """The chain, built once."""
        chain = self.build()
        if not isinstance(chain, Chain):
            raise InvalidChain(f"theorem {self.name!r} returns {chain!r}, expected calc(...).")
        return chain

    @property
    def claim(self) -> str:
        """What the chain claims end to end: its first and last term."""
        return f"{self.chain.terms[0]} = {self.chain.terms[-1]}"

    def __str__(self) -> str:
        return self.title


def theorem(title: str, *, assumes: Iterable[Assumption] = ()) -> Callable[[Callable[[], Chain]], Theorem]:
    """Declare a theorem: ``@theorem("name", assumes=[possible(tau)])`` over a function that returns ``calc(...)``."""
    declared = tuple(assumes)
    for assumption in declared:
        if not isinstance(assumption, Assumption):
            raise InvalidChain(f"theorem {title!r} assumes {assumption!r}, which is not an assumption.")

    def declare(build: Callable[[], Chain]) -> Theorem:
        return Theorem(title, declared, build)

    return declare
