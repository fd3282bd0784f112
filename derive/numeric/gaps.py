"""Whether two terms differ on an instance: at all values of the free indices, or a seeded selection."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np
from sympy import Expr

from derive.errors import NotApplicable
from derive.language.binding import Index
from derive.language.models import Path
from derive.language.typing import refuse_foreign
from derive.numeric.instances import Instance
from derive.numeric.interpretation import Meaning
from derive.numeric.places import Place
from derive.numeric.trajectory_law import TrajectoryLaw

MOST_ASSIGNMENTS = 2_000
SAME = 1e-9
"""Two values are the same when they differ by at most this multiple of their scale."""


class Gap(NamedTuple):
    """The largest absolute difference of two terms, and the size of the numbers it is to be held against."""

    absolute: float
    scale: float

    @property
    def differs(self) -> bool:
        """Whether the difference is more than rounding: above ``SAME`` times the scale."""
        return not self.absolute <= SAME * self.scale


def assignments(free: Collection[Index], instance: Instance, *, possible_only: bool = False,
                most: int = MOST_ASSIGNMENTS, rng: np.random.Generator | None = None) -> Iterator[dict[Index, Place]]:
    """Values for the free indices: all of them, or ``most`` at random when there are more.

    Times run over 0..H, draws over 1..m, trajectories over all (over the possible ones
    under pi with ``possible_only``), batches over m-tuples of possible trajectories.
    The selection is that of ``rng``, by default the generator of seed 0.
    """
    indices = sorted(free, key=lambda index: (index.sort, str(index.label)))
    ranges = [_range(index, instance, possible_only) for index in indices]
    batches = [instance.samples if index.sort == "batch" else 1 for index in indices]
    if prod(len(values) ** power for values, power in zip(ranges, batches, strict=True)) <= most:
        choices: list[Any] = [
            product(values, repeat=instance.samples) if index.sort == "batch" else values
            for index, values in zip(indices, ranges, strict=True)]
        for combination in product(*choices):
            yield dict(zip(indices, combination, strict=True))
        return
    rng = np.random.default_rng(0) if rng is None else rng
    for _ in range(most):
        yield {index: _drawn(index, values, instance, rng) for index, values in zip(indices, ranges, strict=True)}


def _range(index: Index, instance: Instance, possible_only: bool) -> list[int] | list[Path]:
    """The values of an index; for a batch, those of one of its trajectories."""
    match index.sort:
        case "state":
            return list(range(instance.mdp.states))
        case "action":
            return list(range(instance.mdp.actions))
        case "time":
            return list(range(instance.mdp.horizon + 1))
        case "draw":
            return list(range(1, instance.samples + 1))
        case "trajectory":
            law = TrajectoryLaw(instance)
            return law.support("pi") if possible_only else law.every()
        case "batch":
            return TrajectoryLaw(instance).support("pi")
    raise NotApplicable(f"{index} is a {index.sort}, which takes no values here.")


def _drawn(index: Index, values: list[Any], instance: Instance, rng: np.random.Generator) -> Any:
    if index.sort == "batch":
        return tuple(values[int(i)] for i in rng.integers(len(values), size=instance.samples))
    return values[int(rng.integers(len(values)))]


def largest_gap(before: Expr, after: Expr, instance: Instance, *, possible_only: bool = False,
                most: int = MOST_ASSIGNMENTS, rng: np.random.Generator | None = None) -> Gap:
    """max |before - after| over ``assignments``, with the scale to hold it against.

    The scale is the largest of: the numbers of the instance, the entries of both sides, 1.

    Raises:
        Undefined, NotApplicable, OutsideFragment, NotATerm: as ``interpretation.value`` does, at any assignment.
    """
    refuse_foreign(before, after)
    meaning, absolute, scale = Meaning(instance, possible_only), 0.0, instance.largest_number
    free = {index for index in before.free_symbols | after.free_symbols if isinstance(index, Index)}
    for at in assignments(free, instance, possible_only=possible_only, most=most, rng=rng):
        left, right = meaning.value(before, at), meaning.value(after, at)
        absolute = max(absolute, float(np.max(np.abs(left - right))))
        scale = max(scale, float(np.max(np.abs(left))), float(np.max(np.abs(right))))
    return Gap(absolute, scale)
