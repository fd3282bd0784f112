"""Powers of a trace decay without a last decision: false claims are refuted, with a number for the decay."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from sympy import Expr

from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Proved, Refuted
from derive.language.assumptions import (
    additive_return,
    below_one,
    between_0_and_1,
    discount_below_one,
)
from derive.language.vocabulary import (
    A,
    J,
    V,
    expect,
    forever,
    function,
    gamma,
    grad,
    log,
    pi,
    r,
    ratio,
    scalar,
    t,
    tau,
    total,
)
from derive.rules import automata

lam, f = scalar("lambda"), function("f")
SCORE = grad(log(pi(tau.a[0] | tau.s[0])))
REWARD = r(tau.s[t], tau.a[t], tau.s[t + 1])
ADVANTAGE = expect(tau, SCORE * A(tau.s[0], tau.a[0]))


def traced(step: Expr) -> Expr:
    return expect(tau, SCORE * total(t, (gamma * lam) ** t * step, stop=forever))


def examined(before: Expr, after: Any, range_of: Any) -> Any:
    @theorem("a claim", assumes=[additive_return, discount_below_one, range_of(lam)])
    def claim() -> Any:
        return calc(before, by(automata), after)

    return examine(claim).steps[0].verdict


@pytest.mark.parametrize(("before", "after", "range_of"), [
    (traced(REWARD + gamma * f(tau.s[t + 1]) - f(tau.s[t])), ADVANTAGE, between_0_and_1),
    (traced(REWARD + V(tau.s[t + 1]) - V(tau.s[t])), ADVANTAGE, between_0_and_1),
    (total(t, lam**t, stop=forever), ratio(1, 1 - gamma), below_one),
    (expect(tau, total(t, lam**t * gamma**t * REWARD, stop=forever)), (1 - lam) * J, below_one),
], ids=["a wrong critic", "a TD error without the discount", "another number", "a factor too much"])
def test_it_is_refuted(before: Expr, after: Expr, range_of: Any) -> None:
    found = examined(before, after, range_of)
    assert isinstance(found, Refuted)
    decay = found.witness.model.functions["lambda"][()]
    assert 0 <= decay <= 1
    assert decay < 1 or range_of is between_0_and_1


def test_the_numbers_of_one_witness_by_hand() -> None:
    found = examined(total(t, lam**t, stop=forever), ratio(1, 1 - gamma), below_one)
    model = found.witness.model
    decay = model.functions["lambda"][()]
    assert (found.witness.left, found.witness.right) == (1 / (1 - decay), 1 / (1 - Fraction(model.gamma)))


def test_the_true_twins_are_proved() -> None:
    error = REWARD + gamma * V(tau.s[t + 1]) - V(tau.s[t])
    assert isinstance(examined(traced(error), ADVANTAGE, between_0_and_1), Proved)
    assert isinstance(examined(total(t, lam**t, stop=forever), ratio(1, 1 - lam), below_one), Proved)
