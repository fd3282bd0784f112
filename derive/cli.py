"""The command line. Imports of SymPy and FLINT wait until a command needs them."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    return 0
