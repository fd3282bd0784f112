"""Generic models that chains of one kind share, kept for a session."""

from __future__ import annotations

from typing import Any

from derive.semantics.evaluate import Evaluator

Evaluators = dict[Any, Evaluator]
"""By shape, zeros, and whether residues are computed with."""
MOST_KEPT = 200_000
"""Field elements that were made beyond which all of them are forgotten: what is asked next needs the memory more."""


def made(evaluators: Evaluators) -> int:
    """Field elements made so far, residues apart."""
    return sum(evaluator.ring.made for (_, _, modular), evaluator in evaluators.items() if not modular)


def relieved(evaluators: Evaluators, values: dict[Any, list[Any]]) -> None:
    """Forget models that much was computed on, and the values."""
    if made(evaluators) > MOST_KEPT:
        evaluators.clear()
        values.clear()


class Models:
    """Generic models and the values of terms on them, shared by the chains of a session that speak alike.

    Kept for the last few kinds of chain only, and where little was computed, so that a long session does not grow.
    """

    __slots__ = ("_kinds",)
    KINDS = 4

    def __init__(self) -> None:
        self._kinds: dict[Any, tuple[Evaluators, dict[Any, list[Any]]]] = {}

    def of(self, kind: Any) -> tuple[Evaluators, dict[Any, list[Any]]]:
        """The evaluators and values of one kind of chain."""
        for kept in self._kinds.values():
            relieved(*kept)
        found = self._kinds.pop(kind, None) or ({}, {})
        self._kinds[kind] = found
        while len(self._kinds) > self.KINDS:
            del self._kinds[next(iter(self._kinds))]
        return found
