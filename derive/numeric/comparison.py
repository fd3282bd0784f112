"""Five ways to the same gradient, side by side, each held to what it can resolve.

Dynamic programming is compared with enumeration, the complex step, central differences
and Monte Carlo. None of them reads a theorem. A disagreement is given in units of the
resolution:

* enumeration and complex step: rounding, eps (H + 1) max|r| sum_t |gamma|^t, the size of
  a score times a return, once per step; at most 8 units (sums over states round too);
* central differences: their own error estimate; at most 3 units;
* Monte Carlo: the standard error, plus what episodes unlike those seen could change (a
  state that no episode visited has the standard error 0); at most the normal quantile at
  which one of S A coordinates would be exceeded by chance once in 10,000 comparisons.

Where every coordinate would be too much work, derivatives along random directions are
compared; and a method that is left out says why.
"""

from __future__ import annotations

import math
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
from derive.numeric.directions import along, directions
from derive.numeric.simulate import Estimate, affordable, monte_carlo
from derive.numeric.tabular import FloatArray, TabularMDP, checked_theta

ROUNDING_UNITS, DIFFERENCE_UNITS = 8.0, 3.0
FALSE_ALARM = 1e-4
FEWEST_EPISODES = 1_000
"""Below, a mean is not yet near enough to normal, nor its standard error to the true one."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One method: its gradient and what it can resolve, both (S, A) or along directions (K,), or why it was left out.

    ``disagreement`` is the largest difference from the reference in units of the resolution,
    to be at most ``allowed``; the reference itself has disagreement 0. ``coarse`` says that
    the method could not tell the reference from 0.
    """

    method: str
    gradient: FloatArray | None
    resolution: FloatArray | None
    disagreement: float
    allowed: float
    seconds: float
    skipped: str = ""
    coarse: bool = False

    @property
    def agrees(self) -> bool:
        """Whether the method agrees with the reference, as far as it can see; one that was left out says nothing."""
        return self.gradient is None or self.disagreement <= self.allowed

    @property
    def says(self) -> str:
        """What the row says about the reference, in a word."""
        if self.gradient is None:
            return "left out"
        if self.allowed == 0.0:
            return "reference"
        return "disagrees" if not self.agrees else "too coarse to say" if self.coarse else "agrees"


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The rows, the first being the reference; and the Monte Carlo estimate with its running values."""

    mdp: TabularMDP
    theta: FloatArray
    rows: tuple[Row, ...]
    estimate: Estimate

    @property
    def reference(self) -> FloatArray:
        """The gradient by dynamic programming, (S, A)."""
        found = self.rows[0].gradient
        assert found is not None
        return found

    @property
    def agrees(self) -> bool:
        """Whether every method that ran agrees with the reference."""
        return all(row.agrees for row in self.rows)


def held(method: str, gradient: FloatArray, reference: FloatArray, resolution: FloatArray, allowed: float,
         seconds: float = 0.0) -> Row:
    """A row for a gradient, or for derivatives along directions, next to the reference along the same."""
    units = float(np.max(np.abs(gradient - reference) / resolution))
    largest = np.unravel_index(int(np.argmax(np.abs(reference))), reference.shape)
    coarse = bool(allowed * resolution[largest] >= abs(reference[largest]) > 0)
    return Row(method, gradient, resolution, units, allowed, seconds, coarse=coarse)


def left_out(method: str, why: str) -> Row:
    """A row for a method that has no number."""
    return Row(method, None, None, 0.0, ROUNDING_UNITS, 0.0, skipped=why)


def compare(mdp: TabularMDP, theta: Any, *, samples: int = 100_000, seed: int = 0,
            closed: Callable[[TabularMDP, FloatArray], FloatArray] = closed_form,
            tell: Callable[[str], None] = lambda _: None) -> Comparison:
    """The gradient of J at theta (S, A) by five methods; ``closed`` is the reference, ``tell`` hears what is next.

    Raises:
        InvalidModel: if theta has another shape or is not a table of numbers.
        BadInput: if ``samples`` is less than 2.
    """
    point = checked_theta(mdp, theta)
    tell("the gradient of J by dynamic programming and enumeration")
    reference, seconds = _timed(lambda: closed(mdp, point))
    rounding = np.full(point.shape, np.finfo(float).eps * (mdp.horizon + 1) * max(mdp.return_bound, 1e-300))
    rows = [Row("dynamic programming", reference, rounding, 0.0, 0.0, seconds)]
    try:
        every, seconds = _timed(lambda: enumerated_gradient(mdp, point))
        rows.append(held("enumeration", every, reference, rounding, ROUNDING_UNITS, seconds))
    except OutsideFragment as too_many:
        rows.append(left_out("enumeration", str(too_many)))

    def differentiated(method: str, values: int, allowed: float,
                       run: Callable[[FloatArray | None], tuple[FloatArray, FloatArray | float]]) -> None:
        tell(f"the gradient of J by {method}")
        table = directions(mdp, values, seed=seed)
        if table is not None and not len(table):
            rows.append(left_out(method, "one derivative of J takes more than the work limit"))
            return
        (found, error), seconds = _timed(lambda: run(table))
        scale = rounding if table is None else rounding[0, 0] * np.abs(table).sum(axis=(1, 2))
        name = method if table is None else f"{method}, random directions: {len(table)}"
        rows.append(held(name, found, along(reference, table), error + scale, allowed, seconds))

    def by_differences(table: FloatArray | None) -> tuple[FloatArray, FloatArray]:
        found = central_differences(mdp, point, directions=table)
        return found.gradient, found.error

    differentiated("complex step", 4, ROUNDING_UNITS, lambda table: (complex_step(mdp, point, directions=table), 0.0))
    differentiated("central differences", 6, DIFFERENCE_UNITS, by_differences)
    tell("the gradient of J by Monte Carlo")
    estimate, seconds = _timed(lambda: monte_carlo(mdp, point, samples=affordable(mdp, samples), seed=seed))
    rows.append(_simulated(estimate, samples, reference, rounding, mdp, seconds))
    return Comparison(mdp, point, tuple(rows), estimate)


def _simulated(estimate: Estimate, asked: int, reference: FloatArray, rounding: FloatArray, mdp: TabularMDP,
               seconds: float) -> Row:
    """Monte Carlo, unless there are too few episodes to judge by."""
    episodes = int(estimate.counts[-1])
    name = "Monte Carlo" if episodes == asked else f"Monte Carlo, {episodes:,} of {asked:,} episodes: work limit"
    if episodes < FEWEST_EPISODES:
        return left_out(name, f"{episodes:,} episodes are too few to judge by; at least {FEWEST_EPISODES:,} are needed")
    chance = FALSE_ALARM / (2 * reference.size)
    allowed = NormalDist().inv_cdf(1 - chance)
    # what n episodes did not show has a probability below ln(1/chance)/n, but for that chance
    unseen = (estimate.one_episode or (mdp.horizon + 1) * mdp.return_bound / episodes) * -math.log(chance) / allowed
    return held(name, estimate.gradient, reference, estimate.standard_error + unseen + rounding, allowed, seconds)


def _timed(run: Callable[[], Result]) -> tuple[Result, float]:
    start = time.perf_counter()
    return run(), time.perf_counter() - start
