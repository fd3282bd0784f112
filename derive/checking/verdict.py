"""The verdicts, as data. A verdict is not a bool.

``Proved`` takes an ``Equation`` of the kernel and nothing else, ``Estimates`` and ``SameMean``
one for the means, ``NeedsCondition`` one that owes something. What was looked at besides stands
in the ``Judgement`` of the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from derive.counterexample.claim import Witness
from derive.display import badge, text
from derive.kernel.equations import Equation


@dataclass(frozen=True, slots=True)
class Verdict:
    """The base. ``code`` is what JSON and expectations call it."""

    code: ClassVar[str] = ""

    def __bool__(self) -> bool:
        raise TypeError(
            f"{type(self).__name__} is a verdict, not a truth value. "
            "Ask isinstance(verdict, Proved), or match on its class.")

    def _repr_html_(self) -> str:
        """The code, why, and the counterexample if there is one, for notebooks."""
        why = text(getattr(self, "why", "") or "; ".join(getattr(self, "conditions", ())))
        witness = getattr(self, "witness", None)
        return f"<p>{badge(self.code)} {why}</p>" + (witness._repr_html_() if isinstance(witness, Witness) else "")


def _genuine(equation: object, *, owing: bool) -> None:
    """Raises TypeError unless this is an equation of the kernel that owes something, or nothing, as asked."""
    if type(equation) is not Equation or bool(equation.context.owes) != owing:
        raise TypeError("a verdict of equality takes an equation that the kernel has made")


@dataclass(frozen=True, slots=True)
class Proved(Verdict):
    """Defined and equal on every model of the equation's context."""

    code: ClassVar[str] = "proved"
    equation: Equation

    def __post_init__(self) -> None:
        _genuine(self.equation, owing=False)


@dataclass(frozen=True, slots=True)
class Unjustified(Verdict):
    """The stated reason does not give the step. With an equation it is true; without one, equal on shapes only.

    ``assuming``: the assumptions under which it would.
    """

    code: ClassVar[str] = "unjustified"
    why: str
    hint: str = ""
    equation: Equation | None = None
    assuming: tuple[str, ...] = ()

    @property
    def true(self) -> bool:
        """Whether the kernel has proved the step without the reason."""
        return self.equation is not None


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
    equation: Equation

    def __post_init__(self) -> None:
        _genuine(self.equation, owing=True)


@dataclass(frozen=True, slots=True)
class Estimates(Verdict):
    """The right side is random; it is not equal to the left, but its mean is: ``means`` says so."""

    code: ClassVar[str] = "estimates"
    law: str
    witness: Witness
    means: Equation

    def __post_init__(self) -> None:
        _genuine(self.means, owing=False)


@dataclass(frozen=True, slots=True)
class SameMean(Verdict):
    """Both sides are random, differ, and have equal means: ``means`` says so."""

    code: ClassVar[str] = "same-mean"
    law: str
    witness: Witness
    means: Equation

    def __post_init__(self) -> None:
        _genuine(self.means, owing=False)


@dataclass(frozen=True, slots=True)
class Undecided(Verdict):
    """Neither proved nor refuted, and why."""

    code: ClassVar[str] = "undecided"
    why: str


@dataclass(frozen=True, slots=True)
class Malformed(Verdict):
    """A side has no meaning; ``where`` is the operand, ``within`` what it stands in, behind ``nth`` others like it."""

    code: ClassVar[str] = "malformed"
    why: str
    where: Any = None
    within: Any = None
    nth: int = 0


@dataclass(frozen=True, slots=True)
class NotClaimed(Verdict):
    """No equality is claimed, so none is judged; nothing follows across it."""

    code: ClassVar[str] = "not-claimed"
    why: str


@dataclass(frozen=True, slots=True)
class Proportional(NotClaimed):
    """One side is a constant times the other, by an equation of the kernel; no equality is claimed."""

    code: ClassVar[str] = "proportional"
    equation: Equation


CODES: dict[str, type[Verdict]] = {
    verdict.code: verdict
    for verdict in (Proved, Unjustified, Refuted, NeedsCondition, Estimates, SameMean, Undecided, Malformed, NotClaimed,
                    Proportional)
}
