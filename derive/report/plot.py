"""The running Monte Carlo estimate against the exact value, as TikZ: one coordinate, episodes on a log axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from derive.numeric.comparison import Comparison
from derive.numeric.tabular import FloatArray
from derive.report.escape import Tex

WIDTH, HEIGHT = 12.5, 5.6
"""The frame, in cm."""
BAND = 2.0
"""Standard errors on either side of the running estimate."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in cm, and what is written there."""

    place: Tex
    label: Tex


@dataclass(frozen=True, slots=True)
class Plot:
    """Paths and ticks in cm, ready for TikZ."""

    coordinate: Tex
    across: Tex
    up: Tex
    estimate: Tex
    band: Tex
    exact: Tex
    episodes: tuple[Tick, ...]
    values: tuple[Tick, ...]
    last: Tex


def convergence(comparison: Comparison) -> Plot:
    """The plot of the coordinate of the gradient that is largest."""
    exact = comparison.reference
    state, action = divmod(int(np.argmax(np.abs(exact))), exact.shape[1])
    value, estimate = float(exact[state, action]), comparison.estimate
    running, error = (table[:, state, action] for table in (estimate.running, estimate.running_error))
    axes = Axes(estimate.counts.astype(float), running, error, value)
    return Plot(
        coordinate=Tex(rf"\theta({state}, {action})"),
        across=_cm(WIDTH), up=_cm(HEIGHT),
        estimate=axes.path(running),
        band=Tex(f"{axes.path(running + BAND * error)} -- {axes.path(running - BAND * error, backwards=True)}"),
        exact=_cm(axes.y(value)),
        episodes=axes.episode_ticks(), values=axes.value_ticks(),
        last=Tex(f"{int(estimate.counts[-1]):,}".replace(",", r"\,")),
    )


def _cm(length: float) -> Tex:
    return Tex(f"{length:.3f}")


class Axes:
    """Episodes to the right on a log scale, the gradient upwards."""

    def __init__(self, counts: FloatArray, running: FloatArray, error: FloatArray, exact: float) -> None:
        self.counts = counts
        # The first few episodes are wild: the frame shows the band from the tenth estimate on.
        start = min(10, len(counts) // 3)
        low = min(exact, float((running - BAND * error)[start:].min()))
        high = max(exact, float((running + BAND * error)[start:].max()))
        margin = 0.08 * (high - low) or max(abs(exact), 1.0) * 0.1
        self.low, self.high = low - margin, high + margin

    def x(self, count: float) -> float:
        first, last = math.log10(self.counts[0]), math.log10(self.counts[-1])
        return WIDTH * (math.log10(count) - first) / ((last - first) or 1.0)

    def y(self, value: float) -> float:
        return HEIGHT * (value - self.low) / (self.high - self.low)

    def path(self, values: FloatArray, *, backwards: bool = False) -> Tex:
        """The points in order; those far outside are drawn a little outside the frame, where TikZ clips."""
        points = [(self.x(float(count)), min(max(self.y(float(value)), -1.0), HEIGHT + 1.0))
                  for count, value in zip(self.counts, values, strict=True)]
        return _joined(reversed(points) if backwards else points)

    def episode_ticks(self) -> tuple[Tick, ...]:
        first, last = math.ceil(math.log10(self.counts[0])), math.floor(math.log10(self.counts[-1]))
        return tuple(Tick(_cm(self.x(10.0**power)), Tex(f"10^{{{power}}}")) for power in range(first, last + 1))

    def value_ticks(self) -> tuple[Tick, ...]:
        """Four to nine round numbers within the frame."""
        span = self.high - self.low
        power = 10.0 ** math.floor(math.log10(span))
        step = next(unit * power / 10 for unit in (1, 2, 5, 10, 20) if span / (unit * power / 10) <= 6)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        numbers = range(math.ceil(self.low / step), math.floor(self.high / step) + 1)
        return tuple(Tick(_cm(self.y(number * step)), Tex(f"{number * step:.{digits}f}")) for number in numbers)


def _joined(points: Iterable[tuple[float, float]]) -> Tex:
    return Tex(" -- ".join(f"({x:.3f},{y:.3f})" for x, y in points))
