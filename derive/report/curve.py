"""The running Monte Carlo estimate against the exact value, as the points of an SVG."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from derive.numeric.comparison import Comparison
from derive.numeric.tabular import FloatArray
from derive.report.plot import BAND, HEIGHT, WIDTH, Axes

UNIT = 50.0
"""Pixels for a centimetre of the plot on paper."""
ON_A_PAGE = {"band": "var(--band)", "exact": "var(--bad)", "estimate": "var(--link)", "frame": "var(--quiet)"}
ON_PAPER = {"band": "#b8d1ec", "exact": "#b3140d", "estimate": "#1a4d99", "frame": "#595959"}
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True, slots=True)
class Curve:
    """Points and ticks in pixels, downwards from the upper edge of the frame."""

    coordinate: str
    across: float
    down: float
    estimate: str
    band: str
    exact: float
    episodes: tuple[tuple[float, str], ...]
    values: tuple[tuple[float, str], ...]
    last: str


def curve(comparison: Comparison) -> Curve:
    """The coordinate of the gradient that is largest, as ``plot.convergence`` has it."""
    exact = comparison.reference
    state, action = divmod(int(np.argmax(np.abs(exact))), exact.shape[1])
    value, estimate = float(exact[state, action]), comparison.estimate
    running, error = (table[:, state, action] for table in (estimate.running, estimate.running_error))
    axes = Axes(estimate.counts.astype(float), running, error, value)
    upper, lower = running + BAND * error, running - BAND * error
    return Curve(
        coordinate=f"θ({state}, {action})", across=WIDTH * UNIT, down=HEIGHT * UNIT,
        estimate=_points(_path(axes, running)),
        band=_points([*_path(axes, upper), *reversed(_path(axes, lower))]),
        exact=_down(axes, value),
        episodes=tuple((float(tick.place) * UNIT, f"10{tick.label[4:-1].translate(_RAISED)}")
                       for tick in axes.episode_ticks()),
        values=tuple(((HEIGHT - float(tick.place)) * UNIT, str(tick.label)) for tick in axes.value_ticks()),
        last=f"{int(estimate.counts[-1]):,}")


def drawn(curve: Curve) -> str:
    """The plot as an SVG of its own."""
    made = Environment(loader=PackageLoader("derive.report", "templates"), undefined=StrictUndefined, autoescape=True,
                       trim_blocks=True, lstrip_blocks=True)
    return made.get_template("curve.svg").render(curve=curve, colours=ON_PAPER)


def _down(axes: Axes, value: float) -> float:
    """As far outside of the frame as it may be, where it is clipped."""
    return (HEIGHT - min(max(axes.y(value), -1.0), HEIGHT + 1.0)) * UNIT


def _path(axes: Axes, values: FloatArray) -> list[tuple[float, float]]:
    return [(axes.x(float(count)) * UNIT, _down(axes, float(value)))
            for count, value in zip(axes.counts, values, strict=True)]


def _points(path: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in path)
