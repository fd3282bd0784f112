"""Infinite horizons on random pairs: the decision, the resolvents, and plain numbers that know neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from random import Random

import pytest
from endless_terms import Numbers, Side, endless_sides, side_term
from further_theorems import ENDLESS
from sympy import Expr
from test_everywhere_random import EVERYTHING

from derive.errors import MalformedTerm
from derive.language.signature import signature
from derive.language.typing import check_equation
from derive.models import Model, Shape
from derive.procedures.closure import Relations, Somewhere
from derive.procedures.concrete import Rationals, as_fraction, concrete_model
from derive.procedures.endless_models import endless_value
from derive.procedures.everywhere import Everywhere, Outside, Sides, _decided, choices, valued
from derive.procedures.modular import residue_model
from derive.procedures.rings import RingModel

QUICK = 60
"""Pairs in the default run."""

SHAPES = [Shape(*size, 0) for size in ((1, 2), (2, 2), (3, 2), (2, 3))]


@cache
def model(shape: Shape) -> RingModel:
    return residue_model(shape, EVERYTHING, additive=True, seed=11, points=2)


def rational(numbers: Numbers) -> Model:
    """The same model for the resolvents; its floats are fractions."""
    d = numbers.data

    def exact(value: float) -> Fraction:
        return Fraction(value).limit_denominator(10_000)

    def table(array: object) -> tuple[object, ...]:
        return tuple(table(row) if hasattr(row, "__len__") else exact(row) for row in array)  # type: ignore[attr-defined]

    return Model(
        shape=Shape(numbers.states, numbers.actions, 0), mu=table(d["mu"]), P=table(d["P"]), r=table(d["r"]),  # type: ignore[arg-type]
        gamma=exact(d["gamma"]), policies={name: table(d[name]) for name in ("pi", "beta")},  # type: ignore[misc]
        scores=table(d["phi"]),  # type: ignore[arg-type]
        functions={"b": {(s,): exact(v) for s, v in enumerate(d["b"])},
                   "q": {(s, a): exact(v) for s, row in enumerate(d["q"]) for a, v in enumerate(row)}})


@dataclass
class Tally:
    """What a campaign saw."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    false_yes: list[int] = field(default_factory=list)
    false_no: list[int] = field(default_factory=list)
    wrong_values: list[int] = field(default_factory=list)


def small(side: Side) -> bool:
    """Whether plain numbers are quick: at most two sums over times that may go on for ever."""
    return all(len(part.sums) <= 2 for part in side)


def campaign(seeds: Iterable[int]) -> Tally:
    tally = Tally()
    for seed in seeds:
        left, right, _ = endless_sides(seed)
        before, after = side_term(left), side_term(right)
        try:
            check_equation(before, after, endless=True)
        except MalformedTerm:
            tally.counts["malformed"] += 1
        if signature(before, after).order > 2:
            continue
        tally.counts["pairs"] += 1
        sides = Sides(ENDLESS, endless=True)
        decision = _decision(before, after, sides)
        tally.counts[type(decision).__name__] += 1
        if isinstance(decision, Outside):
            tally.reasons[decision.why[:70]] += 1
            continue
        equal = all(_agrees(before, after, shape, sides) for shape in SHAPES)
        if isinstance(decision, Everywhere) and not equal:
            tally.false_yes.append(seed)
        if isinstance(decision, Somewhere) and equal:
            if len(valued(before, after)) > 1:
                tally.counts["no with values of two policies"] += 1
            else:
                tally.false_no.append(seed)
        _numbers(seed, (left, right), (before, after), sides, isinstance(decision, Everywhere), tally)
    return tally


def _decision(before: Expr, after: Expr, sides: Sides) -> object:
    """The decision; along one direction where ranks do not fit, as for products of scores."""
    decision: object = Outside("")
    for policy in choices(before, after):
        decision = _decided(before, after, sides, Relations(), policy)
        if isinstance(decision, Everywhere):
            break
    return decision


def _agrees(before: Expr, after: Expr, shape: Shape, sides: Sides) -> bool:
    one, two = (endless_value(side, sides, model(shape)) for side in (before, after))
    return model(shape).ring.is_zero(one - two)


def _numbers(seed: int, data: tuple[Side, Side], terms: tuple[Expr, Expr], sides: Sides, yes: bool,
             tally: Tally) -> None:
    if not all(map(small, data)):
        return
    rng = Random(f"numbers {seed}")
    numbers = Numbers(*rng.choice([(1, 2), (2, 2), (2, 2), (3, 2), (2, 3)]), rng)
    found = [numbers.side(side) for side in data]
    tally.counts["by plain numbers"] += 1
    ring_model = concrete_model(rational(numbers), Rationals())
    for (value, size), term in zip(found, terms, strict=True):
        exact = float(as_fraction(endless_value(term, sides, ring_model)))
        if abs(value - exact) > 1e-8 * max(1.0, size):
            tally.wrong_values.append(seed)
            return
    if yes and abs(found[0][0] - found[1][0]) > 1e-8 * max(1.0, found[0][1], found[1][1]):
        tally.false_yes.append(seed)


def check(tally: Tally) -> None:
    assert (tally.false_yes, tally.false_no, tally.wrong_values) == ([], [], [])


def test_a_sample_of_endless_pairs() -> None:
    tally = campaign(range(QUICK))
    check(tally)
    assert min(tally.counts["Everywhere"], tally.counts["Somewhere"]) > QUICK // 10


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_ten_thousand_endless_pairs(batch: int) -> None:
    check(campaign(range(10_000 + 1_000 * batch, 11_000 + 1_000 * batch)))
