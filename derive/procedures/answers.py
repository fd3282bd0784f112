"""What shapes say of an equation: equal on these, different on the smallest, or not settled and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from derive.language.models import Shape
from derive.semantics.generic import Zeros
from derive.semantics.modular import POINTS


@dataclass(frozen=True, slots=True)
class Equal:
    """Evidence of equality: the shapes, and what they imply."""

    exact: tuple[Shape, ...]
    """The shapes that say something: where both sides vanish they are ``vacuous``."""
    vacuous: tuple[Shape, ...] = ()
    with_zeros: tuple[tuple[str, tuple[Shape, ...]], ...] = ()
    """The zeros built in, and the shapes on which they were compared and a side is not 0."""
    probes: tuple[Shape, ...] = ()
    points: int = POINTS
    cutoff_horizons: tuple[int, ...] = ()
    cutoff_samples: tuple[Shape, ...] = ()
    identical: bool = False
    endless: bool = False
    tried_with_zeros: bool = True
    """Whether some zero could be tried, where the class of the claim has any."""

    @property
    def both_vanish(self) -> bool:
        """Whether both sides are 0 wherever they were compared, and neither is literally 0."""
        return not self.exact


@dataclass(frozen=True, slots=True)
class Different:
    """The smallest ladder shape whose generic model separates the terms."""

    shape: Shape
    zeros: Zeros = frozenset()


@dataclass(frozen=True, slots=True)
class Undecided:
    """The question was not settled, and why."""

    why: str
    may_diverge: bool = False
    """Whether a sum over all times is not known to converge; on some model it may, and then be different."""


Answer = Equal | Different | Undecided


class Outcome(Enum):
    """What one shape says: a vacuous one has no index to try, or both sides are 0 on it and neither is literally 0."""

    AGREE = auto()
    VACUOUS = auto()
    DIFFER = auto()
