"""The limits of one task: seconds by the clock, and memory, as far as the platform can keep them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from time import process_time
from typing import Any

GRACE = 5
"""Seconds of processor time beyond the limit, after which the system ends a child that its parent does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one task: seconds by the clock, and megabytes of memory of its own that it may write to; None for no limit."""

    seconds: float | None = None
    megabytes: int | None = None


def lacking(limits: Limits) -> str:
    """The limits that this platform cannot keep, in words; empty if it keeps all."""
    if limits.megabytes is not None and not _has_limits():
        return "--memory is not kept here: this system has no limit on the memory of a process"
    return ""


def _has_limits() -> bool:
    return sys.platform.startswith(("linux", "freebsd"))


def keep(limits: Limits) -> None:
    """Let the system hold this process to the limits of the task that it begins, as far as it can."""
    if not _has_limits():
        return
    import resource

    if limits.megabytes is not None:
        # of Linux what can be written to: libraries such as PyTorch map gigabytes of code that they never touch
        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        _lower(resource, kind, _at_hand() + limits.megabytes * 1_000_000)
    if limits.seconds is not None:
        # a second by the clock is one on each processor, and the clock itself is watched by the parent
        allowed = ceil(limits.seconds) * (os.cpu_count() or 1) + GRACE
        _lower(resource, resource.RLIMIT_CPU, ceil(process_time()) + allowed)


def _at_hand() -> int:
    """Bytes that this process has before its task begins, which a large parent, such as a session of tests, gave it."""
    field = 5 if sys.platform == "linux" else 0
    try:
        with open("/proc/self/statm", encoding="ascii") as pages:
            return int(pages.read().split()[field]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _lower(resource: Any, kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
