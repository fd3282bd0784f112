"""What is said where torch is asked for and not installed: the next move."""

from __future__ import annotations

import importlib.util

from derive.errors import BadInput

INSTALL = "pip install 'derive-rl[torch]'"


def need_torch(what: str) -> None:
    """Raises ``BadInput`` unless torch is installed."""
    if importlib.util.find_spec("torch") is None:
        raise BadInput(f"{what} needs torch: {INSTALL}")


def next_move(error: BaseException) -> str:
    """How torch is installed, behind an error that misses it; else empty."""
    missing = isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "torch"
    return f". Install it: {INSTALL}" if missing else ""
