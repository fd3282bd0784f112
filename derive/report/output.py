"""Where text goes: a terminal, a pipe, or a file that is never half-written."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path

from rich.console import Console

from derive.errors import BadInput


@contextmanager
def console_for(output: Path | None) -> Iterator[Console]:
    """A console on the terminal, or one whose text is written to ``output`` at the end, or not at all.

    Raises:
        BadInput: if ``output`` cannot be written.
    """
    if output is None:
        width = shutil.get_terminal_size((100, 24)).columns
        yield Console(file=sys.stdout, width=max(40, width), highlight=False, markup=False, emoji=False)
        return
    text = StringIO()
    yield Console(file=text, width=100, highlight=False, markup=False, emoji=False, color_system=None)
    write_atomically(output, text.getvalue())


def write_atomically(target: Path, text: str) -> None:
    """Write beside the target and move into place.

    Raises:
        BadInput: if the folder does not exist or cannot be written, or the target is a folder.
    """
    if target.is_dir():
        raise BadInput(f"{target}: is a folder; name a file.")
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise BadInput(f"{target}: cannot be written ({error.strerror}). Name a file in a writable folder.") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except OSError as error:
        raise BadInput(f"{target}: cannot be written ({error.strerror}).") from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)
