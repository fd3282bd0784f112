"""An interrupt that Python drops comes again.

What a finaliser, or a callback of the garbage collector, raises is written to stderr and forgotten; an interrupt is
raised wherever the main thread is, there too. Then a run of hours went on, after a traceback.
"""

from __future__ import annotations

import _thread
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer, main_thread
from typing import Any

SOON = 0.02
"""Seconds after which it comes again; by then the callback is over."""


@contextmanager
def heeded() -> Iterator[None]:
    """While this lasts, an interrupt that was dropped is raised again in the main thread."""
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


def _interrupt() -> None:
    if hasattr(signal, "pthread_kill") and (identity := main_thread().ident) is not None:
        signal.pthread_kill(identity, signal.SIGINT)  # which also ends a call that waits
    else:
        _thread.interrupt_main()
