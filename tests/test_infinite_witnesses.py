"""False claims about infinite horizons: refuted by small models with gamma = 1/2, checked by both evaluators."""

from __future__ import annotations

from fractions import Fraction
from time import process_time
from typing import Any

import pytest
from further_theorems import error, reward, score
from sympy import Expr
from test_stationary import FORTH, REST

from derive.checking.derivation import Chain, by, calc, theorem
from derive.checking.examine import examine
from derive.checking.judgement import Examined
from derive.checking.verdict import NeedsCondition, Proved, Refuted, Undecided
from derive.counterexample.claim import Claim, Witness
from derive.counterexample.witness import find_witness
from derive.errors import DeriveError
from derive.language.assumptions import (
    Assumption,
    additive_return,
    discount_below_one,
    dynamics_positive,
    initial_positive,
    policy_positive,
)
from derive.language.expression import as_term
from derive.language.models import Shape
from derive.language.terms import Policy
from derive.language.vocabulary import (
    A,
    J,
    Q,
    V,
    expect,
    forever,
    function,
    gamma,
    grad,
    k,
    pi,
    ratio,
    s,
    t,
    tau,
    total,
)
from derive.report.counterexample import counterexample
from derive.report.payload import _counterexample
from derive.report.refutation import describe, replay
from derive.rules import automata
from derive.stationary.evaluation import Stationary

F = Fraction
beta, f = Policy("beta"), function("f")
DISCOUNTED = (additive_return, discount_below_one)
POSITIVE = (*DISCOUNTED, policy_positive, initial_positive, dynamics_positive)
ONLY_POLICY = (*DISCOUNTED, policy_positive)


def end(body: Any) -> Expr:
    return total(t, body, stop=forever)


def rho(at: Any) -> Expr:
    return ratio(pi(tau.a[at] | tau.s[at]), beta(tau.a[at] | tau.s[at]))


FIRST = score(0) * Q(tau.s[0], tau.a[0])
CRITIC = reward(t) + gamma * f(tau.s[t + 1]) - f(tau.s[t])
LATER = total(k, gamma ** (k - t) * reward(k), start=t, stop=forever)
DIFFERENCE = J - end(gamma**t * expect(tau, reward(t), policy=beta))

FALSE: dict[str, tuple[Expr, Expr]] = {
    "the own reward only": (grad(J), end(gamma**t * expect(tau, score(t) * reward(t)))),
    "V(s_t) for V(s_{t+1})": (
        grad(J), end(gamma**t * expect(tau, score(t) * (reward(t) + gamma * V(tau.s[t]) - V(tau.s[t]))))),
    "the ratio of the own step only": (J, end(gamma**t * expect(tau, rho(t) * reward(t), policy=beta))),
    "a performance difference with one ratio": (
        DIFFERENCE, end(gamma**t * expect(tau, rho(t) * A(tau.s[t], tau.a[t], policy=beta), policy=beta))),
    "the law of s_1 twice": (grad(J), expect(tau, FIRST) + gamma * grad(expect(tau, V(tau.s[1])))),
    "a gradient with one ratio": (
        grad(J), end(gamma**t * expect(tau, rho(t) * score(t) * Q(tau.s[t], tau.a[t]), policy=beta))),
    "a critic that is not V": (end(gamma**t * expect(tau, score(t) * CRITIC)), grad(J)),
    "values of the next state": (V(s), 2 * V(s)),
}
SLOWEST = 8.0
"""Seconds of processor time that a refutation may take; most take less than one."""


def examined(before: Any, after: Any, assumes: tuple[Assumption, ...]) -> Examined:
    @theorem("claim", assumes=list(assumes))
    def claim() -> Chain:
        return calc(before, by(automata), after)

    return examine(claim)


def checked(found: Witness, before: Expr, after: Expr) -> None:
    """Probabilities, gamma = 1/2, numbers a reader can follow, and both sides again by the oracle."""
    model = found.model.validate()
    assert found.endless
    assert model.gamma == F(1, 2)
    assert model.shape <= Shape(3, 2, 0)
    tables = [model.mu, *(row for table in model.P for row in table), *(row for table in model.r for row in table),
              *(row for table in model.policies.values() for row in table), *model.scores]
    assert max(entry.denominator for row in tables for entry in row) <= 3
    assert max(abs(value.numerator) + value.denominator for value in (found.left, found.right)) < 20_000
    for side, value in ((before, found.left), (after, found.right)):
        assert abs(Stationary(model).value(as_term(side), dict(found.indices)) - value) < F(1, 10**20)
    assert found.left != found.right


@pytest.mark.parametrize("assumes", [POSITIVE, DISCOUNTED, ONLY_POLICY], ids=["positive", "discounted", "policy"])
@pytest.mark.parametrize("name", FALSE)
def test_false_claims_are_refuted_in_seconds(name: str, assumes: tuple[Assumption, ...]) -> None:
    before, after = FALSE[name]
    start = process_time()
    verdict = examined(before, after, assumes).claim
    assert process_time() - start < SLOWEST
    assert isinstance(verdict, Refuted)
    checked(verdict.witness, before, after)


TRUE: dict[str, tuple[Expr, Expr]] = {
    "the difference under the other law": (
        DIFFERENCE, end(gamma**t * expect(tau, A(tau.s[t], tau.a[t], policy=beta)))),
    "the law of s_1 is moved once": (
        grad(J), expect(tau, score(0) * reward(0)) + gamma * grad(expect(tau, V(tau.s[1])))),
    "the error": (grad(J), end(gamma**t * expect(tau, score(t) * error))),
}


@pytest.mark.parametrize("name", TRUE)
def test_their_true_twins_are_proved(name: str) -> None:
    assert isinstance(examined(*TRUE[name], POSITIVE).claim, Proved)


# -- gamma^t dropped ------------------------------------------------------------------------------------------

DROPPED = (grad(J), end(expect(tau, score(t) * LATER)))


@pytest.mark.parametrize("assumes", [DISCOUNTED, ONLY_POLICY], ids=["discounted", "policy"])
def test_a_sum_that_converges_on_some_models_is_refuted_by_one_of_them(assumes: tuple[Assumption, ...]) -> None:
    start = process_time()
    verdict = examined(*DROPPED, assumes).claim
    assert process_time() - start < SLOWEST
    assert isinstance(verdict, Refuted)
    checked(verdict.witness, *DROPPED)


def test_the_model_of_the_textbook_objection() -> None:
    """Two states, one absorbing without reward: 1/3 and 1/2 by hand."""
    claim = Claim(*DROPPED, frozenset(DISCOUNTED), False, endless=True)
    assert claim.values(REST, {}) == (F(1, 3), F(1, 2), True)
    assert claim.values(FORTH, {}) is None  # there the sum diverges


@pytest.mark.parametrize(("before", "after"), [
    DROPPED, (end(expect(tau, reward(t))), end(expect(tau, reward(t)))), (J, end(expect(tau, reward(t))))], ids=str)
def test_where_every_model_comes_back_nothing_converges(before: Expr, after: Expr) -> None:
    verdict = examined(before, after, POSITIVE).claim
    assert isinstance(verdict, Undecided)
    assert "not known to converge" in verdict.why


def test_a_true_claim_about_what_may_diverge_is_not_decided() -> None:
    later = total(t, expect(tau, reward(t)), start=1, stop=forever)
    verdict = examined(end(expect(tau, reward(t))), expect(tau, reward(0)) + later, DISCOUNTED).claim
    assert isinstance(verdict, Undecided)
    assert "not known to converge" in verdict.why


# -- how it is told -------------------------------------------------------------------------------------------


def test_no_message_has_a_horizon() -> None:
    """Also where a step by itself, J = 2 J, does not say which horizon it speaks of."""
    @theorem("told", assumes=list(DISCOUNTED))
    def told() -> Chain:
        return calc(J, by(automata), 2 * J, by(automata), expect(tau, V(tau.s[0])))

    step = examine(told).steps[0]
    assert isinstance(step.verdict, Refuted)
    witness = step.verdict.witness
    text = "\n".join(describe(witness, step.before, step.after))
    assert "no last decision" in text
    assert "H =" not in text
    assert "γ = 1/2" in text
    assert r"H = \infty" in str(counterexample(step.before, step.after, witness, additive=True).shape)
    assert _counterexample(witness, step, False)["shape"] == [1, 1, None, 1]


def test_a_difference_without_a_witness_names_its_shape_without_a_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derive.checking.deciding.find_witness", lambda *args, **options: None)
    verdict = examined(*FALSE["the own reward only"], POSITIVE).claim
    assert isinstance(verdict, Undecided)
    assert "(2,2,∞)" in verdict.why
    assert "(2,2,0)" not in verdict.why


def test_the_replay_gives_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    before, after = FALSE["the own reward only"]
    found = find_witness(Claim(before, after, frozenset(DISCOUNTED), False, endless=True))
    assert found is not None
    exec(compile(replay(found, before, after, possible_only=False), "replay", "exec"), {})
    assert [float(line) for line in capsys.readouterr().out.split()] == pytest.approx([found.left, found.right])


# -- two opinions ---------------------------------------------------------------------------------------------


def test_a_disagreement_of_the_two_evaluators_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Stationary.value
    monkeypatch.setattr(Stationary, "value", lambda self, term, at=None: honest(self, term, at) + F(1, 10**15))
    with pytest.raises(DeriveError, match="the kernel and the oracle disagree on J"):
        find_witness(Claim(J, 2 * J, frozenset(DISCOUNTED), False, endless=True))


@pytest.mark.parametrize(("before", "after"), [
    (J, expect(tau, V(tau.s[0]))), (grad(J), end(gamma**t * expect(tau, score(t) * Q(tau.s[t], tau.a[t])))),
    (V(s), V(s) + 0 * gamma)], ids=str)
def test_nothing_is_found_for_a_true_claim(before: Expr, after: Expr) -> None:
    assert find_witness(Claim(before, after, frozenset(DISCOUNTED), False, endless=True)) is None


def test_what_is_owed_is_not_forgotten() -> None:
    verdict = examined(J, end(gamma**t * expect(tau, reward(t))), (additive_return,)).claim
    assert isinstance(verdict, NeedsCondition)


def test_the_smallest_shape_is_found() -> None:
    found = find_witness(Claim(J, expect(tau, reward(0)), frozenset(DISCOUNTED), False, endless=True))
    assert found is not None
    assert found.model.shape == Shape(1, 1, 0)
    assert (found.left, found.right) == (2, 1)  # 1 + 1/2 + 1/4 + ...
