"""``derive check --watch``: the files are checked again whenever one of them, or a Python file beside one, changes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from derive.diagnostics import visible
from derive.errors import BadInput
from derive.files.folders import Walk

SECONDS = 0.5
"""Between two looks at the files."""

Stamps = dict[Path, tuple[int, int]]
"""When a file was changed, in nanoseconds, and its size."""


def watched(paths: Sequence[Path], exclude: tuple[str, ...], check: Callable[[], int], *, seconds: float = SECONDS,
            wait: Callable[[float], None] = time.sleep) -> int:
    """Check now, and after every change, until interrupted; the status of the last check that came to its end.

    Raises:
        BadInput: if there is nothing to watch; what else a check raises, if it is the first.
    """
    if not any(path.exists() for path in paths):
        raise BadInput(f"{', '.join(map(str, paths))}: no such file or folder, so there is nothing to watch.")
    known = stamps(paths, exclude)
    status = check()
    sys.stderr.write("watching; Ctrl-C ends\n")
    try:
        while True:
            wait(seconds)
            now = stamps(paths, exclude)
            if now == known:
                continue
            wait(seconds)  # an editor may still be writing
            sys.stderr.write(f"changed: {_changed(known, now)}\n")
            known = stamps(paths, exclude)
            status = check()
    except KeyboardInterrupt:
        return status


def _changed(old: Stamps, new: Stamps) -> str:
    names = sorted(visible(path) for path in {*old, *new} if old.get(path) != new.get(path))
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")


def stamps(paths: Iterable[Path], exclude: tuple[str, ...]) -> Stamps:
    """The Python files of folders, and those beside a file, as they are now."""
    found: Stamps = {}
    for path in paths:
        for file in _files(path, exclude):
            try:
                state = file.stat()
            except OSError:  # gone since it was listed
                continue
            found[file] = (state.st_mtime_ns, state.st_size)
    return found


def _files(path: Path, exclude: tuple[str, ...]) -> Iterator[Path]:
    if path.is_dir():
        yield from Walk(path, exclude).python_files()
        return
    yield path
    try:
        yield from path.parent.glob("*.py")
    except OSError:
        return
