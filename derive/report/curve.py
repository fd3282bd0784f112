"""The panels of ``plot`` as an SVG, for the page and for Typst."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from derive.report.plot import Panel, Points

UNIT = 50.0
"""Pixels for a centimetre of the plot on paper."""
LEFT, ABOVE, BELOW = 90.0, 62.0, 56.0
"""Room around a frame, in pixels, for the axis, the legend and the episodes."""
ON_A_PAGE = {"lines": ("var(--link)", "var(--fair)", "var(--good)"), "frame": "var(--quiet)", "text": "var(--text)"}
ON_PAPER = {"lines": ("#1a4d99", "#996100", "#0d6626"), "frame": "#595959", "text": "#000000"}
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def environment_for(made: Environment) -> Environment:
    """With what the template of the SVG asks for."""
    made.filters |= {"pixels": pixels, "raised": lambda power: f"10{str(power).translate(_RAISED)}"}
    made.globals |= {"UNIT": UNIT, "LEFT": LEFT, "ABOVE": ABOVE, "BELOW": BELOW}
    return made


def drawn(panels: Sequence[Panel]) -> str:
    """The panels as an SVG of its own, in the colours of paper."""
    made = environment_for(Environment(
        loader=PackageLoader("derive.report", "templates"), undefined=StrictUndefined, autoescape=True,
        trim_blocks=True, lstrip_blocks=True))
    return made.get_template("curve.svg").render(panels=panels, colours=ON_PAPER)


def pixels(points: Points, up: float) -> str:
    """Points in pixels, downwards from the upper edge of a frame that is ``up`` cm high."""
    return " ".join(f"{x * UNIT:.1f},{(up - y) * UNIT:.1f}" for x, y in points)
