"""A mistake that is known, as data."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from derive.diagnostics import Fix, Span

NAMING = ("function", "scalar", "Policy", "State", "Action", "Time", "Draw", "Trajectory", "Batch", "define")
"""What gives names, as its first argument."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A mistake that is known: what it is, what to do, and where, if that is better known than before."""

    message: str = ""
    hint: str = ""
    span: Span | None = None
    fix: Fix | None = None


def is_name(node: ast.expr, name: str) -> bool:
    """Whether an expression is this name, and nothing else."""
    return isinstance(node, ast.Name) and node.id == name
