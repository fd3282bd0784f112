"""True claims become equations with the scope that they have, false ones never do; what is true, says an oracle.

The oracle is ``derive.counterexample.enumerate`` on small random models, which shares no code with the kernel.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from claims_conditional import AT_NEGATIVE_DISCOUNTS
from claims_constants import AT_SMOOTH_ZEROS
from claims_meaning import SECOND, UNSEEN
from kernel_claims import ALONG_A_LINE, ASYMMETRIC, CLAIMS, NAMED, verdict
from kernel_letters import DIVERGENT, FALSE, MALFORMED, TRUE, UNDEFINED, Claim
from kernel_oracle import (
    model_of,
    witness_of_a_difference,
    witness_of_divergence,
    witness_of_no_value,
)

from derive.counterexample.enumerate import Enumeration
from derive.language.assumptions import dynamics_positive, initial_positive
from derive.language.vocabulary import J, grad
from derive.procedures.decision import Shown


def of(*kinds: str) -> Any:
    chosen = [claim for claim in CLAIMS if claim.truth in kinds]
    return pytest.mark.parametrize("claim", chosen, ids=lambda claim: claim.name)


def owed(claim: Claim) -> tuple[str, ...] | None:
    """The kinds of what an equation owes; None without an equation."""
    found = verdict(claim)
    return tuple(sorted({one[0] for one in found.equation.context.owes})) if isinstance(found, Shown) else None


@of(TRUE)
def test_a_true_claim_is_shown_with_its_scope(claim: Claim) -> None:
    found = verdict(claim)
    assert isinstance(found, Shown), found
    context = found.equation.context
    assert (context.first, context.samples, context.owes) == (claim.first, claim.samples, frozenset())
    assert found.equation.trusts == frozenset()


@of(FALSE, MALFORMED)
def test_a_false_claim_is_not_shown(claim: Claim) -> None:
    assert owed(claim) is None


@of(UNDEFINED, DIVERGENT)
def test_a_claim_without_a_value_owes_something_or_is_not_shown(claim: Claim) -> None:
    assert owed(claim) == (tuple(sorted(claim.owes)) or None)


@of(FALSE)
def test_a_model_separates_a_false_claim(claim: Claim) -> None:
    assert witness_of_a_difference(claim) is not None


@of(UNDEFINED)
def test_a_model_gives_no_value(claim: Claim) -> None:
    assert witness_of_no_value(claim) is not None


@of(DIVERGENT)
def test_a_sum_does_not_settle(claim: Claim) -> None:
    assert witness_of_divergence(claim) is not None


@of(TRUE)
def test_no_model_separates_a_true_claim(claim: Claim) -> None:
    assert witness_of_a_difference(claim, range(2), sizes=2) is None


@pytest.mark.deep
@of(TRUE)
def test_no_model_of_any_shape_separates_a_true_claim(claim: Claim) -> None:
    assert witness_of_a_difference(claim, range(4)) is None


def test_names_are_unique_and_every_row_has_a_true_and_a_false_claim() -> None:
    assert len(NAMED) == sum(map(len, (CLAIMS, ALONG_A_LINE, UNSEEN, AT_SMOOTH_ZEROS, AT_NEGATIVE_DISCOUNTS)))
    rows: dict[str, Counter[bool]] = {}
    for claim in (*CLAIMS, *ALONG_A_LINE):
        rows.setdefault(claim.name.split(": ")[0], Counter())[claim.truth == TRUE] += 1
    one_sided = {row for row, counts in rows.items() if len(counts) < 2}
    assert one_sided == {"few outcomes", "nothing with few outcomes", "several directions"}


# -- what no model of one direction sees -----------------------------------------------------------------------


@pytest.mark.parametrize("claim", ALONG_A_LINE, ids=lambda claim: claim.name)
def test_what_one_direction_cannot_see_is_not_shown(claim: Claim) -> None:
    assert owed(claim) is None


def test_the_product_of_two_gradients_is_not_symmetric() -> None:
    """u' (grad J) (grad E)' v is not v' (grad J) (grad E)' u, for two directions u, v."""
    model = model_of(ASYMMETRIC[0], (2, 2, 0), Random(1))
    other = tuple(tuple(Fraction(s * a) for a in (1, 2)) for s in (1, 2))
    one, two = ([Enumeration(replace(model, scores=scores)).value(grad(term)) for term in (J, SECOND)]
                for scores in (model.scores, other))
    assert abs(one[0] * two[1] - two[0] * one[1]) > Fraction(1, 1000)


def test_the_information_matrix_asks_for_a_positive_policy() -> None:
    """pi = (1 - theta^2, theta^2) at 0: E[score^2] is 0 on the support, -E[grad score] = -(d/dtheta)^2 log pi(0) = 2.

    No model of the oracle has this policy, whose zeros have a second derivative.
    """
    fisher = NAMED["gradient: Fisher"]
    assert owed(fisher) == ()
    assert owed(replace(fisher, assumes=frozenset([initial_positive, dynamics_positive]))) == ("support",)


@pytest.mark.parametrize("claim", AT_SMOOTH_ZEROS, ids=lambda claim: claim.name)
def test_what_is_false_at_smooth_zeros_only_is_not_shown(claim: Claim) -> None:
    """The tables of the oracle are policies whose zeros stay; no model of theirs separates these."""
    assert owed(claim) is None
    assert witness_of_a_difference(claim, range(1)) is None  # the dearest of all claims: a second each


@pytest.mark.parametrize("claim", [*UNSEEN, *AT_NEGATIVE_DISCOUNTS], ids=lambda claim: claim.name)
def test_what_no_model_shows_is_owed(claim: Claim) -> None:
    assert owed(claim) == claim.owes
