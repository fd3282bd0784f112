"""One estimator of the gallery: what it is, what is known about it, and where it is from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from derive.estimators.numbers import exact
from derive.estimators.provenance import Ledger
from derive.estimators.result import Verdict
from derive.estimators.theorems import Theorem


@dataclass(frozen=True, slots=True)
class OwnReward:
    """The form A_i = h(G) (r_i - B(the other rewards)), to which the leave-one-out theorem applies.

    ``scale`` is h, ``term`` its text; ``baseline`` is B, and sees the other rewards only, which
    is the hypothesis of the theorem. For h = 0 the mean gradient is 0 instead.
    """

    scale: Callable[[int], Fraction]
    term: str
    baseline: Callable[[Sequence[Fraction]], Fraction]
    theorem: Theorem

    def agrees(self, function: Callable[..., Any], rewards: Sequence[Fraction], group: int) -> bool:
        """Whether the function has this form at one group size: compared on all tuples, in exact numbers."""
        ledger = Ledger()
        for batch in product(rewards, repeat=group):
            form = [self.scale(group) * (own - self.baseline(batch[:place] + batch[place + 1:]))
                    for place, own in enumerate(batch)]
            if list(function(np.array([exact(reward, ledger) for reward in batch], dtype=object))) != form:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Entry:
    """An estimator by name. ``function`` takes rewards (and lengths), or is a torch loss if ``loss`` is set.

    ``verdict`` is what the source or a proof says, at the default rewards and group sizes; a
    test compares it with what is found. ``form`` is there where a theorem settles every G.
    """

    name: str
    statement: str
    verdict: Verdict
    source: str
    function: Callable[..., Any]
    form: OwnReward | None = None
    rewards: tuple[int, ...] = (0, 1, 3)
    lengths: tuple[int, ...] | None = None
    groups: tuple[int, ...] = (2, 3, 4)
    prompts: int = 1
    target: str = "J"
    loss: bool = False
    off_policy: bool = False
    remark: str = ""
