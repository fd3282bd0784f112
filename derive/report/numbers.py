"""The numerical comparison as a table: methods, what they resolve, and the gradient itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from derive.numeric.comparison import Comparison, Row
from derive.report.escape import Tex, literal
from derive.report.plot import BAND, Panel, Points, panels

MOST_COORDINATES = 24


@dataclass(frozen=True, slots=True)
class Formula:
    """A theorem's formula for the gradient of J, evaluated; ``claimed`` says whether its author expects it to hold.

    ``verdict`` is that of ``check`` on a theorem that is not proved: numbers of one model do not make it right.
    """

    title: str
    row: Row
    claimed: bool
    verdict: str = ""


def in_a_word(one: Formula) -> tuple[str, str]:
    """What is said of a formula beside the reference, and its colour: only one of a proved theorem is called good."""
    if one.verdict and one.row.says == "agrees":
        return f"agrees on this model; the theorem is {one.verdict}", "fair"
    return one.row.says, {"agrees": "good", "disagrees": "bad"}.get(one.row.says, "fair")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What the section on numbers is about: methods that read no theorem, and the formulas of theorems."""

    comparison: Comparison
    formulas: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the table of methods, or of formulas."""

    name: Tex
    disagreement: Tex
    allowed: Tex
    resolution: Tex
    says: Tex
    skipped: Tex


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One coordinate of the gradient by two methods; the bias seen is how far the estimate is off."""

    place: str
    theta: str
    exact: str
    estimate: str
    bias: str
    error: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The comparison in print."""

    name: Tex
    shape: Tex
    methods: tuple[Method, ...]
    formulas: tuple[Method, ...]
    coordinates: tuple[Coordinate, ...]
    left_out: int
    samples: Tex
    band: Tex
    panels: tuple[Panel, ...]


def numbers(evaluated: Evaluated) -> Numbers:
    """The comparison in print; how long it took is left out, so that the document is always the same."""
    comparison = evaluated.comparison
    mdp = comparison.mdp
    told, left_out = coordinates(comparison)
    return Numbers(
        name=literal(mdp.name),
        shape=Tex(rf"|\mathcal S| = {mdp.states},\; |\mathcal A| = {mdp.actions},\; H = {mdp.horizon},\; "
                  rf"\gamma = {_number(mdp.gamma)}"),
        methods=tuple(_method(row, row.method, _of_a_method(row)) for row in comparison.rows),
        formulas=tuple(_method(one.row, one.title, _coloured(*in_a_word(one))) for one in evaluated.formulas),
        coordinates=tuple(told),
        left_out=left_out,
        samples=_count(int(comparison.estimate.counts[-1])),
        band=_number(BAND),
        panels=panels(comparison),
    )


def _of_a_method(row: Row) -> Tex:
    """That methods agree says nothing about a theorem, so it is not called good."""
    return _coloured(row.says, "bad") if row.says == "disagrees" else Tex(row.says)


def _coloured(says: str, colour: str) -> Tex:
    return Tex(rf"\verdict{{{colour}}}{{{says}}}")


def _method(row: Row, name: str, says: Tex) -> Method:
    if row.resolution is None:
        return Method(literal(name), Tex(""), Tex(""), Tex(""), Tex(""), literal(row.skipped))
    reference = row.says == "reference"
    return Method(
        name=literal(name),
        disagreement=Tex("") if reference else Tex(f"${_units(row.disagreement)}$"),
        allowed=Tex("") if reference else Tex(f"${row.allowed:.1f}$"),
        resolution=Tex(f"${_power(float(np.max(row.resolution)))}$"),
        says=says,
        skipped=Tex(""),
    )


def path(points: Points) -> Tex:
    """Points in cm, as TikZ draws them."""
    return Tex(" -- ".join(f"({x:.3f},{y:.3f})" for x, y in points))


def centimetres(length: float) -> Tex:
    """A length."""
    return Tex(f"{length:.3f}")


def _units(disagreement: float) -> Tex:
    return Tex(f"{disagreement:.2f}") if disagreement < 1000 else _power(disagreement)


def coordinates(comparison: Comparison) -> tuple[list[Coordinate], int]:
    """The first coordinates of the gradient, and how many are left out."""
    places = list(product(range(comparison.mdp.states), range(comparison.mdp.actions)))
    return [_coordinate(comparison, place) for place in places[:MOST_COORDINATES]], max(
        0, len(places) - MOST_COORDINATES)


def _coordinate(comparison: Comparison, place: tuple[int, int]) -> Coordinate:
    exact, estimate = float(comparison.reference[place]), float(comparison.estimate.gradient[place])
    return Coordinate(f"{place[0]}, {place[1]}", *map(_fixed, (
        float(comparison.theta[place]), exact, estimate, estimate - exact,
        float(comparison.estimate.standard_error[place]))))


def _fixed(value: float) -> str:
    """Six decimals, or a power of ten where those would hide the number."""
    shown = "0" if value == 0 else f"{value:.6f}" if 1e-4 <= abs(value) < 1e4 else f"{value:.1e}"
    return shown.replace("-", "−")


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
