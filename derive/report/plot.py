"""What Monte Carlo makes of the gradient, in two panels: the running estimates, and their bias and standard error.

Plain data: ``numbers.tex`` draws it with TikZ, ``curve`` as an SVG for the page and for Typst.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from derive.numeric.comparison import Comparison
from derive.numeric.tabular import FloatArray

WIDTH, HEIGHT = 12.5, 4.6
"""The frame of a panel, in cm."""
BAND = 2.0
"""Standard errors on either side of the running estimate."""
MOST_LINES = 3
"""Coordinates that are drawn, the largest ones."""
OUTSIDE = 1.0
"""How far, in cm, a line may leave the frame, where it is clipped."""
SOLID, DASHED, FILLED = "solid", "dashed", "filled"

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in cm, and the number there: as written, or as a power of ten."""

    place: float
    text: str
    power: int | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A line, or the area inside of one, with the number of its colour."""

    points: Points
    style: str
    colour: int


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend: a colour, or a style if the colour is None."""

    text: str
    style: str
    colour: int | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A frame with its traces, axes and legend; places from the lower left corner."""

    across: float
    up: float
    x_label: str
    y_label: str
    traces: tuple[Trace, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    keys: tuple[Key, ...]


def panels(comparison: Comparison) -> tuple[Panel, ...]:
    """The running estimates with their bands; and how far they are off, beside their standard errors."""
    exact, estimate = comparison.reference, comparison.estimate
    places = _largest(exact)
    counts = estimate.counts.astype(float)
    running = [estimate.running[:, s, a] for s, a in places]
    errors = [estimate.running_error[:, s, a] for s, a in places]
    values = [float(exact[s, a]) for s, a in places]
    across = _Logarithmic(float(counts[0]), float(counts[-1]), WIDTH)
    names = tuple(Key(f"∂J/∂θ({s}, {a})", SOLID, number) for number, (s, a) in enumerate(places))
    return (_estimates(counts, running, errors, values, across, names),
            _off(counts, running, errors, values, across, names))


def _largest(exact: FloatArray) -> list[tuple[int, int]]:
    """The coordinates to draw: those of a state add up to 0, so the last of each would repeat the others."""
    found: list[tuple[int, int]] = []
    for flat in np.argsort(-np.abs(exact), axis=None, kind="stable"):
        state, action = divmod(int(flat), exact.shape[1])
        if len(found) < MOST_LINES and sum(s == state for s, _ in found) < max(1, exact.shape[1] - 1):
            found.append((state, action))
    return found


def _estimates(counts: FloatArray, running: Sequence[FloatArray], errors: Sequence[FloatArray],
               values: Sequence[float], across: _Logarithmic, names: tuple[Key, ...]) -> Panel:
    # the first few episodes are wild: the frame shows the bands from the tenth estimate on
    start = min(10, len(counts) // 3)
    lowest = [float((one - BAND * error)[start:].min()) for one, error in zip(running, errors, strict=True)]
    highest = [float((one + BAND * error)[start:].max()) for one, error in zip(running, errors, strict=True)]
    low, high = min(*values, *lowest), max(*values, *highest)
    margin = 0.08 * (high - low) or max(abs(high), 1.0) * 0.1
    up = _Linear(low - margin, high + margin, HEIGHT)
    bands = tuple(Trace((*_path(counts, one + BAND * error, across, up),
                         *reversed(_path(counts, one - BAND * error, across, up))), FILLED, number)
                  for number, (one, error) in enumerate(zip(running, errors, strict=True)))
    flat = tuple(Trace(((0.0, up(value)), (WIDTH, up(value))), DASHED, number) for number, value in enumerate(values))
    lines = tuple(Trace(_path(counts, one, across, up), SOLID, number) for number, one in enumerate(running))
    styles = (Key("estimate", SOLID), Key("exact", DASHED), Key(f"{BAND:g} standard errors", FILLED))
    return Panel(WIDTH, HEIGHT, "episodes", "gradient", (*bands, *flat, *lines), tuple(across.ticks()),
                 tuple(up.ticks()), (*names, *styles))


def _off(counts: FloatArray, running: Sequence[FloatArray], errors: Sequence[FloatArray],
         values: Sequence[float], across: _Logarithmic, names: tuple[Key, ...]) -> Panel:
    off = [np.abs(one - value) for one, value in zip(running, values, strict=True)]
    drawn = np.concatenate([*off, *errors])
    positive = drawn[drawn > 0]
    low, high = (float(positive.min()), float(positive.max())) if len(positive) else (0.1, 1.0)
    up = _Logarithmic(max(low, high * 1e-4) / 1.3, high * 1.3, HEIGHT)
    lines = tuple(Trace(_path(counts, one, across, up), SOLID, number) for number, one in enumerate(off))
    # after episodes that were all alike the standard error is 0, and has no place on this scale
    dashed = tuple(Trace(_path(counts[error > 0], error[error > 0], across, up), DASHED, number)
                   for number, error in enumerate(errors))
    styles = (Key("bias seen", SOLID), Key("standard error", DASHED))
    return Panel(WIDTH, HEIGHT, "episodes", "error", (*dashed, *lines), tuple(across.ticks()), tuple(up.ticks()),
                 (*names, *styles))


def _path(counts: FloatArray, values: FloatArray, across: _Logarithmic, up: _Logarithmic | _Linear) -> Points:
    return tuple((across(float(count)), up(float(value))) for count, value in zip(counts, values, strict=True))


@dataclass(frozen=True, slots=True)
class _Linear:
    """From numbers to cm; what is far outside is drawn a little outside."""

    low: float
    high: float
    length: float

    def __call__(self, value: float) -> float:
        place = self.length * (value - self.low) / (self.high - self.low)
        return min(max(place, -OUTSIDE), self.length + OUTSIDE)

    def ticks(self) -> Iterator[Tick]:
        """Three to six round numbers within the frame."""
        span = self.high - self.low
        power = 10.0 ** math.floor(math.log10(span))
        step = next(unit * power / 10 for unit in (1, 2, 5, 10, 20) if span / (unit * power / 10) <= 6)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1):
            yield Tick(self(number * step), f"{number * step:.{digits}f}".replace("-", "−"))


@dataclass(frozen=True, slots=True)
class _Logarithmic:
    """From positive numbers to cm on a logarithmic scale; 0 lies below the frame."""

    low: float
    high: float
    length: float

    def __call__(self, value: float) -> float:
        if value <= 0:
            return -OUTSIDE
        span = math.log10(self.high / self.low) or 1.0
        return min(max(self.length * math.log10(value / self.low) / span, -OUTSIDE), self.length + OUTSIDE)

    def ticks(self) -> Iterator[Tick]:
        """The powers of ten within the frame; where there is one or none, also twice and five times as much."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        inside = [power for power in powers if self.low <= 10.0**power <= self.high * (1 + 1e-9)]
        if len(inside) > 1:
            yield from (Tick(self(10.0**power), f"10^{power}", power) for power in inside)
            return
        for power in powers:
            for unit in (1, 2, 5):
                if self.low <= unit * 10.0**power <= self.high:
                    yield Tick(self(unit * 10.0**power), f"{unit * 10.0**power:g}")
