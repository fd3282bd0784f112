"""Generic models that chains of one kind share, kept for a session."""

from __future__ import annotations

from typing import Any

from derive.semantics.evaluate import Evaluator


class Models:
    """Generic models and the values of terms on them, shared by the chains of a session that speak alike.

    Kept for the last few kinds of chain only, so that a long session does not grow.
    """

    __slots__ = ("_kinds",)
    KINDS = 4

    def __init__(self) -> None:
        self._kinds: dict[Any, tuple[dict[Any, Evaluator], dict[Any, list[Any]]]] = {}

    def of(self, kind: Any) -> tuple[dict[Any, Evaluator], dict[Any, list[Any]]]:
        """The evaluators and values of one kind of chain."""
        found = self._kinds.pop(kind, None) or ({}, {})
        self._kinds[kind] = found
        while len(self._kinds) > self.KINDS:
            del self._kinds[next(iter(self._kinds))]
        return found
