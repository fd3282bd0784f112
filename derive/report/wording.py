"""How a step is spoken of, whatever the format: its reason, why, what it owes, what to try next, and paths."""

from __future__ import annotations

from pathlib import Path

from derive.checking.judgement import Judgement
from derive.checking.verdict import NeedsCondition, Unjustified
from derive.language.assumptions import POSSIBLE
from derive.rules.rule import Rule


def conditions(step: Judgement) -> list[str]:
    """The side conditions that nothing settles."""
    return list(step.verdict.conditions) if isinstance(step.verdict, NeedsCondition) else []


def why(step: Judgement) -> str | None:
    """The verdict's explanation, where it has one."""
    return getattr(step.verdict, "why", None)


def hint(step: Judgement) -> str:
    """What to try next, where something is known to help."""
    verdict = step.verdict
    if isinstance(verdict, Unjustified):
        return verdict.hint
    if isinstance(verdict, NeedsCondition) and verdict.settled_by:
        names = ["possible(tau)" if name == POSSIBLE.name else name for name in verdict.settled_by]
        return f"assumes=[{', '.join(names)}] settles it"
    return ""


def reason_text(step: Judgement) -> str:
    """The reason as the reader knows it."""
    reason = step.by.reason
    if reason is None:
        return "(no reason given)"
    if isinstance(reason, str):
        return reason
    return reason.name.replace("_", " ") if isinstance(reason, Rule) else reason.title


def shown_path(file: str) -> str:
    """A path relative to the current folder where it lies below it."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):  # the folder that we are in may be gone
        return str(path)
