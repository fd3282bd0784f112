"""The reason that is no rewriting: the automata decide the step for every finite MDP and every horizon."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """A reason that asks for a decision procedure; the chain runner has its answer already."""

    name: str
    statement: str

    @property
    def title(self) -> str:
        """How a report names it."""
        return self.name

    def __str__(self) -> str:
        return self.name


automata = Decision(
    "automata", "Both sides are weighted automata over generic steps, whose difference is 0 in every finite MDP "
    "(the theorem stands in derive/procedures/closure.py; derive check --certificate writes what shows it).")
