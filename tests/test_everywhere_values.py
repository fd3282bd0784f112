"""The everywhere decision on random pairs with V, Q and A, free times and sums outside expectations.

The evaluation on shapes knows V, Q and A by backward recursion, the enumeration by walking through all
that may follow; neither knows coordinates. With values of two policies on one reward the decision is
sound but not complete, so "somewhere" is held against it only where one policy is valued.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from test_everywhere_random import Tally, decided, enumerated
from values_terms import value_pair

from derive.models import Shape
from derive.procedures.closure import Somewhere
from derive.procedures.everywhere import valued

QUICK = 150
"""Pairs in the default run."""

FEW = [Shape(*size) for size in ((2, 2, 0), (2, 2, 1), (1, 2, 2))]
MANY = [Shape(*size) for size in ((2, 2, 0), (2, 2, 1), (1, 2, 3), (2, 1, 3), (2, 2, 2), (3, 2, 1))]
LARGE = [*MANY, Shape(3, 3, 1), Shape(2, 2, 3)]


def campaign(seeds: Iterable[int], shapes: list[Shape] | None = None) -> Tally:
    """Decide and evaluate the pairs of these seeds; one in five on large shapes too."""
    tally = Tally()
    for seed in seeds:
        pair = value_pair(seed)
        tally.shapes = shapes or (LARGE if seed % 5 == 0 else MANY)
        decision = decided(pair)
        if isinstance(decision, Somewhere) and len(valued(pair.before, pair.after)) > 1:
            tally.counts["no with values of two policies"] += 1
            continue
        tally.add(seed, pair, decision)
    return tally


def test_a_sample_of_pairs_with_values_has_no_false_yes_and_no_false_no() -> None:
    tally = campaign(range(QUICK), FEW)
    assert (tally.false_yes, tally.false_no) == ([], [])
    assert min(tally.counts["Everywhere"], tally.counts["Somewhere"]) > QUICK // 10


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(20))
def test_twenty_thousand_pairs_with_values(batch: int) -> None:
    tally = campaign(range(100_000 + 1_000 * batch, 101_000 + 1_000 * batch))
    assert (tally.false_yes, tally.false_no) == ([], [])


# -- concrete models with zeros, by enumeration ----------------------------------------------------------------


def test_concrete_models_with_zeros_separate_no_yes_with_values() -> None:
    yes, wrong = enumerated(range(20), value_pair, "concrete values")
    assert wrong == []
    assert yes > 3


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(4))
def test_many_concrete_models_with_zeros_separate_no_yes_with_values(batch: int) -> None:
    assert enumerated(range(1_000 + 300 * batch, 1_300 + 300 * batch), value_pair, "concrete values")[1] == []
