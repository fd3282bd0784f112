"""Standard output and error that can be anything: closed, full, gone, or of an encoding that lacks our signs."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from contextvars import ContextVar
from typing import Any, TextIO

from derive.diagnostics import NOT_CHECKED

READER_GONE = 141
"""The exit status of a program that writes into a pipe that nobody reads: 128 and SIGPIPE, as a shell has it."""


_OWN: ContextVar[Any] = ContextVar("own", default=None)


def own_output() -> Any:
    """Where a command writes what it has to say: standard output, also where what others print goes elsewhere."""
    kept = _OWN.get()
    return sys.stdout if kept is None else kept


@contextmanager
def prints_to_stderr() -> Iterator[None]:
    """Inside the block what a user's code prints goes to standard error, beside no output of ours."""
    token = _OWN.set(own_output())
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _OWN.reset(token)


class CannotWrite(Exception):
    """Standard output takes no more. No ``OSError``, for which click and rich have an exit status of their own."""

    def __init__(self, stream: _Guarded, number: int | None, why: str) -> None:
        super().__init__(why)
        self.stream, self.errno = stream, number

    @property
    def is_reader_gone(self) -> bool:
        """Whether nobody reads the pipe any more."""
        return self.errno == errno.EPIPE


class _Guarded(io.TextIOBase):
    """A stream whose failures are told apart from those of files; characters that it lacks are spelled out."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return getattr(self._stream, "errors", None)

    @property
    def buffer(self) -> Any:
        return self._given().buffer

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        return self._given().fileno()

    def write(self, text: str) -> int:
        try:
            return self._given().write(text)
        except UnicodeEncodeError:
            return self._given().write(text.encode(self.encoding, "backslashreplace").decode(self.encoding))
        except OSError as error:
            raise CannotWrite(self, error.errno, error.strerror or str(error)) from None

    def flush(self) -> None:
        try:
            if self._stream is not None:
                self._stream.flush()
        except (OSError, ValueError) as error:
            raise CannotWrite(self, getattr(error, "errno", None), str(error)) from None

    def abandon(self) -> None:
        """From now on what is written goes nowhere, what is in the buffer too."""
        with suppress(CannotWrite, AttributeError, OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)

    def _given(self) -> TextIO:
        if self._stream is None or self._stream.closed:
            raise CannotWrite(self, errno.EBADF, "it is closed")
        return self._stream


class _Error(_Guarded):
    """Standard error: what cannot be said there is not said, for there is nobody to tell."""

    def write(self, text: str) -> int:
        with suppress(CannotWrite):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(CannotWrite):
            super().flush()


def one_place() -> bool:
    """Whether both streams are read in one place: on a terminal, or where they go to one file or pipe (``2>&1``)."""
    with suppress(AttributeError, OSError, ValueError, CannotWrite):
        return (sys.stdout.isatty() and sys.stderr.isatty()) or os.path.sameopenfile(
            sys.stdout.fileno(), sys.stderr.fileno())
    return False


def write_bytes(content: bytes) -> None:
    """Bytes to standard output as they are; where it takes text only, as that.

    Raises:
        CannotWrite: if it takes no more.
    """
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:
        sys.stdout.write(content.decode(errors="replace"))
        return
    sys.stdout.flush()
    try:
        raw.write(content)
        raw.flush()
    except OSError as error:
        if isinstance(sys.stdout, _Guarded):
            raise CannotWrite(sys.stdout, error.errno, error.strerror or str(error)) from None
        raise


class Streams:
    """The two streams of a run."""

    def __init__(self, output: _Guarded) -> None:
        self._output = output

    def closed_with(self, status: int) -> int:
        """The exit status when everything has been said: what could not be written is not a success."""
        try:
            self._output.flush()
        except CannotWrite as error:
            return self.failed(error, status)
        return status

    def failed(self, error: CannotWrite, status: int = 0) -> int:
        """What a stream that takes no more makes of the exit status."""
        self._output.abandon()  # or Python would try once more when it ends
        if error.is_reader_gone:
            return READER_GONE
        sys.stderr.write(f"error: standard output cannot be written: {error}.\n")
        return max(status, NOT_CHECKED)


@contextmanager
def standard_streams() -> Iterator[Streams]:
    """``sys.stdout`` and ``sys.stderr`` guarded for the length of a run."""
    output, error = sys.stdout, sys.stderr
    guarded = _Guarded(output)
    sys.stdout, sys.stderr = guarded, _Error(error)
    try:
        yield Streams(guarded)
    finally:
        sys.stdout, sys.stderr = output, error
