"""Infinite horizons on random pairs: the kernel, two evaluators, and plain numbers.

None of the four shares code with another: the kernel, walks over times in residues and rationals, linear systems
over what is left of a term, and sums over times that stop after some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from random import Random

import numpy as np
import pytest
from further_theorems import ENDLESS
from random_infinite import FOREVER, Numbers, Side, endless_sides, side_term
from random_pairs import decision
from random_sums import Pair
from residues import EVERYTHING
from sympy import Expr

from derive.language.expression import subterms
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.terms import ActionValue, Advantage, Policy, StateValue
from derive.procedures.certificates import Differs
from derive.procedures.decision import Outside, Shown
from derive.semantics.concrete import Rationals, as_fraction, concrete_model
from derive.semantics.infinite_horizon import InfiniteHorizon
from derive.semantics.modular import residue_model
from derive.semantics.walks import NotKnownToConverge
from derive.stationary.evaluation import Stationary
from derive.stationary.systems import Diverges

pytestmark = pytest.mark.usefixtures("ranks_aside")

QUICK = 16
"""Pairs in the default run."""

SHAPES = [Shape(*size, 0) for size in ((1, 2), (2, 2), (3, 2), (2, 3))]


@cache
def residues(shape: Shape) -> InfiniteHorizon:
    return InfiniteHorizon(residue_model(shape, EVERYTHING, additive=True, seed=11, points=2))


def rational(numbers: Numbers) -> Model:
    """The same model for the exact evaluators; its floats are fractions."""
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
        if signature(before, after).order > 2:
            continue
        tally.counts["pairs"] += 1
        found = decision(Pair(before, after, frozenset(ENDLESS), ""))
        tally.counts[type(found).__name__] += 1
        if isinstance(found, Outside):
            continue
        equal = all(_agrees(before, after, shape) for shape in SHAPES)
        if isinstance(found, Shown) and not equal:
            tally.false_yes.append(seed)
        if isinstance(found, Differs) and equal:
            if len(valued(before, after)) > 1:
                tally.counts["no with values of two policies"] += 1
            else:
                tally.false_no.append(seed)
        _numbers(seed, (left, right), (before, after), isinstance(found, Shown), tally)
    return tally


def valued(*terms: Expr) -> set[str]:
    """The policies whose values occur."""
    return {str(one.label) for term in terms for x in subterms(term)
            if isinstance(x, (StateValue, ActionValue, Advantage)) for one in x.args if isinstance(one, Policy)}


def _agrees(before: Expr, after: Expr, shape: Shape) -> bool:
    """What the kernel decides the evaluator can say too."""
    one, two = (residues(shape).value(side, {}) for side in (before, after))
    return residues(shape).ring.is_zero(one - two)


def _numbers(seed: int, data: tuple[Side, Side], terms: tuple[Expr, Expr], yes: bool, tally: Tally) -> None:
    rng = Random(f"numbers {seed}")
    numbers = Numbers(*rng.choice([(1, 2), (2, 2), (2, 2), (3, 2), (2, 3)]), rng)
    model = rational(numbers)
    kernel, oracle = InfiniteHorizon(concrete_model(model, Rationals())), Stationary(model)
    exact = [as_fraction(kernel.value(term, {})) for term in terms]
    for value, term in zip(exact, terms, strict=True):
        if abs(value - oracle.value(term)) > max(1, abs(value)) / Fraction(10**20):
            tally.wrong_values.append(seed)
    if not all(map(small, data)):
        return
    found = [numbers.side(side) for side in data]
    tally.counts["by plain numbers"] += 1
    for (plain, size), value in zip(found, exact, strict=True):
        if abs(plain - float(value)) > 1e-8 * max(1.0, size):
            tally.wrong_values.append(seed)
    if yes and abs(found[0][0] - found[1][0]) > 1e-8 * max(1.0, found[0][1], found[1][1]):
        tally.false_yes.append(seed)


def check(tally: Tally) -> None:
    assert (tally.false_yes, tally.false_no, tally.wrong_values) == ([], [], [])


@pytest.mark.slow
def test_a_sample_of_endless_pairs() -> None:
    tally = campaign(range(QUICK))
    check(tally)
    assert min(tally.counts["Shown"], tally.counts["Differs"]) > QUICK // 10


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_ten_thousand_endless_pairs(batch: int) -> None:
    check(campaign(range(10_000 + 1_000 * batch, 11_000 + 1_000 * batch)))


def both(model: Model, term: Expr, alone: list[Fraction]) -> Fraction | None:
    """The value, if both evaluators have it; ``alone`` gets what only one of them has.

    They differ in which 0 times what diverges they take for 0.
    """
    found: list[Fraction] = []
    for value in (lambda: as_fraction(InfiniteHorizon(concrete_model(model, Rationals())).value(term, {})),
                  lambda: Stationary(model).value(term)):
        with suppress(Diverges, NotKnownToConverge):
            found.append(value())
    if len(found) < 2:
        alone += found
        return None
    assert abs(found[0] - found[1]) * 10**20 <= max(1, abs(found[0]))
    return found[0]


def undiscounted(side: Side) -> Side:
    """One power of gamma dropped, and those that it was to make up for."""
    return tuple(replace(part, discount=tuple(one for one in part.discount[1:] if one[1] > 0)) for part in side)


def test_what_may_diverge_is_refused_by_both_or_has_one_value() -> None:
    """Most of these terms the kernel does not take for convergent."""
    found, alone = [], []
    for seed in range(QUICK):
        rng = Random(f"undiscounted {seed}")
        found.append(both(rational(Numbers(*rng.choice([(1, 2), (2, 2)]), rng)),
                          side_term(undiscounted(endless_sides(seed)[0])), alone))
    assert len(alone) < 3
    assert min(found.count(None), sum(value is not None for value in found)) > QUICK // 10


def absorbing(numbers: Numbers) -> Model:
    """The same model with a last state that is never left and where everything is 0."""
    model, last = rational(numbers), numbers.states - 1
    stay = tuple(Fraction(x == last) for x in range(numbers.states))

    def calm(table: object) -> object:
        return tuple(map(calm, table)) if isinstance(table, tuple) else Fraction(0)

    return replace(
        model, P=(*model.P[:last], (stay,) * numbers.actions), r=(*model.r[:last], calm(model.r[last])),  # type: ignore[arg-type]
        functions={name: {at: Fraction(0) if at[0] == last else value for at, value in table.items()}
                   for name, table in model.functions.items()})


@pytest.mark.slow
def test_sums_without_a_discount_where_all_comes_to_rest() -> None:
    """The last state contributes nothing: weight 1 on transient states. Plain numbers, stopped late, agree."""
    seen, alone = 0, []
    for seed in range(4 * QUICK):
        bare = undiscounted(endless_sides(seed)[0])
        if not small(bare) or any(part.ratio or part.derived for part in bare):
            continue
        numbers = Numbers(2, 2, Random(f"rest {seed}"), last=80)
        model = absorbing(numbers)
        numbers.data |= {"P": floats(model.P), "r": floats(model.r), "b": floats(tuple(model.functions["b"].values())),
                         "q": floats(tuple(tuple(model.functions["q"][s, a] for a in range(2)) for s in range(2)))}
        exact = both(model, side_term(bare), alone)
        if exact is None:
            continue
        plain, size = numbers.side(bare)
        assert abs(plain - float(exact)) <= 1e-6 * max(1.0, size)
        seen += any(one.last == FOREVER and one.name not in dict(part.discount) for part in bare for one in part.sums)
    assert seen > QUICK // 4
    assert len(alone) < seen // 4


def floats(table: object) -> np.ndarray:
    return np.array(table, dtype=object).astype(float)
