"""Text for a terminal: lines that are too long for it are continued further in."""

from __future__ import annotations

from shutil import get_terminal_size
from textwrap import wrap

from derive.process.streams import own_output


def fitted(text: str) -> str:
    """The text as it is; at a terminal, within its width."""
    if not own_output().isatty():
        return text
    width = get_terminal_size().columns
    return "\n".join(part for line in text.split("\n") for part in _continued(line, width))


def _continued(line: str, width: int) -> list[str]:
    indent = " " * min(len(line) - len(line.lstrip()), width // 4)  # of what is too long
    return [line] if len(line) <= width else wrap(
        line.lstrip(), width, initial_indent=indent, subsequent_indent=f"{indent}    ", break_long_words=False,
        break_on_hyphens=False)
