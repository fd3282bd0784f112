"""Five ways to the same gradient, side by side, each held to what it can resolve.

The closed form by dynamic programming is compared with enumeration, the complex step,
central differences and Monte Carlo. A disagreement is given in units of the resolution:

* enumeration and complex step: rounding, eps (H + 1) max|r| sum_t |gamma|^t, the size of
  a score times a return, once per step; at most 8 units (sums over states round too);
* central differences: their own error estimate; at most 3 units;
* Monte Carlo: the standard error, plus what one more episode could change (a state that
  no episode visited has the standard error 0); at most the normal quantile at which one
  of S A coordinates would be exceeded by chance once in 10,000 comparisons.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, TypeVar

import numpy as np

from derive.errors import OutsideFragment
from derive.numeric.brute_force import enumerated_gradient
from derive.numeric.closed_form import closed_form
from derive.numeric.differentiate import central_differences, complex_step
from derive.numeric.simulate import Estimate, monte_carlo
from derive.numeric.tabular import FloatArray, TabularMDP, checked_theta

ROUNDING_UNITS, DIFFERENCE_UNITS = 8.0, 3.0
FALSE_ALARM = 1e-4

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One method: its gradient and what it can resolve, both (S, A), or why it was skipped.

    ``disagreement`` is the largest |gradient - closed form| in units of the resolution, to
    be at most ``allowed``; the closed form itself has disagreement 0.
    """

    method: str
    gradient: FloatArray | None
    resolution: FloatArray | None
    disagreement: float
    allowed: float
    seconds: float
    skipped: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the method agrees with the closed form, as far as it can see; a skipped one says nothing."""
        return self.gradient is None or self.disagreement <= self.allowed


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The rows, the first being the closed form; and the Monte Carlo estimate with its running values."""

    mdp: TabularMDP
    theta: FloatArray
    rows: tuple[Row, ...]
    estimate: Estimate

    @property
    def agrees(self) -> bool:
        """Whether every method that ran agrees with the closed form."""
        return all(row.agrees for row in self.rows)


def compare(mdp: TabularMDP, theta: Any, *, samples: int = 100_000, seed: int = 0,
            closed: Callable[[TabularMDP, FloatArray], FloatArray] = closed_form) -> Comparison:
    """The gradient of J at theta (S, A) by five methods; ``closed`` is the formula under test.

    Raises:
        InvalidModel: if theta has another shape or is not a table of numbers.
        BadInput: if ``samples`` is less than 2.
    """
    point = checked_theta(mdp, theta)
    reference, seconds = _timed(lambda: closed(mdp, point))
    rounding = np.full(point.shape, np.finfo(float).eps * (mdp.horizon + 1) * max(mdp.return_bound, 1e-300))
    rows = [Row("closed form", reference, rounding, 0.0, 0.0, seconds)]

    def add(method: str, gradient: FloatArray, resolution: FloatArray, allowed: float, seconds: float) -> None:
        units = float(np.max(np.abs(gradient - reference) / resolution))
        rows.append(Row(method, gradient, resolution, units, allowed, seconds))

    try:
        every, seconds = _timed(lambda: enumerated_gradient(mdp, point))
        add("enumeration", every, rounding, ROUNDING_UNITS, seconds)
    except OutsideFragment as too_many:
        rows.append(Row("enumeration", None, None, 0.0, ROUNDING_UNITS, 0.0, skipped=str(too_many)))
    stepped, seconds = _timed(lambda: complex_step(mdp, point))
    add("complex step", stepped, rounding, ROUNDING_UNITS, seconds)
    differences, seconds = _timed(lambda: central_differences(mdp, point))
    add("central differences", differences.gradient, differences.error + rounding, DIFFERENCE_UNITS, seconds)
    estimate, seconds = _timed(lambda: monte_carlo(mdp, point, samples=samples, seed=seed))
    unseen = estimate.one_episode or (mdp.horizon + 1) * mdp.return_bound / samples
    add("Monte Carlo", estimate.gradient, estimate.standard_error + unseen + rounding, _quantile(point.size), seconds)
    return Comparison(mdp, point, tuple(rows), estimate)


def _quantile(coordinates: int) -> float:
    """The z that one of this many normal coordinates exceeds with probability ``FALSE_ALARM`` at most."""
    return NormalDist().inv_cdf(1 - FALSE_ALARM / (2 * coordinates))


def _timed(run: Callable[[], Result]) -> tuple[Result, float]:
    start = time.perf_counter()
    return run(), time.perf_counter() - start
