"""What a file holds: its bytes on disk, or a text that is tried in its place and written nowhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.abc import SourceLoader
from pathlib import Path

_TEXTS: ContextVar[Mapping[Path, bytes] | None] = ContextVar("texts", default=None)


@contextmanager
def overlaid(file: Path, content: bytes) -> Iterator[None]:
    """Inside the block, ``file`` is read and executed as if it held ``content``."""
    token = _TEXTS.set({**(_TEXTS.get() or {}), file.resolve(): content})
    try:
        yield
    finally:
        _TEXTS.reset(token)


def tried(file: Path) -> bytes | None:
    """The text that is tried in the place of a file; None where the file itself counts."""
    texts = _TEXTS.get()
    return texts.get(file.resolve()) if texts else None


def content(file: Path, most: int = -1) -> bytes:
    """What a file holds, at most so many bytes of it.

    Raises:
        OSError: if it cannot be read.
    """
    text = tried(file)
    if text is not None:
        return text if most < 0 else text[:most]
    with file.open("rb") as opened:
        return opened.read(most)


class Tried(SourceLoader):
    """Executes a text in the place of a file; no bytecode of it is read or written."""

    def __init__(self, path: str, text: bytes) -> None:
        self._path, self._text = path, text

    def get_filename(self, fullname: str) -> str:
        return self._path

    def get_data(self, path: bytes | str) -> bytes:
        if str(path) != self._path:
            raise OSError("there is no bytecode")
        return self._text


@contextmanager
def without_bytecode() -> Iterator[None]:
    """What is imported in the block leaves no bytecode, which the next run would take for that of an edited file.

    Python takes it for current by the second and the size of the file, and 2 is as long as 1.
    """
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
