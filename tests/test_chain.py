"""Verdicts of chains: each is seen, and each has a neighbour that gets another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from sympy import Integer

import derive.checking.judging as chain_module
from derive import (
    A,
    J,
    P,
    R,
    a,
    additive_return,
    automata,
    by,
    calc,
    definition,
    expect,
    expectation_as_a_sum,
    factor_without_theta,
    gamma,
    grad,
    gradient_of_a_sum,
    i,
    iid_samples,
    log,
    log_derivative,
    mean,
    mu,
    multiply_by_one,
    pi,
    policy_positive,
    possible,
    ratio,
    regroup,
    s,
    samples,
    t,
    tau,
    theorem,
    total,
)
from derive.checking.derivation import Chain, Theorem
from derive.checking.examine import Session, examine
from derive.checking.judgement import Examined
from derive.checking.verdict import (
    CODES,
    Estimates,
    Malformed,
    NeedsCondition,
    Proved,
    Refuted,
    SameMean,
    Undecided,
    Unjustified,
    Verdict,
)
from derive.errors import InvalidChain, NotExact, RuleDisagrees
from derive.rules import log_derivative as log_derivative_rule

likelihood = total(tau, P(tau) * grad(log(P(tau))) * R(tau))


def checked(*items: Any, assumes: Iterable[Any] = (possible(tau),)) -> Examined:
    @theorem("a test", assumes=assumes)
    def stated():  # type: ignore[no-untyped-def]
        return calc(*items)

    return examine(stated)


def verdict(before: Any, reason: Any, after: Any, assumes: Iterable[Any] = (possible(tau),)) -> Verdict:
    return checked(before, by(reason), after, assumes=assumes).steps[0].verdict


def test_a_true_step_with_its_reason_is_proved() -> None:
    (step,) = checked(grad(J), by(definition(J)), grad(total(tau, P(tau) * R(tau)))).steps
    assert isinstance(step.verdict, Proved)
    assert step.verdict.equation is step.equation
    assert step.scope is not None
    assert step.scope.by_rule == "every finite MDP, every horizon"
    assert step.scope.everywhere == "every finite MDP, every horizon, by automata"
    assert "(2,2,0)" in step.scope.exact


@pytest.mark.parametrize("reason", [None, "it is well known", regroup, gradient_of_a_sum])
def test_a_true_step_without_the_right_reason_is_unjustified_and_hinted(reason: Any) -> None:
    (step,) = checked(grad(J), by(reason), grad(total(tau, P(tau) * R(tau)))).steps
    found = step.verdict
    assert isinstance(found, Unjustified)
    assert found.true
    assert found.hint == "by(definition(J)) gives this step"
    assert step.scope is not None
    assert not step.scope.by_rule


def test_a_false_step_is_refuted_whatever_its_reason() -> None:
    for reason in (None, "words", log_derivative):
        found = verdict(likelihood, reason, total(tau, grad(log(P(tau))) * R(tau)))
        assert isinstance(found, Refuted)
        assert found.witness.left != found.witness.right


def test_an_undischarged_obligation_needs_a_condition_and_the_assumption_settles_it() -> None:
    before, after = total(tau, grad(P(tau)) * R(tau)), total(tau, ratio(P(tau), P(tau)) * grad(P(tau)) * R(tau))
    found = verdict(before, multiply_by_one, after, assumes=())
    assert isinstance(found, NeedsCondition)
    assert found.conditions == ("P(τ;θ) ≠ 0",)
    assert found.settled_by == ("possible(tau)",)
    assert isinstance(verdict(before, multiply_by_one, after), Proved)


def test_refuted_comes_before_needs_condition() -> None:
    found = verdict(total(tau, grad(P(tau))), None, total(tau, ratio(P(tau), P(tau)) * R(tau)), assumes=())
    assert isinstance(found, Malformed)
    found = verdict(total(tau, R(tau)), None, total(tau, ratio(P(tau), P(tau)) * P(tau) * R(tau)), assumes=())
    assert isinstance(found, Refuted)


def test_an_estimate_is_neither_proved_nor_merely_false() -> None:
    estimate = mean(i, grad(log(P(samples[i]))) * R(samples[i]))
    found = verdict(grad(J), None, estimate, assumes=(iid_samples,))
    assert isinstance(found, Estimates)
    assert found.witness.left != found.witness.right
    wrong = mean(i, grad(log(P(samples[i]))) * R(samples[i]) * 2)
    assert isinstance(verdict(grad(J), None, wrong, assumes=(iid_samples,)), Refuted)
    lawless = verdict(grad(J), None, estimate, assumes=())
    assert isinstance(lawless, Undecided)
    assert "iid_samples" in lawless.why


def test_two_estimates_with_one_mean() -> None:
    first = mean(i, R(samples[i]))
    found = verdict(first, None, R(samples[1]), assumes=(iid_samples,))
    assert isinstance(found, SameMean)
    assert isinstance(verdict(first, None, 2 * R(samples[1]), assumes=(iid_samples,)), Refuted)


def test_equal_random_variables_are_equal() -> None:
    found = verdict(mean(i, 2 * R(samples[i])), regroup, mean(i, R(samples[i]) + R(samples[i])), assumes=(iid_samples,))
    assert isinstance(found, Proved)


def test_a_product_of_gradients_is_malformed_and_names_the_operand() -> None:
    found = verdict(grad(J), None, grad(J) * grad(J))
    assert isinstance(found, Malformed)
    assert found.where == grad(J)


def test_ranks_of_the_sides_must_agree_but_zero_has_every_rank() -> None:
    assert isinstance(verdict(grad(J), None, J), Malformed)
    assert isinstance(verdict(grad(total(a, pi(a | s))), None, Integer(0), assumes=()), Unjustified)


def test_zero_over_zero_is_not_proved() -> None:
    nothing = ratio(Integer(0), Integer(0))
    assert not isinstance(verdict(nothing, regroup, nothing * 1, assumes=()), Proved)


def test_a_hole_does_not_stop_the_rest_and_the_claim_holds_though_it_does_not_follow() -> None:
    found = checked(
        grad(J), by(), grad(total(tau, P(tau) * R(tau))), by(gradient_of_a_sum), total(tau, grad(P(tau) * R(tau))))
    assert [step.verdict.code for step in found.steps] == ["unjustified", "proved"]
    assert not found.follows
    assert found.as_claimed
    assert found.holds == "the claim holds; no reason gives step 1"
    assert found.claim.code == "proved"  # on its own, by automata; but it does not follow from these steps


def test_every_step_is_checked_after_a_false_one() -> None:
    found = checked(
        likelihood, by(log_derivative), total(tau, grad(log(P(tau))) * R(tau)), by(regroup),
        total(tau, R(tau) * grad(log(P(tau)))))
    assert [step.verdict.code for step in found.steps] == ["refuted", "proved"]


def test_a_declared_refutation_is_as_claimed_and_a_wrong_declaration_is_not() -> None:
    false = total(tau, grad(log(P(tau))) * R(tau))
    assert checked(likelihood, by(regroup, expect=Refuted), false).as_claimed
    assert not checked(likelihood, by(regroup, expect=Estimates), false).as_claimed
    assert not checked(grad(J), by(definition(J), expect=Refuted), grad(total(tau, P(tau) * R(tau)))).as_claimed


@theorem("the log trick", assumes=[possible(tau)])
def log_trick():  # type: ignore[no-untyped-def]
    return calc(
        grad(P(tau)), by(multiply_by_one), ratio(P(tau), P(tau)) * grad(P(tau)), by(regroup),
        P(tau) * ratio(grad(P(tau)), P(tau)), by(log_derivative), P(tau) * grad(log(P(tau))))


@theorem("a false trick", assumes=[possible(tau)])
def false_trick():  # type: ignore[no-untyped-def]
    return calc(grad(P(tau)), by(log_derivative), grad(log(P(tau))))


def test_a_lemma_is_instantiated_under_a_binder() -> None:
    found = verdict(total(tau, grad(P(tau)) * R(tau)), log_trick, likelihood)
    assert isinstance(found, Proved)


def test_a_lemma_that_is_not_proved_or_assumes_more_does_not_justify() -> None:
    before, after = total(tau, grad(P(tau)) * R(tau)), likelihood
    unproved = verdict(before, false_trick, after)
    assert isinstance(unproved, Unjustified)
    assert "not proved itself" in unproved.why
    more = verdict(before, log_trick, after, assumes=(policy_positive,))
    assert isinstance(more, NeedsCondition)
    missing = verdict(grad(J) * 2, log_trick, grad(J) + grad(J), assumes=())
    assert isinstance(missing, Unjustified)
    assert "assumes possible(tau)" in missing.why


def test_a_theorem_cannot_rest_on_itself() -> None:
    built: list[Theorem] = []

    @theorem("circular", assumes=[possible(tau)])
    def circular():  # type: ignore[no-untyped-def]
        return calc(grad(P(tau)), by(built[0]), P(tau) * grad(log(P(tau))))

    built.append(circular)
    found = examine(circular).steps[0].verdict
    assert isinstance(found, Unjustified)
    assert "rests on itself" in found.why


def test_a_rule_that_gives_a_refuted_step_raises() -> None:
    broken = replace(log_derivative_rule, name="broken", rewrite=lambda node: Integer(0) if node == J else node)
    with pytest.raises(RuleDisagrees, match="broken"):
        verdict(J, broken, Integer(0), assumes=())


def test_used_and_idle_assumptions() -> None:
    found = checked(grad(P(tau)), by(multiply_by_one), ratio(P(tau), P(tau)) * grad(P(tau)),
                    assumes=(possible(tau), policy_positive, additive_return))
    assert [one.name for one in found.used] == ["possible(tau)"]
    assert [one.name for one in found.idle] == ["additive_return", "policy_positive"]


def test_the_additive_return_is_used_where_it_makes_a_step_true() -> None:
    found = checked(expect(tau, R(tau)), by(definition(R)), expect(tau, definition_of_r()), assumes=(additive_return,))
    assert [one.name for one in found.used] == ["additive_return"]
    assert found.as_claimed


def test_the_additive_return_is_used_where_values_need_it_though_no_reward_is_written() -> None:
    weighted = gamma**t * A[t](tau.s[t], tau.a[t]) * grad(log(pi(tau.a[t] | tau.s[t])))
    found = checked(grad(J), by(automata), expect(tau, total(t, weighted)), assumes=(additive_return,))
    assert [one.name for one in found.used] == ["additive_return"]
    assert found.as_claimed


def definition_of_r() -> Any:
    from derive import additive_return_of

    return additive_return_of(tau)


def test_a_rule_that_needs_an_assumption_says_so() -> None:
    found = verdict(expect(tau, R(tau)), definition(R), expect(tau, R(tau)) * 1)
    assert isinstance(found, Unjustified)
    assert "additive_return" in found.why


def test_a_letter_free_on_one_side_only_gets_a_note() -> None:
    found = checked(grad(log(mu(s))), by(), grad(log(pi(a | s))), assumes=())
    assert found.steps[0].notes == ("a is free on one side only; the equation is checked for every value.",)


def test_a_verdict_is_not_a_truth_value() -> None:
    for found in (Undecided("why"), verdict(grad(J), None, J)):
        with pytest.raises(TypeError, match="is a verdict, not a truth value"):
            bool(found)


def test_every_verdict_has_a_code() -> None:
    assert len(CODES) == 10


def test_an_unknown_index_at_every_shape_is_undecided() -> None:
    beyond = total(tau, P(tau) * mu(tau.s[t + 2]))
    assert isinstance(verdict(beyond, regroup, beyond * 1, assumes=()), Undecided)


@pytest.mark.parametrize(("items", "message"), [
    ((grad(J),), "got 1 of them"),
    ((grad(J), grad(J)), "got 2 of them"),
    ((grad(J), grad(J), grad(J)), "item 2 is"),
    ((grad(J), by(regroup), by(regroup)), "item 3 is"),
])
def test_calc_alternates_terms_and_reasons(items: Any, message: str) -> None:
    with pytest.raises(InvalidChain, match=message):
        calc(*items)


def test_wrong_arguments_are_said_at_once() -> None:
    with pytest.raises(InvalidChain, match="a reason is a rule"):
        by(42)
    with pytest.raises(InvalidChain, match="expect="):
        by(regroup, expect="refuted")  # type: ignore[arg-type]
    with pytest.raises(InvalidChain, match="not an assumption"):
        theorem("x", assumes=["possible"])  # type: ignore[list-item]
    with pytest.raises(InvalidChain, match="speaks of a trajectory"):
        possible(s)  # type: ignore[arg-type]
    with pytest.raises(InvalidChain, match="have definitions"):
        definition(grad(J))
    with pytest.raises(NotExact):
        calc(grad(J), by(regroup), grad(J) * 0.5)


def test_a_theorem_that_returns_no_chain_says_so() -> None:
    @theorem("empty")
    def empty():  # type: ignore[no-untyped-def]
        return None

    with pytest.raises(InvalidChain, match="expected calc"):
        _ = empty.chain


def test_a_session_examines_each_theorem_once(monkeypatch: pytest.MonkeyPatch) -> None:
    session, calls = Session(), []
    real = chain_module.Deciding

    def counted(*arguments: Any, **named: Any) -> Any:
        calls.append(arguments)
        return real(*arguments, **named)

    monkeypatch.setattr(chain_module, "Deciding", counted)
    first = session.examine(log_trick)
    assert session.examine(log_trick) is first
    assert len(calls) == 1


def test_the_reason_is_matched_not_the_name() -> None:
    found = verdict(total(tau, grad(P(tau) * R(tau))), gradient_of_a_sum, total(tau, grad(P(tau)) * R(tau)))
    assert isinstance(found, Unjustified)
    assert found.hint == "by(factor_without_theta) gives this step"
    found = verdict(total(tau, grad(P(tau) * R(tau))), factor_without_theta, total(tau, grad(P(tau)) * R(tau)))
    assert isinstance(found, Proved)


def test_an_expectation_of_something_undefined_off_the_support() -> None:
    weighted = expect(tau, ratio(R(tau), P(tau)))
    summed = total(tau, P(tau) * ratio(R(tau), P(tau)))
    assert isinstance(verdict(weighted, expectation_as_a_sum, summed, assumes=()), NeedsCondition)
    assert isinstance(verdict(weighted, expectation_as_a_sum, summed), Proved)


def test_the_scope_starts_where_the_literal_times_exist() -> None:
    @theorem("late")
    def late() -> Chain:
        return calc(expect(tau, grad(log(pi(tau.a[2] | tau.s[2])))), by(automata), 0)

    found = examine(late)
    assert isinstance(found.claim, Proved)
    assert found.steps[0].scope is not None
    assert found.steps[0].scope.everywhere.startswith("every finite MDP, every horizon H ≥ 2, by automata")
    assert found.reach == "every horizon H ≥ 2"
