"""A proof on standard input, ``-``: it is checked as a file of its own and called ``<stdin>``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from derive.checking.proof_files import LARGEST
from derive.errors import BadInput
from derive.report.output import temporary_folder
from derive.report.terminal import REPLAY
from derive.report.wording import shown_path
from derive.runs.campaign import Checked

NAME = "<stdin>"


@dataclass(frozen=True, slots=True)
class Given:
    """The paths to check, and the file that stands for standard input, if one of them does."""

    paths: tuple[Path, ...]
    file: Path | None = None

    def shown(self, one: Checked) -> Checked:
        """The result with the name that the user knows."""
        if self.file is None or one.file != str(self.file):
            return one
        theorems = [{**theorem, "file": NAME} for theorem in one.payload["theorems"]]
        return replace(
            one, file=NAME, text=self._named(self._of_no_file(one.text)), errors=tuple(map(self._named, one.errors)),
            diagnostics=tuple(replace(found, file=NAME) for found in one.diagnostics),
            payload={**one.payload, "theorems": theorems})

    @property
    def _names(self) -> tuple[str, str]:
        """How the file is named: by its whole path, and by what is shown where it lies below the current folder."""
        return str(self.file), shown_path(str(self.file))

    def _named(self, text: str) -> str:
        for name in self._names:
            text = text.replace(name, NAME)
        return text

    def _of_no_file(self, text: str) -> str:
        """Without the commands that would read the file again."""
        return "".join(line for line in text.splitlines(keepends=True)
                       if not any(f"{REPLAY} {name}" in line for name in self._names))


@contextmanager
def standard_input(paths: Sequence[Path]) -> Iterator[Given]:
    """``paths`` with what is read from standard input in the place of ``-``.

    Raises:
        BadInput: if it cannot be read, or is too long.
    """
    if Path("-") not in paths:
        yield Given(tuple(paths))
        return
    text = _read()
    with temporary_folder("derive-") as folder:
        file = folder.resolve() / "stdin.py"
        file.write_bytes(text)
        yield Given(tuple(file if path == Path("-") else path for path in paths), file)


def _read() -> bytes:
    try:
        text = sys.stdin.buffer.read(LARGEST + 1)
    except (AttributeError, OSError, ValueError):
        raise BadInput("standard input cannot be read.") from None
    if len(text) > LARGEST:
        raise BadInput(f"standard input: a proof has at most {LARGEST:,} bytes.")
    return text
