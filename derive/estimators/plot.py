"""Bias and standard error against batch size: where a smaller variance pays for a bias, and where not.

Both axes are logarithmic; the picture is plain data, and is written as SVG here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from derive.diagnostics import visible
from derive.errors import BadInput
from derive.estimators.result import EstimatorResult

WIDTH, HEIGHT, LEFT, TOP = 560.0, 320.0, 64.0, 20.0
LINE = 18.0
GROUPS = tuple(4**power for power in range(8))
"""Batch sizes, in groups."""
COLOURS = ("#1b6ca8", "#c0392b", "#1e8449", "#7d3c98", "#b9770e", "#34495e", "#117a65", "#a04000")
MOST = 16
"""So many estimators are drawn; more lines could not be told apart."""
VISIBLE = 1e-9
CAPTION = "groups in the batch; solid: bias, dashed: standard error, over the length of the gradient"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Lines:
    """One estimator: its standard error, falling, and its bias, flat, if there is any. Points in pixels."""

    label: str
    colour: str
    error: tuple[Point, ...]
    bias: tuple[Point, Point] | None


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn in a frame of ``WIDTH`` x ``HEIGHT`` pixels, downwards and to the right from its corner."""

    lines: tuple[Lines, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, int], ...]
    """Places of powers of 10."""
    left_out: int

    @property
    def legend(self) -> tuple[tuple[str, str | None], ...]:
        """(text, colour) line by line."""
        more = ((f"and {self.left_out} more, not drawn", None),) if self.left_out else ()
        return (*((one.label, one.colour) for one in self.lines), *more)


def picture(results: Sequence[EstimatorResult]) -> Picture:
    """Across, groups in a batch; up, |bias| and standard error over |∇J|. Raises ``BadInput`` for nothing to draw."""
    sized = [result for result in results if result.relative_bias is not None and result.trace_variance is not None]
    if not sized:
        raise BadInput("there is nothing to draw: no estimator has a bias and a variance")
    drawn = sized[:MOST]
    errors = [[math.sqrt(max(result.trace_variance or 0.0, 0.0) / count) / (result.at.target_length or 1.0)
               for count in GROUPS] for result in drawn]
    biases = [result.relative_bias or 0.0 for result in drawn]
    seen = [value for row in errors for value in row if value > 0] + [bias for bias in biases if bias > VISIBLE]
    low, high = math.floor(math.log10(min(seen, default=0.1))), math.ceil(math.log10(max(seen, default=1.0)))
    high = max(high, low + 1)

    def point(place: int, value: float) -> Point:
        up = (math.log10(max(value, 10.0 ** (low - 1))) - low) / (high - low)
        return WIDTH * place / (len(GROUPS) - 1), HEIGHT * (1 - up)

    lines = []
    for number, (result, error, bias) in enumerate(zip(drawn, errors, biases, strict=True)):
        flat = (point(0, bias), point(len(GROUPS) - 1, bias)) if bias > VISIBLE else None
        falling = tuple(point(place, value) for place, value in enumerate(error)) if any(error) else ()
        lines.append(Lines(f"{result.name}: {result.verdict}, G = {result.at.group}", COLOURS[number % len(COLOURS)],
                           falling, flat))
    return Picture(tuple(lines), tuple((point(place, 1.0)[0], str(count)) for place, count in enumerate(GROUPS)),
                   tuple((HEIGHT * (1 - (power - low) / (high - low)), power) for power in range(low, high + 1)),
                   len(sized) - len(drawn))


def size(shown: Picture) -> tuple[float, float]:
    """Width and height with the labels and the legend."""
    return LEFT + WIDTH + 20, TOP + HEIGHT + 60 + LINE * len(shown.legend)


def svg(shown: Picture) -> str:
    """The picture as one SVG."""
    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#888"/>']
    for x, label in shown.across:
        parts.append(f'<text x="{LEFT + x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{label}</text>')
    for y, power in shown.up:
        parts.append(f'<text x="{LEFT - 6}" y="{TOP + y + 4:.1f}" text-anchor="end">10'
                     f'<tspan dy="-5">{power}</tspan></text>')
    for one in shown.lines:
        if one.error:
            parts.append(f'<polyline points="{_points(one.error)}" fill="none" stroke="{one.colour}" '
                         'stroke-dasharray="4 3"/>')
        if one.bias:
            parts.append(f'<polyline points="{_points(one.bias)}" fill="none" stroke="{one.colour}" '
                         'stroke-width="2"/>')
    for number, (text, colour) in enumerate(shown.legend):
        y = TOP + HEIGHT + 50 + LINE * number
        if colour is not None:
            parts.append(f'<rect x="{LEFT}" y="{y - 9}" width="14" height="8" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + 20}" y="{y}">{escape(visible(text))}</text>')
    parts.append(f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 32}" text-anchor="middle">{CAPTION}</text>')
    width, height = size(shown)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'font-family="sans-serif" font-size="11">\n' + "\n".join(parts) + "\n</svg>\n")


def _points(line: Sequence[Point]) -> str:
    return " ".join(f"{LEFT + x:.1f},{TOP + y:.1f}" for x, y in line)
