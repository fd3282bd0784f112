"""Runs in child processes, within a budget of time and memory, so that nothing can hang or swap.

This module imports nothing large: a child's peak memory is counted from its parent's.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

SHARE, START = 10, 120
"""A child that does not stop itself is killed after this many times its budget and this many seconds by the clock."""

OUT_OF_MEMORY = ("MemoryError", "bad_alloc", "nable to allocate memory", "out of memory", "annot allocate memory")


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may take; the seconds are of processor time, which other programs do not lengthen much."""

    seconds: int
    megabytes: int

    def __str__(self) -> str:
        return f"{self.seconds} s of processor time and {self.megabytes} MB"


@dataclass(frozen=True, slots=True)
class Run:
    """A right answer: its seconds without imports, and the peak of its process in MB."""

    seconds: float
    peak: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run that went beyond its budget of ``why``: time or memory."""

    why: str


def environment() -> dict[str, str]:
    """The environment of a child: it imports this checkout."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}


def limited(budget: Budget) -> None:
    """In a child, from now on: the system ends it when its time is over, and refuses it more memory."""
    size = budget.megabytes * 1024**2
    with suppress(ValueError):  # systems that cannot limit the address space
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, budget.seconds)


def megabytes(maximum: int) -> float:
    """``ru_maxrss`` in MB; it counts bytes on macOS, kilobytes elsewhere."""
    return maximum / 1024 ** (2 if sys.platform == "darwin" else 1)


def own_peak() -> float:
    """The peak of this process in MB."""
    return megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def answered(arguments: Sequence[str], budget: Budget) -> Run | Stopped:
    """One run of a Python program of this folder that calls ``limited`` and prints a ``Run``.

    Raises:
        SystemExit: if it fails for another reason than its budget, with what it wrote.
    """
    command = [sys.executable, *arguments, str(budget.seconds), str(budget.megabytes)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(), cwd=HERE,
                              timeout=SHARE * budget.seconds + START)
    except subprocess.TimeoutExpired:
        return Stopped("time")
    if done.returncode == -signal.SIGPROF:
        return Stopped("time")
    written = done.stdout + done.stderr  # FLINT complains on the one, Python on the other
    if done.returncode and any(sign in written for sign in OUT_OF_MEMORY):
        return Stopped("memory")
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: status {done.returncode}\n{written}")
    return Run(**json.loads(done.stdout))


def status_and_peak(arguments: Sequence[str], *, quiet: bool) -> tuple[int, float]:
    """The exit status of a Python program of this folder and the peak of its process in MB."""
    sys.stdout.flush()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL if quiet else None,
                               env=environment(), cwd=HERE)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, megabytes(usage.ru_maxrss)
