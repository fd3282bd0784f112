"""Work in child processes with limits: what one task does, or breaks, touches no other.

Children are forked after the parent's imports where that is safe, else by a server that has made the same imports and
has no threads, and started afresh where neither can be. Each does one task, sends what it finds as it finds it, and is
gone; one more than is working is kept ready, so that starting costs no time. Tasks of which it is known that they leave
nothing behind follow each other in one child: what they share is read, and copied, once. A child ends with its parent,
and with it whatever it has started.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from time import monotonic
from typing import Any

from derive.process.child import DOING, DONE, FOLLOWER, PART, PRINTED, run, serve
from derive.process.limits import GRACE, Limits

HEEDED = 5.0
"""Seconds within which a command ends that was interrupted."""
TIME, ENDED = "time", "ended"
MOST_IN_TURN = 64
"""Tasks that one child does: what they keep in memory is kept until its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a task sent before it ended, and how it ended: DONE, TIME, MEMORY, FAILED or ENDED, with the detail."""

    parts: tuple[Any, ...]
    ending: str
    detail: str = ""


@dataclass(slots=True)
class _Child:
    process: Any
    connection: Any
    tasks: int = 0
    deadline: float | None = None
    parts: list[Any] = field(default_factory=list)


def isolated(work: Callable[[Any], Iterable[Any]], tasks: Iterable[Any], *, jobs: int = 1,
             limits: Limits | None = None, harmless: Callable[[Any], bool] = lambda task: False) -> Iterator[Result]:
    """The results of ``work`` on every task, in order, with ``jobs`` children at work at a time.

    ``work`` yields its parts; what it prints goes to standard error. A child goes on to another task where both are
    ``harmless``: the first leaves nothing behind that the second could notice.
    """
    todo, allowed = list(tasks), limits or Limits()
    context = _context(_method())
    fresh, used = list[_Child](), list[_Child]()
    running: dict[int, _Child] = {}
    finished: dict[int, Result] = {}
    begun = told = 0
    try:
        while told < len(todo):
            while begun < len(todo) and len(running) < jobs:
                with _uninterrupted():
                    if used and harmless(todo[begun]):
                        child = used.pop()
                    else:
                        child = fresh.pop() if fresh else _started(context, work, allowed)
                    running[begun] = child
                _begin(child, todo[begun], allowed)
                begun += 1
            if begun < len(todo) and not fresh and not (used or harmless(todo[begun])):
                with _uninterrupted():
                    fresh.append(_started(context, work, allowed))
            for number, child, result in _heard(running):
                finished[number] = result
                if result.ending == DONE and child.tasks < MOST_IN_TURN and harmless(todo[number]):
                    used.append(child)
                else:
                    _end(child, wait=result.ending != DONE)
            while told in finished:
                yield finished.pop(told)
                told += 1
    finally:
        for child in (*running.values(), *fresh, *used):
            _end(child)


def in_child(command: Callable[[], int], limits: Limits | None = None) -> int | Result:
    """The exit status of a command that is run in a child, or how the child ended without one.

    ``limits`` are kept where a process can be forked safely; elsewhere the command is run in this one. What it prints
    is printed here, as it comes; an interrupt is passed on to it, and ends it if it goes on all the same: Python
    drops one that comes in a callback.
    """
    if _method() != "fork":
        return command()
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=run, args=(command, there, limits or Limits()))
    process.start()
    there.close()
    child = _Child(process, here)
    interrupted: float | None = None
    at = ""
    deadline = None if limits is None or limits.seconds is None else monotonic() + limits.seconds
    try:
        while True:
            try:
                if interrupted is not None and monotonic() - interrupted > HEEDED:
                    raise KeyboardInterrupt
                if deadline is not None and monotonic() > deadline:
                    return Result(parts=(), ending=TIME, detail=at)
                if not wait([here], timeout=1.0) and _has_ended(child):
                    return _gone(child)
                if wait([here], timeout=0):
                    kind, value = here.recv()
                    if kind == DONE:
                        return int(value)
                    if kind == DOING:
                        at = value
                        continue
                    stream = getattr(sys, value[0])
                    stream.write(value[1])
                    stream.flush()
            except EOFError:
                process.join(1)
                return _gone(child)
            except KeyboardInterrupt:
                if interrupted is not None:
                    raise
                interrupted = monotonic()
                with suppress(ProcessLookupError):
                    os.kill(process.pid or 0, signal.SIGINT)
    finally:
        _end(child)


def _method() -> str:
    """Forking copies one thread only, so it is safe where no other holds a lock; macOS frameworks do not bear it.

    The thread that waits for the parent's end holds none: so a child can have children as its parent has.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods() or sys.platform == "darwin":
        return "spawn"
    others = [one for one in threading.enumerate() if one.name != FOLLOWER]
    return "fork" if others == [threading.current_thread()] else "forkserver"


def _context(method: str) -> Any:
    context = multiprocessing.get_context(method)
    if method == "forkserver":  # it is asked before the server starts, and does nothing afterwards
        ours = [name for name in list(sys.modules) if name.partition(".")[0] == "derive"]
        context.set_forkserver_preload(["__main__", *ours])
    return context


# -- the parent's side -----------------------------------------------------------------------------


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """An interrupt waits for the end of the block: a child that nobody knows yet would never be ended, and waited for.

    What is started in it is deaf to interrupts until it has a session of its own (``serve``). The mask is that of
    one thread: where there are others, one of them gets the signal, and Python runs its handler in the main thread.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    held = list[int]()
    handler = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    if handler is not None:
        signal.signal(signal.SIGINT, lambda number, frame: held.append(number))
    try:
        yield
    finally:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if held:
            signal.raise_signal(signal.SIGINT)


def _started(context: Any, work: Callable[[Any], Iterable[Any]], limits: Limits) -> _Child:
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(work, there, limits), daemon=False)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()  # or the child would write it again
    process.start()
    there.close()
    return _Child(process, here)


def _begin(child: _Child, task: Any, limits: Limits) -> None:
    child.tasks += 1
    child.parts.clear()
    child.deadline = None if limits.seconds is None else monotonic() + limits.seconds
    with suppress(OSError):
        child.connection.send(task)


def _heard(running: dict[int, _Child]) -> list[tuple[int, _Child, Result]]:
    """Which tasks have ended since, of which children, and how; waits a while for something to happen."""
    deadlines = [child.deadline for child in running.values() if child.deadline is not None]
    room = max(0.0, min(deadlines) - monotonic()) if deadlines else 1.0
    ready = wait([child.connection for child in running.values()], timeout=min(room, 1.0))
    ended = []
    for number, child in list(running.items()):
        result = _received(child) if child.connection in ready else None
        if result is None and child.deadline is not None and monotonic() > child.deadline:
            result = Result(parts=tuple(child.parts), ending=TIME)
        if result is None and child.connection not in ready and _has_ended(child):
            result = _gone(child)
        if result is not None:
            ended.append((number, running.pop(number), result))
    return ended


def _received(child: _Child) -> Result | None:
    """The result, if what has come is the last of it."""
    try:
        kind, value = child.connection.recv()
    except Exception:  # the end of the pipe, or something that a proof wrote into it
        child.process.join(1)
        return _gone(child)
    if kind == PRINTED:
        with suppress(AttributeError, OSError, ValueError):
            sys.stderr.write(value[1])
        return None
    if kind == PART:
        child.parts.append(value)
        return None
    return Result(parts=tuple(child.parts), ending=kind, detail=value)


def _has_ended(child: _Child) -> bool:
    """Whether it is gone and has left nothing to read: what it sent last may have come since one last looked."""
    return child.process.exitcode is not None and not wait([child.connection], timeout=0)


def _gone(child: _Child) -> Result:
    code = child.process.exitcode
    if code == -getattr(signal, "SIGXCPU", 0):
        return Result(parts=tuple(child.parts), ending=TIME)
    if code is None:
        detail = "it closed its connection"
    elif code < 0:
        detail = f"it was ended by {_signal_name(-code)}"
        if code == -signal.SIGABRT:
            detail += ", as a library does that gets no more memory"
    else:
        detail = f"it ended itself with exit status {code}"
    return Result(parts=tuple(child.parts), ending=ENDED, detail=detail)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _end(child: _Child, *, wait: bool = True) -> None:
    """The child and all that it has started; one that is done goes by itself, and the next to be started finds it."""
    child.connection.close()
    process = child.process
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.exitcode is None:
        process.kill()
    if wait:
        process.join(GRACE)
