"""Numbers without a value, at a counterexample: simple, in their range, and named as formulas name them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Refuted
from derive.language.assumptions import Assumption, below_one, between_0_and_1, positive
from derive.language.vocabulary import J, scalar
from derive.report.refutation import describe

lam = scalar("lambda")


def refuted(left: Any, right: Any, *assumes: Assumption) -> Refuted:
    @theorem("of a number", assumes=assumes)
    def claim():  # type: ignore[no-untyped-def]
        return calc(left, by(), right)

    found = examine(claim).claim
    assert isinstance(found, Refuted)
    return found


@pytest.mark.parametrize(("assumed", "number"), [
    (between_0_and_1(lam), Fraction(1, 2)), (below_one(lam), Fraction(1, 2)), (positive(lam), Fraction(2))],
    ids=["0 to 1", "below 1", "positive"])
def test_a_number_is_as_simple_as_its_range_allows(assumed: Assumption, number: Fraction) -> None:
    """λ^2 = λ holds at 0 and 1, so another number is needed."""
    witness = refuted(lam * lam * J, lam * J, assumed).witness
    assert witness.model.functions == {"lambda": {(): number}}


def test_it_is_printed_by_its_letter() -> None:
    left, right = lam * lam * J, lam * J
    assert "λ = 1/2" in describe(refuted(left, right, between_0_and_1(lam)).witness, left, right)
