"""Text for a terminal: lines that are too long for it are continued further in."""

from __future__ import annotations

from shutil import get_terminal_size
from textwrap import wrap

from derive.process.streams import own_output


def fitted(text: str, *, most: int | None = None) -> str:
    """The text at a terminal within its width; elsewhere as it is, but for indented lines of more than ``most``.

    Those are for readers there too; what begins a line is for programs, which look for it whole.
    """
    terminal = own_output().isatty()
    width = get_terminal_size().columns if terminal else most
    if width is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in (
        _continued(line, width) if terminal or line.startswith(" ") else [line]))


def _continued(line: str, width: int) -> list[str]:
    indent = " " * min(len(line) - len(line.lstrip()), width // 4)  # of what is too long
    return [line] if len(line) <= width else wrap(
        line.lstrip(), width, initial_indent=indent, subsequent_indent=f"{indent}    ", break_long_words=False,
        break_on_hyphens=False)
