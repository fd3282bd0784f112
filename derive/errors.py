"""Every exception of the package: what is wrong, the value, the place, the next move.

``DeriveError`` is the base; the command line prints its text and exits with status 2,
never with a traceback. A *verdict* about a derivation is not an exception (see
``derive.checking.verdict``).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from errno import ENOMEM
from typing import Any

NO_MEMORY = re.compile(r"(can't|cannot|failed to) allocate memory|can't start new thread", re.IGNORECASE)


class DeriveError(Exception):
    """The base of all errors that a user can cause."""


class NotATerm(DeriveError, TypeError):
    """A value that is no term was put where a term is expected."""


class NotExact(DeriveError, TypeError):
    """A float was put where exact arithmetic is promised."""


class MalformedTerm(DeriveError):
    """A term has no meaning: a wrong sort, rank or index. Carries the offending subterm, and what it stands in.

    ``nth`` counts the operands like it that stand before it there. A chain turns it into the verdict ``Malformed``.
    """

    def __init__(self, message: str, where: object = None, within: object = None, *, nth: int = 0) -> None:
        super().__init__(message)
        self.where, self.within, self.nth = where, within, nth


class OperationRefused(DeriveError, TypeError):
    """A SymPy operation that would capture an index or evaluate an inert term."""


class DoesNotMatch(DeriveError):
    """A rule was asked to justify a step that it does not justify; it would with more ``assumed``, if that is said."""

    def __init__(self, message: str, *, assumed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.assumed = assumed


class NotApplicable(DeriveError):
    """A term asks for an index that does not exist at this shape (``s[t-1]`` at t = 0)."""


class Undefined(DeriveError):
    """A term has no value at this model: a zero denominator, the log of zero."""


class OutsideFragment(DeriveError):
    """The exact kernel has no meaning for this subterm; the verdict is ``Undecided``."""


class WorkLimit(DeriveError):
    """An exact computation would exceed its budget of operations."""


class InvalidModel(DeriveError, ValueError):
    """The numbers given do not make a finite MDP."""


class InvalidChain(DeriveError):
    """A ``calc`` or ``theorem`` that is not of the form term, by, term, by, term."""


class RuleDisagrees(DeriveError):
    """A rule accepts a step that the kernel refutes: a defect of this package, never of the input."""


class KernelDisagrees(DeriveError):
    """Two exact procedures of this package give different answers: a defect of this package."""


class BadInput(DeriveError):
    """A file, folder or argument given on the command line cannot be used.

    Of a proof file it says in ``kind`` what it is ("unreadable", "not executed", "lost"), and where it is known,
    the file, the line and the theorem.
    """

    def __init__(self, message: str, *, kind: str = "unreadable", file: str = "", line: int | None = None,
                 theorem: str = "") -> None:
        super().__init__(message)
        self.kind, self.file, self.line, self.theorem = kind, file, line, theorem


def said(error: BaseException) -> str:
    """The message of any exception on one line that can be printed, whatever its ``__str__`` does."""
    nothing = "memory was not enough; --memory MB allows more" if isinstance(error, MemoryError) else "(no message)"
    return in_one_line(error, str) or nothing


def in_one_line(value: object, write: Callable[[Any], str] = repr) -> str:
    """A foreign value as text on one line that can be printed, whatever its own methods do."""
    try:
        text = " ".join(write(value).split())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a proof file must not end the run
        return f"(a {type(value).__name__} that cannot be shown: {type(error).__name__})"
    return text.encode(errors="backslashreplace").decode()


def named(value: object) -> str:
    """A value as a proof calls it: a function by its name, a word of ours as it is written, anything else as it is."""
    if is_ours(value) and isinstance(spoken := getattr(value, "spoken", None), str):
        return spoken
    name = getattr(value, "__name__", None)
    if callable(value) and isinstance(name, str):
        return in_one_line(name, str)
    return in_one_line(value, str if is_ours(value) else repr)


def is_ours(value: object) -> bool:
    """Whether a value is a word of the language, or made by one."""
    return any(str(getattr(one, "__module__", "")).startswith("derive.") for one in (value, type(value)))


def exhausted(error: BaseException) -> str:
    """What was not enough, in words, if an input has met a limit of Python's own; else empty."""
    if out_of_memory(error):
        return "memory was not enough"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, OverflowError):
        return "a number is too large"
    if isinstance(error, ValueError) and "integer string conversion" in said(error):
        return f"a number has more than {sys.get_int_max_str_digits():,} digits"
    return ""


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no more memory: Python's own, the system's, and those of PyTorch."""
    return (isinstance(error, MemoryError)
            or (isinstance(error, OSError) and error.errno == ENOMEM)
            or (isinstance(error, (RuntimeError, ImportError)) and NO_MEMORY.search(said(error)) is not None))


def memory_passes(error: BaseException) -> None:
    """Raises ``MemoryError`` if that is what a function under test has met: the limit is ours, not a fault of its."""
    if out_of_memory(error):
        raise MemoryError from error
