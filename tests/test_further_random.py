"""The everywhere decision on random products of sums, literal times, and values under gradients.

Sides are evaluated on shapes at random points modulo primes, as in ``test_everywhere_random``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from everywhere_terms import Pair
from further_random import literal_pair, product_pair, unrolled_pair
from test_everywhere_random import Tally, agrees, decided, shapes_at

from derive.models import Shape
from derive.procedures.closure import Somewhere
from derive.procedures.everywhere import valued

FEW = [Shape(*size) for size in ((2, 2, 0), (2, 2, 1), (1, 2, 2))]
MANY = [Shape(*size) for size in (
    (1, 2, 0), (2, 2, 0), (2, 2, 1), (1, 2, 2), (2, 1, 3), (2, 2, 2), (1, 2, 3), (3, 2, 1), (1, 2, 4), (2, 1, 5))]


def campaign(make: Callable[[int], Pair], seeds: Iterable[int], shapes: list[Shape]) -> Tally:
    """Decide and evaluate; a "no" counts where a shape with two states and two actions can be evaluated."""
    tally = Tally(shapes)
    for seed in seeds:
        pair = make(seed)
        decision = decided(pair)
        if isinstance(decision, Somewhere):
            large = any(s.states > 1 < s.actions for s in shapes_at(decision.horizon))
            if not large or len(valued(pair.before, pair.after)) > 1:
                tally.counts["no that is not held against it"] += 1
                continue
        tally.add(seed, pair, decision)
    return tally


@pytest.mark.parametrize(("make", "quick"), [(product_pair, 25), (literal_pair, 50), (unrolled_pair, 50)])
def test_a_sample_of_pairs(make: Callable[[int], Pair], quick: int) -> None:
    tally = campaign(make, range(quick), FEW)
    assert (tally.false_yes, tally.false_no) == ([], [])
    assert tally.counts["Everywhere"] > quick // 10


@pytest.mark.deep
@pytest.mark.parametrize("make", [product_pair, literal_pair, unrolled_pair])
@pytest.mark.parametrize("batch", range(4))
def test_many_pairs(make: Callable[[int], Pair], batch: int) -> None:
    tally = campaign(make, range(10_000 + 500 * batch, 10_500 + 500 * batch), MANY)
    assert (tally.false_yes, tally.false_no) == ([], [])


def test_values_do_not_apply_below_their_time() -> None:
    """Seeds whose literal times exist from some horizon on only."""
    pairs = [literal_pair(seed) for seed in range(12)]
    assert any(agrees(pair, Shape(2, 2, 0)) is None for pair in pairs)
