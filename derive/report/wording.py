"""How a step is spoken of, whatever the format: its reason, why, what it owes, what to try next, and paths."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from derive.checking.judgement import Examined, Judgement
from derive.checking.verdict import NeedsCondition, Unjustified
from derive.diagnostics import visible
from derive.language.assumptions import POSSIBLE
from derive.procedures.obligations import Obligation
from derive.rules.rule import Rule

Assumed = tuple[str, str, tuple[tuple[str, str], ...]]
"""A heading, a mark, and the names and sentences of assumptions."""


def conditions(step: Judgement) -> list[str]:
    """The side conditions that nothing settles."""
    return list(step.verdict.conditions) if isinstance(step.verdict, NeedsCondition) else []


@dataclass(frozen=True, slots=True)
class Settled:
    """A side condition where it first comes up, and what the theorem assumes that settles it; None: nothing does."""

    obligation: Obligation
    by: tuple[str, ...] | None

    def __str__(self) -> str:
        if self.by is None:
            return f"{self.obligation.says}: nothing assumed settles it"
        return f"{self.obligation.says}, by {', '.join(self.by) or 'the assumptions'}"


def side_conditions(one: Examined) -> tuple[tuple[Settled, ...], ...]:
    """For each step the side conditions that no earlier step has."""
    known, seen, found = frozenset(one.theorem.assumes), set[str](), []
    for step in one.steps:
        new = [obligation for obligation in step.obligations if obligation.says not in seen]
        seen |= {obligation.says for obligation in new}
        found.append(tuple(Settled(obligation, None if obligation.says in step.owed else tuple(
            assumption.name for assumption in obligation.settled_by if assumption in known)) for obligation in new))
    return tuple(found)


def why(step: Judgement) -> str | None:
    """The verdict's explanation, where it has one."""
    return getattr(step.verdict, "why", None)


def hint(step: Judgement) -> str:
    """What to try next, where something is known to help."""
    verdict = step.verdict
    if isinstance(verdict, Unjustified) and verdict.assuming:
        without = f"; {verdict.hint.replace('gives this step', 'gives it')} without" if verdict.hint else ""
        return f"assumes=[{', '.join(verdict.assuming)}] lets the reason give this step{without}"
    if isinstance(verdict, Unjustified):
        return verdict.hint
    if isinstance(verdict, NeedsCondition) and verdict.settled_by:
        names = ["possible(tau)" if name == POSSIBLE.name else name for name in verdict.settled_by]
        return f"assumes=[{', '.join(names)}] settles it"
    return ""


def assumed(one: Examined) -> tuple[Assumed, ...]:
    """What a theorem assumes, by what is known of the need for it: a heading, a mark, names and sentences."""
    kinds = (("Assumed, and used", "", one.used), ("Assumed, but idle", "idle", one.idle),
             ("Assumed, and not known to be needed", "not known to be needed", one.unknown))
    return tuple((heads, mark, tuple((each.name, each.says) for each in own)) for heads, mark, own in kinds if own)


def wrong_terms(examined: Examined) -> list[tuple[int, str]]:
    """(number, words) of terms that make two steps false, and are the only thing that is wrong with them."""
    return [(number, f"steps {number} and {number + 1} are false for one reason: the term between them is wrong; "
             "the term before it and the one after it are equal") for number in examined.wrong_terms]


def reason_text(step: Judgement) -> str:
    """The reason as the reader knows it."""
    reason = step.by.reason
    if reason is None:
        return "(no reason given)"
    if isinstance(reason, str):
        return reason
    return reason.name.replace("_", " ") if isinstance(reason, Rule) else reason.title


def for_a_shell(path: str) -> str:
    """A path as it can be copied into a shell, and printed: what a terminal would obey is written in ``$'...'``."""
    if visible(path) == path:
        return quote(path)
    return "$'" + visible(path.replace("\\", "\\\\").replace("'", "\\'")) + "'"


def with_shown_paths(text: str) -> str:
    """A message in which files below the current folder are named as ``shown_path`` names them."""
    try:
        return text.replace(f"{Path.cwd()}{os.sep}", "")
    except OSError:  # the folder that we are in may be gone
        return text


def shown_path(file: str) -> str:
    """A path relative to the current folder where it lies below it."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):  # the folder that we are in may be gone
        return str(path)
