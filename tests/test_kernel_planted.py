"""Planted bugs: each makes an equation of the false twin that was written for its row, and of no row by chance.

Without the bug the twin is refused. What is true of the twins is tested beside ``kernel_claims``.
"""

from __future__ import annotations

from typing import Any

import pytest
from kernel_claims import NAMED, encoded, is_made, verdict
from kernel_letters import FALSE, TRUE, Claim
from kernel_plants import Plant, plant
from plants_conditions import (
    OF_BATCHES,
    OF_CLOSURE,
    OF_DEFINEDNESS,
    OF_DIFFERENCES,
    OF_RANKS,
    OF_SAMPLES,
    OF_SCOPE,
)
from plants_reading import (
    OF_LOCAL_SUMS,
    OF_PLACES,
    OF_PROBABILITIES,
    OF_READING,
    OF_REINDEXING,
    OF_UNFOLDING,
    OF_VALUES,
)

from derive.kernel.closure import NotShown
from derive.kernel.equations import by_closure, gap_of
from derive.kernel.polynomials import Refused
from derive.procedures.certificates import certificate
from derive.procedures.decision import Shown, policies

PLANTS = (*OF_LOCAL_SUMS, *OF_UNFOLDING, *OF_VALUES, *OF_READING, *OF_REINDEXING, *OF_PROBABILITIES,
          *OF_PLACES, *OF_SAMPLES, *OF_CLOSURE,
          *OF_DIFFERENCES, *OF_DEFINEDNESS, *OF_RANKS, *OF_BATCHES)


def made_untested(claim: Claim) -> bool:
    """Whether the kernel accepts what the search writes without testing anything."""
    context, before, after = encoded(claim)
    for policy in policies(before, after):
        try:
            gap = gap_of(context, before, after, policy)
            equation = by_closure(gap, certificate(gap, testing=False))
        except (Refused, NotShown):
            continue
        return claim.truth == FALSE or not equation.context.owes
    return False


def made(claim: Claim, one: Plant) -> bool:
    return is_made(claim) if one.testing else made_untested(claim)


def named(one: Plant) -> str:
    return f"{one.function.__qualname__}: {one.bug}"


@pytest.mark.parametrize("one", PLANTS, ids=named)
def test_a_planted_bug_is_caught_by_its_twin(one: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = NAMED[one.twin]
    assert twin.truth != TRUE
    assert not made(twin, one)
    plant(monkeypatch, one.function, one.old, one.new)
    assert made(twin, one)


def scope(claim: Claim) -> tuple[Any, ...]:
    found = verdict(claim)
    assert isinstance(found, Shown)
    return found.equation.context.first, found.equation.context.samples


@pytest.mark.parametrize("one", OF_SCOPE, ids=named)
def test_a_bug_in_the_scope_is_caught_by_a_true_twin(one: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = NAMED[one.twin]
    assert scope(twin) == (twin.first, twin.samples)
    plant(monkeypatch, one.function, one.old, one.new)
    assert scope(twin) < (twin.first, twin.samples)


def test_every_function_of_a_table_has_its_bug() -> None:
    tables = {"known_sum", "reward", "derivative", "step", "step_at", "step_sum", "step_product", "step_gradient",
              "end_of", "in_coordinates", "rewards_to_go", "drawn_step", "first_apart", "vanishes_outside", "matchings",
              "check_finite", "check_infinite", "check_convergence", "owed", "binder", "positive", "rank", "transposed"}
    assert tables <= {one.function.__name__ for one in PLANTS}
