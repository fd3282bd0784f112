"""The picture as PNG, drawn by Pillow (the extra ``plot``)."""

from __future__ import annotations

import math
from io import BytesIO
from itertools import pairwise
from typing import Any

from derive.errors import BadInput
from derive.estimators.plot import CAPTION, HEIGHT, LEFT, LINE, TOP, WIDTH, Picture, Point, size

SCALE = 4
"""Drawn so many times as large as in SVG, and reduced to half of that, which smooths the lines."""
DASH, GAP = 4.0, 3.0


def png(shown: Picture) -> bytes:
    """The picture as a PNG of two pixels for one. Raises ``BadInput`` without Pillow."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise BadInput("a plot as .png needs Pillow: pip install 'derive-rl[plot]'; as .svg it needs nothing") from None
    width, height = (math.ceil(length) for length in size(shown))
    image = Image.new("RGB", (width * SCALE, height * SCALE), "white")
    draw = ImageDraw.Draw(image)
    plain, small = (ImageFont.load_default(points * SCALE) for points in (11, 8))

    def text(x: float, y: float, words: str, anchor: str, font: Any = plain) -> None:
        draw.text((x * SCALE, y * SCALE), words, fill="black", font=font, anchor=anchor)

    def line(start: Point, end: Point, colour: str, thickness: float) -> None:
        ends = [((LEFT + x) * SCALE, (TOP + y) * SCALE) for x, y in (start, end)]
        draw.line(ends, fill=colour, width=round(thickness * SCALE))

    frame = [LEFT * SCALE, TOP * SCALE, (LEFT + WIDTH) * SCALE, (TOP + HEIGHT) * SCALE]
    draw.rectangle(frame, outline="#888888", width=SCALE)
    for x, label in shown.across:
        text(LEFT + x, TOP + HEIGHT + 16, label, "ms")
    for y, power in shown.up:
        text(LEFT - 6 - 6 * len(str(power)), TOP + y + 4, "10", "rs")
        text(LEFT - 6, TOP + y - 1, str(power), "rs", small)
    for one in shown.lines:
        for start, end in pairwise(one.error):
            for piece in _dashes(start, end):
                line(*piece, one.colour, 1)
        if one.bias:
            line(*one.bias, one.colour, 2)
    for number, (words, colour) in enumerate(shown.legend):
        y = TOP + HEIGHT + 50 + LINE * number
        if colour is not None:
            draw.rectangle([LEFT * SCALE, (y - 9) * SCALE, (LEFT + 14) * SCALE, (y - 1) * SCALE], fill=colour)
        text(LEFT + 20, y, words, "ls")
    text(LEFT + WIDTH / 2, TOP + HEIGHT + 32, CAPTION, "ms")
    written = BytesIO()
    image.resize((width * SCALE // 2, height * SCALE // 2), Image.Resampling.BOX).save(written, "PNG")
    return written.getvalue()


def _dashes(start: Point, end: Point) -> list[tuple[Point, Point]]:
    """A segment in dashes; each segment begins with one."""
    length = math.dist(start, end)
    places = [place * (DASH + GAP) for place in range(math.ceil(length / (DASH + GAP)))]

    def at(place: float) -> Point:
        share = min(place / length, 1.0)
        return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])

    return [(at(place), at(place + DASH)) for place in places]
