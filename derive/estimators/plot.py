"""Bias and standard error against batch size, as SVG: where a smaller variance pays for a bias, and where not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from derive.errors import BadInput
from derive.estimators.result import EstimatorResult

WIDTH, HEIGHT, LEFT, TOP = 560.0, 320.0, 64.0, 20.0
LINE = 18.0
GROUPS = tuple(4**power for power in range(8))
"""Batch sizes, in groups."""
COLOURS = ("#1b6ca8", "#c0392b", "#1e8449", "#7d3c98", "#b9770e", "#34495e", "#117a65", "#a04000")


def svg(results: Sequence[EstimatorResult]) -> str:
    """Both axes logarithmic: across, groups in a batch; up, |bias| (flat) and standard error (falling), over |∇J|.

    Raises ``BadInput`` if no estimator has a size to draw.
    """
    drawn = [result for result in results if result.relative_bias is not None and result.trace_variance is not None]
    if not drawn:
        raise BadInput("there is nothing to draw: no estimator has a bias and a variance")
    scale = [_target_length(result) for result in drawn]
    errors = [[math.sqrt(max(result.trace_variance or 0.0, 0.0) / count) / length for count in GROUPS]
              for result, length in zip(drawn, scale, strict=True)]
    biases = [result.relative_bias or 0.0 for result in drawn]
    visible = [value for row in errors for value in row if value > 0] + [bias for bias in biases if bias > 1e-9]
    low, high = math.floor(math.log10(min(visible, default=0.1))), math.ceil(math.log10(max(visible, default=1.0)))
    high = max(high, low + 1)

    def point(place: int, value: float) -> str:
        up = (math.log10(max(value, 10.0 ** (low - 1))) - low) / (high - low)
        return f"{LEFT + WIDTH * place / (len(GROUPS) - 1):.1f},{TOP + HEIGHT * (1 - up):.1f}"

    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#888"/>']
    for place, count in enumerate(GROUPS):
        x = LEFT + WIDTH * place / (len(GROUPS) - 1)
        parts.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{count}</text>')
    for power in range(low, high + 1):
        y = TOP + HEIGHT * (1 - (power - low) / (high - low))
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">10<tspan dy="-5">{power}</tspan></text>')
    for number, result in enumerate(drawn):
        colour = COLOURS[number % len(COLOURS)]
        falling = " ".join(point(place, value) for place, value in enumerate(errors[number]))
        parts.append(f'<polyline points="{falling}" fill="none" stroke="{colour}" stroke-dasharray="4 3"/>')
        if biases[number] > 1e-9:
            flat = f"{point(0, biases[number])} {point(len(GROUPS) - 1, biases[number])}"
            parts.append(f'<polyline points="{flat}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = TOP + HEIGHT + 50 + LINE * number
        parts.append(f'<rect x="{LEFT}" y="{y - 9}" width="14" height="8" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + 20}" y="{y}">{escape(result.name)}: {escape(result.verdict)}, '
                     f"G = {result.at.group}</text>")
    middle = LEFT + WIDTH / 2
    parts.append(f'<text x="{middle}" y="{TOP + HEIGHT + 32}" text-anchor="middle">groups in the batch; '
                 "solid: bias, dashed: standard error, over the length of the gradient</text>")
    height = TOP + HEIGHT + 60 + LINE * len(drawn)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {height}" '
            f'font-family="sans-serif" font-size="11">\n' + "\n".join(parts) + "\n</svg>\n")


def _target_length(result: EstimatorResult) -> float:
    """|∇J| at the policy of the sizes; given by the row."""
    return result.at.target_length or 1.0
