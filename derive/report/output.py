"""Where text goes: a terminal, a pipe, or a file that is never half-written."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path

from rich.console import Console

from derive.errors import BadInput
from derive.process.streams import own_output

BEGINNING = 20_000
"""Bytes of a file in which its kind can be seen."""
IN_REPORTS, IN_CERTIFICATES = b"pdfcreator={derive", b'{"schema":'


@contextmanager
def console_for(output: Path | None) -> Iterator[Console]:
    """A console on the terminal, or one whose text is written to ``output`` at the end, or not at all.

    Raises:
        BadInput: if ``output`` cannot be written.
    """
    if output is None:
        width = shutil.get_terminal_size((100, 24)).columns
        yield Console(file=own_output(), width=max(40, width), highlight=False, markup=False, emoji=False)
        return
    check_target(output)
    text = StringIO()
    yield Console(file=text, width=100, highlight=False, markup=False, emoji=False, color_system=None)
    write_whole(output, text.getvalue().encode())


def refuse_inputs(outputs: Iterable[Path | None], inputs: Iterable[Path]) -> None:
    """Nothing, if no output is an input, nor another output, nor looks like a proof.

    Raises:
        BadInput: otherwise.
    """
    listed, before = list(inputs), list[Path]()
    for output in outputs:
        if output is None:
            continue
        if any(_same(output, path) for path in before):
            raise BadInput(f"{output} is given for two outputs; the one would replace the other. Give two names.")
        before.append(output)
        if output.suffix.lower() == ".py":
            raise BadInput(f"{output} is the name of a Python file; derive writes none. Give another name.")
        if any(_same(output, path) for path in listed):
            raise BadInput(f"{output} is an input; it is not overwritten. Write elsewhere.")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))
    except (OSError, RuntimeError, ValueError):
        return False


def refuse_foreign(path: Path, mark: bytes, instead: str) -> None:
    """Nothing, if nothing would be lost: what is at ``path`` is empty, or begins as what derive writes there.

    ``mark`` is what stands in the beginning, ``instead`` the next move.

    Raises:
        BadInput: otherwise.
    """
    try:
        with path.open("rb") as file:
            start = file.read(BEGINNING)
    except OSError:  # there is none; what cannot be written is told of later
        return
    if start and mark not in start:
        raise BadInput(f"{path} exists and was not written by derive; it is left as it was. {instead}")


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A folder that is gone afterwards.

    Raises:
        BadInput: if there is no place for one, or what is written into it finds no room.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=prefix) as name:
            yield Path(name)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.ENOENT, errno.EROFS, errno.EACCES):
            raise
        raise BadInput(f"the folder for temporary files takes nothing ({error.strerror or error}). "
                       "Empty it, or set TMPDIR to another.") from error


def check_target(path: Path) -> None:
    """Nothing, if a file can be put there.

    Raises:
        BadInput: if the folder is missing or not writable, or the target is no plain file.
    """
    target = _resolved(path)
    if target.is_symlink():  # resolving leaves a link only where links lead in a circle
        raise BadInput(f"{path} is a loop of links. Write elsewhere.")
    if target.is_dir():
        raise BadInput(f"{path} is a folder. Give the name of a file in it, such as {path / 'report.pdf'}.")
    if target.exists() and not target.is_file():
        raise BadInput(f"{path} is not a plain file. Give the name of one.")
    if not target.parent.is_dir():
        raise BadInput(f"The folder {path.parent} does not exist. Make it first, or write elsewhere.")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise BadInput(f"The folder {path.parent} is not writable. Write elsewhere.")


def write_whole(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` in one move: readers see the old file or the new one, never half of it.

    Raises:
        BadInput: if it cannot be written; the old file, if any, is then as it was.
    """
    check_target(path)
    target = _resolved(path)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".derive-", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
        temporary = None
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        if temporary is not None:
            with suppress(FileNotFoundError):
                os.unlink(temporary)


def _resolved(path: Path) -> Path:
    """The file meant: a link is followed, so that it stays a link.

    Raises:
        BadInput: if links lead in a circle, or the name is none.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise BadInput(f"{path} is no name of a file: {error}.") from error


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, or those of a new file."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
