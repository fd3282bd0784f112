"""Interrupts from outside: told from those that a proof raises, and raised again where Python drops them.

What a finaliser, or a callback of the garbage collector, raises is written to stderr and forgotten; an interrupt is
raised wherever the main thread is, there too. Then a run of hours went on, after a traceback.
"""

from __future__ import annotations

import _thread
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer, current_thread, main_thread
from typing import Any

SOON = 0.02
"""Seconds after which it comes again; by then the callback is over."""


class Interrupt(KeyboardInterrupt):
    """What a signal raises where it is heard by ``hear``; ``raise KeyboardInterrupt`` in a proof is none."""


def hear(number: int, frame: Any) -> None:
    """The handler of SIGINT, in the place of Python's own."""
    raise Interrupt


def interrupt_passes(error: BaseException) -> None:
    """Raises ``KeyboardInterrupt`` if an exception is an interrupt of the user's, or was raised while one was handled.

    Where another handler is in force, every ``KeyboardInterrupt`` may be one.
    """
    if signal.getsignal(signal.SIGINT) is not hear:
        if isinstance(error, KeyboardInterrupt):
            raise error
        return
    seen, left = set[int](), [error]
    while left:
        one = left.pop()
        if isinstance(one, Interrupt):
            raise Interrupt from error
        seen.add(id(one))
        left += [each for each in (one.__context__, one.__cause__) if each is not None and id(each) not in seen]


@contextmanager
def heeded() -> Iterator[None]:
    """While this lasts, interrupts are told apart, and one that was dropped is raised again in the main thread."""
    replaced = (current_thread() is main_thread()
                and signal.getsignal(signal.SIGINT) is signal.default_int_handler)  # not one of another program
    if replaced:
        signal.signal(signal.SIGINT, hear)
    before = sys.unraisablehook

    def hook(dropped: Any) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            before(dropped)
            return
        again = Timer(SOON, _interrupt)
        again.daemon = True
        again.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
        if replaced:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt() -> None:
    if hasattr(signal, "pthread_kill") and (identity := main_thread().ident) is not None:
        signal.pthread_kill(identity, signal.SIGINT)  # which also ends a call that waits
    else:
        _thread.interrupt_main()
