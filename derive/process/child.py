"""The child's side of ``isolation``: a session of its own, its tasks, what came of each, and an end with its parent."""

from __future__ import annotations

import gc
import io
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from derive.process.interrupts import hear
from derive.process.limits import Limits, keep

PART, DONE, MEMORY, FAILED, PRINTED, DOING = "part", "done", "memory", "failed", "printed", "doing"
"""What a child sends, and how a task ends."""
FOLLOWER = "derive: ends with its parent"
"""The name of the thread that does so; it holds no lock."""




class _Printed(io.TextIOBase):
    """A standard stream of a child: sent to the parent, which knows where its own go."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection, self._name = connection, name
        self._terminal = _is_terminal(getattr(sys, name))

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"a text stream takes a str, not {type(text).__name__}")  # click tries what it is
        self._connection.send((PRINTED, (self._name, str(text))))
        return len(text)

    def doing(self, what: str) -> None:
        self._connection.send((DOING, what))


def doing(what: str) -> None:
    """Tell the parent what the command is at, which it says if the time runs out there."""
    if isinstance(sys.stderr, _Printed):
        sys.stderr.doing(what)


def _is_terminal(stream: Any) -> bool:
    with suppress(AttributeError, ValueError):
        return bool(stream.isatty())
    return False


def serve(work: Callable[[Any], Iterable[Any]], connection: Any, limits: Limits) -> None:
    """Wait for a task, do it, say what came of it, and end without looking back when there is no other."""
    _detach()
    _hear_interrupts()
    gc.freeze()  # what is shared with the parent is left as it is: to look through it would copy it
    out, told = _Printed(connection, "stderr"), DONE
    while told == DONE:
        try:
            task = connection.recv()
        except (EOFError, OSError):  # there is no task, or no other
            break
        sys.stdout = sys.stderr = out
        keep(limits)
        told = _told(work, task, connection)
    os._exit(0)


def _told(work: Callable[[Any], Iterable[Any]], task: Any, connection: Any) -> str:
    """How a task ended, which the parent is told too, after each part of its result."""
    try:
        for part in work(task):
            connection.send((PART, part))
        last = (DONE, "")
    except MemoryError:
        last = (MEMORY, "")
    except BaseException as error:
        last = (FAILED, "".join(traceback.format_exception(error)))
    with suppress(OSError, ValueError, MemoryError):
        connection.send(last)
    return last[0]


def _detach() -> None:
    """A session of its own, so that it is ended with all that it starts; nothing to read; gone with its parent."""
    if hasattr(os, "setsid"):
        with suppress(OSError):
            os.setsid()
        with suppress(OSError):
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.dup2(2, 1)  # what a program of the proof's own writes is no output of ours, which is sent
    threading.Thread(target=_follow_parent, name=FOLLOWER, daemon=True).start()


def _hear_interrupts() -> None:
    """Those from now on: one that was meant for the parent is forgotten."""
    if hasattr(signal, "pthread_sigmask"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, hear)


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        if hasattr(os, "killpg"):
            os.killpg(os.getpgid(0), signal.SIGKILL)
        os._exit(1)


def run(command: Callable[[], int], connection: Any, limits: Limits) -> None:
    """A command and its exit status, with its output sent as it comes."""
    _detach()
    keep(limits)
    sys.stdout, sys.stderr = _Printed(connection, "stdout"), _Printed(connection, "stderr")
    with suppress(OSError, ValueError):
        connection.send((DONE, command()))
    os._exit(0)
