"""The numerical comparison as a table: methods, what they resolve, and the gradient itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from derive.numeric.comparison import Comparison, Row
from derive.report.escape import Tex, literal
from derive.report.plot import BAND, Plot, convergence

MOST_COORDINATES = 24


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the table of methods."""

    name: Tex
    disagreement: Tex
    allowed: Tex
    resolution: Tex
    agrees: bool
    skipped: Tex


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One coordinate of the gradient by two methods."""

    place: Tex
    theta: Tex
    exact: Tex
    estimate: Tex
    error: Tex


@dataclass(frozen=True, slots=True)
class Numbers:
    """The comparison in print."""

    name: Tex
    shape: Tex
    methods: tuple[Method, ...]
    coordinates: tuple[Coordinate, ...]
    left_out: int
    agrees: bool
    samples: Tex
    band: Tex
    plot: Plot


def numbers(comparison: Comparison) -> Numbers:
    """The comparison in print; how long it took is left out, so that the document is always the same."""
    mdp = comparison.mdp
    places = list(product(range(mdp.states), range(mdp.actions)))
    return Numbers(
        name=literal(mdp.name),
        shape=Tex(rf"|\mathcal S| = {mdp.states},\; |\mathcal A| = {mdp.actions},\; H = {mdp.horizon},\; "
                  rf"\gamma = {_number(mdp.gamma)}"),
        methods=tuple(_method(row) for row in comparison.rows),
        coordinates=tuple(_coordinate(comparison, place) for place in places[:MOST_COORDINATES]),
        left_out=max(0, len(places) - MOST_COORDINATES),
        agrees=comparison.agrees,
        samples=_count(int(comparison.estimate.counts[-1])),
        band=_number(BAND),
        plot=convergence(comparison),
    )


def _method(row: Row) -> Method:
    if row.resolution is None:
        return Method(literal(row.method), Tex(""), Tex(""), Tex(""), row.agrees, literal(row.skipped))
    reference = row.allowed == 0.0
    return Method(
        name=literal(row.method),
        disagreement=Tex("reference") if reference else Tex(f"${row.disagreement:.2f}$"),
        allowed=Tex("") if reference else Tex(f"${row.allowed:.1f}$"),
        resolution=Tex(f"${_power(float(np.max(row.resolution)))}$"),
        agrees=row.agrees,
        skipped=Tex(""),
    )


def _coordinate(comparison: Comparison, place: tuple[int, int]) -> Coordinate:
    exact = comparison.rows[0].gradient
    assert exact is not None
    estimate = comparison.estimate
    return Coordinate(
        place=Tex(rf"{place[0]},\ {place[1]}"),
        theta=_fixed(float(comparison.theta[place])),
        exact=_fixed(float(exact[place])),
        estimate=_fixed(float(estimate.gradient[place])),
        error=_fixed(float(estimate.standard_error[place])),
    )


def _fixed(value: float) -> Tex:
    """Six decimals, or a power of ten where those would hide the number."""
    if value == 0 or 1e-4 <= abs(value) < 1e4:
        return Tex(f"{value:.6f}" if value else "0")
    return _power(value)


def _power(value: float) -> Tex:
    if not math.isfinite(value):
        return Tex(r"-\infty" if value < 0 else r"\infty")
    if value == 0:
        return Tex("0")
    figures, exponent = f"{value:.1e}".split("e")
    return Tex(rf"{figures} \cdot 10^{{{int(exponent)}}}")


def _number(value: float) -> Tex:
    short = f"{value:g}"
    return _power(value) if "e" in short else Tex(short)


def _count(number: int) -> Tex:
    return Tex(f"{number:,}".replace(",", r"\,"))
