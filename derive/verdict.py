"""The verdicts, as data. A verdict is not a bool.

Only ``derive.chain`` constructs ``Proved``; a layer test holds that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from derive.claim import Witness


@dataclass(frozen=True, slots=True)
class Scope:
    """What was established, one line per kind of evidence; empty strings where none."""

    by_rule: str = ""
    everywhere: str = ""
    exact: tuple[str, ...] = ()
    vacuous: tuple[str, ...] = ()
    """The shapes tried, where both sides are 0 on all of them: agreement there says little."""
    with_zeros: tuple[str, ...] = ()
    cutoff: str = ""
    probes: str = ""

    def lines(self) -> list[tuple[str, str]]:
        """(kind, text) for each evidence there is."""
        found = [("by rule", self.by_rule), ("everywhere", self.everywhere), ("by cutoff", self.cutoff)]
        found += [("exact", ", ".join(self.exact)), ("both sides are 0", ", ".join(self.vacuous))]
        found += [("exact, with zeros", "; ".join(self.with_zeros)), ("random points", self.probes)]
        return [(kind, text) for kind, text in found if text]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The base. ``code`` is what JSON and expectations call it."""

    code: ClassVar[str] = ""

    def __bool__(self) -> bool:
        raise TypeError(
            f"{type(self).__name__} is a verdict, not a truth value. "
            "Ask isinstance(verdict, Proved), or match on its class.")


@dataclass(frozen=True, slots=True)
class Proved(Verdict):
    """Defined and equal on every model of the class in ``scope``."""

    code: ClassVar[str] = "proved"
    scope: Scope


@dataclass(frozen=True, slots=True)
class Unjustified(Verdict):
    """Equal on the shapes of ``scope``, but the stated reason does not give the step."""

    code: ClassVar[str] = "unjustified"
    scope: Scope
    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Refuted(Verdict):
    """A verified model at which both sides are defined and differ."""

    code: ClassVar[str] = "refuted"
    witness: Witness
    note: str = ""


@dataclass(frozen=True, slots=True)
class NeedsCondition(Verdict):
    """Equal wherever both sides are defined, which the assumptions do not ensure."""

    code: ClassVar[str] = "needs-condition"
    conditions: tuple[str, ...]
    settled_by: tuple[str, ...]
    scope: Scope


@dataclass(frozen=True, slots=True)
class Estimates(Verdict):
    """The right side is random; it is not equal to the left, but its mean is."""

    code: ClassVar[str] = "estimates"
    law: str
    witness: Witness
    scope: Scope


@dataclass(frozen=True, slots=True)
class SameMean(Verdict):
    """Both sides are random, differ, and have equal means."""

    code: ClassVar[str] = "same-mean"
    law: str
    witness: Witness
    scope: Scope


@dataclass(frozen=True, slots=True)
class Undecided(Verdict):
    """Neither proved nor refuted, and why."""

    code: ClassVar[str] = "undecided"
    why: str


@dataclass(frozen=True, slots=True)
class Malformed(Verdict):
    """A side has no meaning; ``where`` is the operand."""

    code: ClassVar[str] = "malformed"
    why: str
    where: Any = None


CODES: dict[str, type[Verdict]] = {
    verdict.code: verdict
    for verdict in (Proved, Unjustified, Refuted, NeedsCondition, Estimates, SameMean, Undecided, Malformed)
}
