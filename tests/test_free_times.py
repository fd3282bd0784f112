"""Free times that leave the trajectory at 0 or at H, and the cases that keep them on it."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Expr

from derive.checking.boundary import at_its_ends
from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Proved, Undecided, Verdict
from derive.language.assumptions import Assumption, at_most, earlier
from derive.language.vocabulary import H, expect, function, grad, log, pi, t, tau
from derive.rules import automata

f = function("f")
ONE_LATER = expect(tau, f(tau.s[t]) * grad(log(pi(tau.a[t + 1] | tau.s[t + 1]))))


def same_twice(at: Any) -> Expr:
    return expect(tau, f(tau.s[at])) - expect(tau, f(tau.s[at]))


def verdict(term: Expr, *assumes: Assumption) -> Verdict:
    @theorem("it is 0", assumes=assumes)
    def zero():  # type: ignore[no-untyped-def]
        return calc(term, by(automata), 0)

    found: Verdict = examine(zero).claim
    return found


FREE = {
    "an action one later": (ONE_LATER, "a_{H+1} does not exist", "t = H", "at_most(t, H - 1)", at_most(t, H - 1)),
    "a state three later": (same_twice(t + 3), "s_{H+3} does not exist", "t = H", "at_most(t, H - 2)",
                            at_most(t, H - 2)),
    "a state two before": (same_twice(t - 2), "s_{-2} does not exist", "t = 0", "at_most(2, t)", at_most(2, t)),
}


@pytest.mark.parametrize("name", FREE)
def test_a_free_time_that_leaves_the_trajectory_is_told_with_the_case_that_keeps_it(name: str) -> None:
    term, says, where, case, assumed = FREE[name]
    found = verdict(term)
    assert isinstance(found, Undecided)
    assert says in found.why
    assert f"asked for at {where}. assumes=[{case}]" in found.why
    assert isinstance(verdict(term, assumed), Proved)


def test_a_free_time_of_which_a_case_is_said_or_that_stays_is_not_complained_of() -> None:
    assert at_its_ends([earlier(t, H)], ONE_LATER) == ""
    assert at_its_ends([], expect(tau, f(tau.s[t + 1]))) == ""


@pytest.mark.parametrize(("one", "two", "says"), [
    (t + 4, H, "t ≤ H - 4"), (H, t + 4, "H - 4 ≤ t"), (2, t + 1, "1 ≤ t"), (t, H, "t ≤ H")], ids=str)
def test_a_number_beside_the_letter_of_a_case_goes_to_the_other_side(one: Any, two: Any, says: str) -> None:
    assert str(at_most(one, two)) == says
