"""The seed step where mu or P may be 0: multiplying by P(tau)/P(tau) owes possible(tau)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from sympy import Expr
from test_models import paper_model

from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import NeedsCondition, Proved, Refuted, Verdict
from derive.counterexample.enumerate import Enumeration
from derive.errors import Undefined
from derive.language.assumptions import (
    Assumption,
    dynamics_positive,
    initial_positive,
    policy_positive,
    possible,
)
from derive.language.binding import Binder
from derive.language.models import Shape
from derive.language.signature import signature
from derive.language.vocabulary import P, R, a, expect, grad, log, mu, prod, ratio, s, tau, total, x
from derive.procedures.answers import Different, Equal
from derive.procedures.decide import Comparison
from derive.rules import expectation_as_a_sum, multiply_by_one
from derive.rules.rule import Rule
from derive.semantics.evaluate import Evaluator
from derive.semantics.generic import generic_model

F = Fraction
LEFT = total(tau, grad(P(tau)) * R(tau))
RIGHT = total(tau, ratio(P(tau), P(tau)) * grad(P(tau)) * R(tau))
ALL_POSITIVE = (initial_positive, dynamics_positive, policy_positive)


def verdict(before: Expr, reason: Rule | None, after: Expr, *assumes: Assumption) -> Verdict:
    declared = theorem("a step", assumes=assumes)(lambda: calc(before, by(reason), after))
    return examine(declared).steps[0].verdict


def test_without_a_condition_the_step_is_not_proved() -> None:
    found = verdict(LEFT, multiply_by_one, RIGHT)
    assert isinstance(found, NeedsCondition)
    assert found.conditions == ("P(τ;θ) ≠ 0",)
    assert found.settled_by == ("possible(tau)",)


@pytest.mark.parametrize("assumes", [(possible(tau),), ALL_POSITIVE], ids=["possible", "positive"])
def test_with_the_condition_it_is(assumes: tuple[Assumption, ...]) -> None:
    assert isinstance(verdict(LEFT, multiply_by_one, RIGHT, *assumes), Proved)


@pytest.mark.parametrize("missing", ALL_POSITIVE, ids=str)
def test_two_of_the_three_positive_factors_are_not_enough(missing: Assumption) -> None:
    kept = [assumption for assumption in ALL_POSITIVE if assumption != missing]
    assert isinstance(verdict(LEFT, multiply_by_one, RIGHT, *kept), NeedsCondition)


def test_the_same_for_one_trajectory() -> None:
    before, after = grad(P(tau)), ratio(P(tau), P(tau)) * grad(P(tau))
    assert isinstance(verdict(before, multiply_by_one, after), NeedsCondition)
    assert isinstance(verdict(before, multiply_by_one, after, possible(tau)), Proved)


def test_at_a_model_with_a_zero_the_right_side_has_no_value() -> None:
    """The paper model has P(1|0,1) = 0, so 14 of its 32 trajectories are impossible."""
    model = paper_model({(0, 0, 1, 1, 0): F(8), (1, 0, 1, 0, 1): F(-2)})
    impossible = (0, 1, 1, 0, 1)
    everywhere, narrowed = Enumeration(model), Enumeration(model, possible_only=True)
    # the left side is 3/8 (8 1/64 1 + (-2) 1/24 (-3), worked out in test_hand_numbers) with or without the 14
    for oracle in (everywhere, narrowed):
        assert abs(oracle.value(LEFT) - F(3, 8)) < F(1, 10**25)
    with pytest.raises(Undefined, match="divides by it"):
        everywhere.value(RIGHT)
    assert abs(narrowed.value(RIGHT) - F(3, 8)) < F(1, 10**25)
    assert everywhere.value(grad(P(tau)), {tau: impossible}) == 0
    with pytest.raises(Undefined):
        everywhere.value(ratio(P(tau), P(tau)), {tau: impossible})
    for oracle in (everywhere, narrowed):
        assert abs(oracle.value(expect(tau, grad(log(P(tau))) * R(tau))) - F(3, 8)) < F(1, 10**25)


def test_a_zero_of_the_initial_law_alone_is_enough() -> None:
    model = replace(paper_model({}), mu=(F(0), F(1)), P=(((F(1, 2),) * 2,) * 2,) * 2)
    assert Enumeration(model).value(LEFT) == 0
    with pytest.raises(Undefined):
        Enumeration(model).value(RIGHT)


def test_a_kernel_without_the_obligation_would_have_said_equal() -> None:
    """In the generic field P(tau)/P(tau) is 1: normal forms cancel the denominator without a trace."""
    for shape in (Shape(1, 3, 0), Shape(2, 2, 1)):
        evaluator = Evaluator(generic_model(shape, signature(LEFT, RIGHT), additive=False))
        assert evaluator.ring.is_zero(evaluator.value(LEFT, {}) - evaluator.value(RIGHT, {}))
    assert isinstance(Comparison([LEFT, RIGHT], []).compare(LEFT, RIGHT), Equal)


def test_a_sum_over_the_support_differs_from_the_whole_sum_at_a_zero_only() -> None:
    """E[1/P(tau)] counts possible trajectories, the other side counts all: equal where all are possible."""
    counted, everything = expect(tau, ratio(1, P(tau))), total(tau, 1)
    evaluator = Evaluator(generic_model(Shape(2, 2, 0), signature(counted, everything), additive=False))
    assert evaluator.ring.is_zero(evaluator.value(counted, {}) - evaluator.value(everything, {}))
    answer = Comparison([counted, everything], []).compare(counted, everything)
    assert isinstance(answer, Different)
    assert ("mu", 0) in answer.zeros
    found = verdict(counted, None, everything)
    assert isinstance(found, Refuted)
    assert 0 in {entry for row in (found.witness.model.mu, *found.witness.model.policies["pi"]) for entry in row} | {
        entry for table in found.witness.model.P for row in table for entry in row}
    assert isinstance(Comparison([counted, everything], ALL_POSITIVE).compare(counted, everything), Equal)


def test_an_expectation_is_a_whole_sum_only_where_its_body_is_defined() -> None:
    plain = expect(tau, R(tau)), total(tau, P(tau) * R(tau))
    assert isinstance(verdict(plain[0], expectation_as_a_sum, plain[1]), Proved)
    scored = expect(tau, grad(log(P(tau))) * R(tau)), total(tau, P(tau) * (grad(log(P(tau))) * R(tau)))
    found = verdict(scored[0], expectation_as_a_sum, scored[1])
    assert isinstance(found, NeedsCondition)
    assert found.conditions == ("P(τ;θ) > 0",)
    assert isinstance(verdict(scored[0], expectation_as_a_sum, scored[1], possible(tau)), Proved)


def test_a_probability_may_vanish_without_a_division() -> None:
    assert not isinstance(verdict(total(s, mu(s)), None, total(s, mu(s)) * 1), (NeedsCondition, Refuted))
    assert isinstance(LEFT, Binder)


def test_a_zero_in_one_table_alone_is_tried() -> None:
    """With prod P > 0 as a factor, only a zero of mu (or pi) alone separates the two counts."""
    nowhere_zero = prod(s, prod(a, prod(x, P(x | s, a))))
    before = nowhere_zero * expect(tau, ratio(1, P(tau)))
    after = nowhere_zero * total(tau, 1)
    assert isinstance(Comparison([before, after], []).compare(before, after), Different)
