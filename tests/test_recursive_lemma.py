"""A lemma whose right side has its left side in it is used once at each place, and never runs away."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Expr

from derive.checking.derivation import Theorem, by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Proved, Refuted
from derive.language.assumptions import additive_return, discount_below_one
from derive.language.terms import Action, State
from derive.language.vocabulary import P, Q, V, a, gamma, grad, pi, s, total, x
from proofs.gradient_of_a_value import gradient_of_a_value

c, y = Action("c"), State("y")


def ahead(state: Any, action: Any, then: Any, discount: Any, rest: Expr) -> Expr:
    return total(action, grad(pi(action | state)) * Q(state, action)
                 + discount * pi(action | state) * total(then, P(then | state, action) * rest))


def by_the_recursion(before: Expr, after: Expr) -> Theorem:
    @theorem("one step further", assumes=[additive_return, discount_below_one])
    def further():  # type: ignore[no-untyped-def]
        return calc(before, by(gradient_of_a_value), after)

    return further


ONE = ahead(s, a, x, gamma, grad(V(x)))


def test_it_is_used_once_inside_its_own_right_side() -> None:
    two = ahead(s, a, x, gamma, ahead(x, c, y, gamma, grad(V(y))))
    for before, after in ((ONE, two), (two, ONE)):
        found = examine(by_the_recursion(before, after))
        assert isinstance(found.steps[0].verdict, Proved)
        assert found.steps[0].scope is not None
        assert found.steps[0].scope.by_rule.startswith("every finite MDP")


@pytest.mark.slow
def test_a_step_that_it_does_not_give_is_judged_and_no_error() -> None:
    slip = ahead(s, a, x, gamma, ahead(x, c, y, 1, grad(V(y))))
    assert isinstance(examine(by_the_recursion(ONE, slip)).steps[0].verdict, Refuted)
