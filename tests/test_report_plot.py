"""The panels of the report: each coordinate in its place on axes that are read back, and the numbers beside them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from derive.numeric.comparison import Comparison, compare
from derive.numeric.sources import bandit, two_state
from derive.report.curve import ABOVE, LEFT, UNIT, drawn
from derive.report.numbers import Evaluated, coordinates, numbers
from derive.report.plot import DASHED, FILLED, HEIGHT, SOLID, WIDTH, Panel, panels


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    mdp = two_state()
    return compare(mdp, np.array([[0.3, -0.2], [0.1, 0.4]]), samples=3000, seed=1)


def axis(panel: Panel, *, up: bool) -> Any:
    """From cm back to numbers, by the first and the last tick alone."""
    first, *_, last = panel.y_ticks if up else panel.x_ticks
    values = [float(tick.text.replace("−", "-")) if tick.power is None else tick.power for tick in (first, last)]
    slope = (values[1] - values[0]) / (last.place - first.place)
    linear = lambda place: values[0] + slope * (place - first.place)  # noqa: E731
    return linear if first.power is None else lambda place: 10 ** linear(place)


def test_the_exact_values_and_the_last_estimates_stand_where_the_axis_says(comparison: Comparison) -> None:
    """Coordinates θ(0, 1) and θ(1, .): of two actions one is drawn, since the other is minus it."""
    upper, _ = panels(comparison)
    names = [key.text for key in upper.keys if key.colour is not None]
    places = [tuple(map(int, re.findall(r"\d+", name))) for name in names]
    assert [state for state, _ in places] == [0, 1] or [state for state, _ in places] == [1, 0]
    value, episodes = axis(upper, up=True), axis(upper, up=False)
    for number, place in enumerate(places):
        flat, = (trace for trace in upper.traces if trace.style == DASHED and trace.colour == number)
        line, = (trace for trace in upper.traces if trace.style == SOLID and trace.colour == number)
        assert value(flat.points[0][1]) == pytest.approx(comparison.reference[place], abs=1e-6)
        assert value(line.points[-1][1]) == pytest.approx(comparison.estimate.gradient[place], abs=1e-6)
        assert episodes(line.points[-1][0]) == pytest.approx(3000)
        band, = (trace for trace in upper.traces if trace.style == FILLED and trace.colour == number)
        half = len(band.points) // 2
        assert value(band.points[half - 1][1]) - value(band.points[half][1]) == pytest.approx(
            4 * comparison.estimate.standard_error[place], rel=1e-5)


def test_the_second_panel_has_the_bias_and_the_standard_error(comparison: Comparison) -> None:
    upper, lower = panels(comparison)
    assert [key.text for key in lower.keys if key.colour is None] == ["bias seen", "standard error"]
    assert (lower.x_label, lower.y_label) == ("episodes", "error")
    assert (upper.x_label, upper.y_label) == ("episodes", "gradient")
    value = axis(lower, up=True)
    names = [key.text for key in lower.keys if key.colour is not None]
    for number, name in enumerate(names):
        place = tuple(map(int, re.findall(r"\d+", name)))
        off = abs(comparison.estimate.gradient[place] - comparison.reference[place])
        for style, expected in ((SOLID, off), (DASHED, comparison.estimate.standard_error[place])):
            trace, = (trace for trace in lower.traces if trace.style == style and trace.colour == number)
            assert value(trace.points[-1][1]) == pytest.approx(expected, rel=1e-4)


def test_a_biased_estimate_is_seen_to_be_one(comparison: Comparison) -> None:
    """The twin: half of the gradient, as a lost discount would give, lies many standard errors off."""
    halved = replace(comparison, estimate=replace(
        comparison.estimate, gradient=comparison.estimate.gradient / 2, running=comparison.estimate.running / 2))
    told = [(float(one.bias.replace("−", "-")), float(one.error)) for one in coordinates(halved)[0]]
    assert max(abs(bias) / error for bias, error in told) > 5
    assert all(abs(float(one.bias.replace("−", "-"))) < 5 * float(one.error) for one in coordinates(comparison)[0])
    _, lower = panels(halved)
    value = axis(lower, up=True)
    ends = {trace.style: value(trace.points[-1][1]) for trace in lower.traces if trace.colour == 0}
    assert ends[SOLID] > 5 * ends[DASHED]


def test_constant_rewards_and_few_episodes_draw_something() -> None:
    mdp = bandit()
    flat = replace(mdp, r=np.ones((1, 3, 1)))
    for model, samples in ((flat, 2), (mdp, 2), (mdp, 50)):
        for panel in panels(compare(model, np.zeros((1, 3)), samples=samples, seed=0)):
            assert panel.x_ticks
            assert panel.y_ticks
            for trace in panel.traces:
                assert all(-1 <= x <= WIDTH + 1 and -1 <= y <= HEIGHT + 1 for x, y in trace.points)


def test_the_svg_has_axes_labels_and_a_legend(comparison: Comparison) -> None:
    root = ElementTree.fromstring(drawn(panels(comparison)))
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    for text in ("episodes", "gradient", "error", "estimate", "exact", "2 standard errors", "bias seen"):
        assert text in texts
    assert sum(str(text).startswith("∂J/∂θ(") for text in texts) == 4
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    assert width >= WIDTH * UNIT + LEFT
    assert height >= 2 * (HEIGHT * UNIT + ABOVE)


def test_the_table_says_how_far_the_estimate_is_off(comparison: Comparison) -> None:
    told = numbers(Evaluated(comparison)).coordinates
    first = told[0]
    assert first.place == "0, 0"
    exact, estimate, bias = (float(text.replace("−", "-")) for text in (first.exact, first.estimate, first.bias))
    assert bias == pytest.approx(estimate - exact, abs=2e-6)
