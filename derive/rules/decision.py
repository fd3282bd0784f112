"""What stands beside a step and is no rewriting: a decision by automata, and relations that are no equality."""

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
    "(the theorem stands in derive/kernel/closure.py; derive check --certificate writes what shows it).")


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation that is no equality: the chain breaks there, and nothing follows across it."""

    name: str
    sign: str
    latex: str
    says: str

    @property
    def title(self) -> str:
        """How a report names it."""
        return self.name

    def __str__(self) -> str:
        return self.name


approximately = Relation("approximately", "≈", r"\approx", "one is taken for the other")
becomes = Relation("becomes", "←", r"\leftarrow", "one is put in the place of the other")
proportional = Relation("proportional", "∝", r"\propto", "one is a constant times the other")
