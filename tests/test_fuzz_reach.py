"""What a fuzzing run reaches: zeros of fixed policies, long and wide shapes, literal times, infinite horizons."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from further_theorems import ENDLESS, THEOREMS
from further_theorems import FALSE as FURTHER_FALSE
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy
from sympy import Expr
from test_fuzz import claimed

from derive.checking.derivation import Theorem, by
from derive.checking.verdict import Refuted
from derive.cli import main
from derive.language.assumptions import horizon_at_least, policy_positive, samples_at_least
from derive.language.models import Shape
from derive.language.terms import Policy
from derive.language.vocabulary import (
    H,
    J,
    R,
    V,
    a,
    expect,
    forever,
    function,
    gamma,
    mu,
    pi,
    ratio,
    s,
    t,
    tau,
    total,
)
from derive.testing import differing, theorem_models
from derive.testing import fuzz as fuzzing
from derive.testing.differing import EXACT, FLOAT, ORACLE, SOLVED, points
from derive.testing.fuzz import fuzz
from derive.testing.strategies import models
from derive.testing.subjects import looks, subjects_of
from derive.testing.theorem_models import FAVOURS, models_of, shapes_of
from proofs.past_rewards_drop_out import past_rewards_drop_out

beta, f = Policy("beta"), function("f")
WEIGHT = expect(tau, ratio(pi(tau.a[0] | tau.s[0]), beta(tau.a[0] | tau.s[0])), policy=beta)


def distinct(number: int) -> Expr:
    """The sum over pairwise distinct actions of products of pi, by Newton's identities, times a factorial."""
    p = {n: total(a, pi(a | s) ** n) for n in range(1, 5)}
    if number == 3:
        return p[1] ** 3 - 3 * p[1] * p[2] + 2 * p[3]
    return p[1] ** 4 - 6 * p[1] ** 2 * p[2] + 3 * p[2] ** 2 + 8 * p[1] * p[3] - 6 * p[4]


# -- finite horizons -----------------------------------------------------------------------------------------

FALSE: dict[str, tuple[Any, Any, str]] = {
    "weight without coverage": (WEIGHT, 1, "(1,2,0)"),
    "from three decisions on": (J, J + H * (H - 1) * (H - 2) * J, "(1,1,3)"),
    "from seven decisions on": (J, J + H * (H - 1) * (H - 2) * (H - 3) * (H - 4) * (H - 5) * (H - 6) * J, "(1,1,7)"),
    "four distinct actions": (distinct(4), 0, "(1,4,0)"),
    "three distinct actions": (distinct(3), 0, "(1,3,0)"),
    "at the step 9": (expect(tau, R(tau) * mu(tau.s[9])), 2 * expect(tau, R(tau) * mu(tau.s[9])), "(1,1,8)"),
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(1, 20))])
@pytest.mark.parametrize("name", [
    name if name in ("weight without coverage", "four distinct actions") else pytest.param(name, marks=pytest.mark.deep)
    for name in FALSE])
def test_a_run_of_the_default_length_sees_it(name: str, seed: int) -> None:
    before, after, smallest = FALSE[name]
    result = fuzz([claimed(before, after)], examples=20, seed=seed)
    assert not result.passed
    assert result.failure is not None
    assert str(result.failure.shape) == smallest
    assert result.failure.witness is not None


def test_the_weight_is_1_where_the_fixed_policy_takes_every_action() -> None:
    assert fuzz([claimed(WEIGHT, 1, assumes=[policy_positive])], examples=40, seed=0).passed


@pytest.mark.parametrize("name", ["weight without coverage", "from three decisions on", "four distinct actions"])
def test_each_of_them_passed_without_what_reaches_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without zeros in policies, and with small shapes alone: at most three actions, H at most 2."""
    monkeypatch.setattr(theorem_models, "models",
                        lambda *given, policy_zeros, **options: models(*given, policy_zeros=False, **options))
    monkeypatch.setattr(fuzzing, "FAVOURS", ("",))
    before, after, _ = FALSE[name]
    assert fuzz([claimed(before, after)], examples=40, seed=0).passed


SEARCH = settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def all_drawn(strategy: SearchStrategy[Any], examples: int) -> list[Any]:
    found: list[Any] = []
    with pytest.raises(NoSuchExample):
        find(strategy, found.append, settings=settings(SEARCH, max_examples=examples))
    return found


@pytest.mark.slow
def test_models_have_zeros_in_every_policy_unless_that_is_forbidden() -> None:
    free, kept = (all_drawn(models_of(claimed(WEIGHT, 1, assumes=known), shape=Shape(1, 3, 0)), 200)
                  for known in ([], [policy_positive]))
    for name in ("pi", "beta"):
        assert {model.policies[name][0].index(Fraction(1)) for model in free if 1 in model.policies[name][0]} == {
            0, 1, 2}
        assert sum(0 not in model.policies[name][0] for model in free) > 50
        assert not any(0 in model.policies[name][0] for model in kept)


# -- shapes ---------------------------------------------------------------------------------------------------


def drawn(term: Expr, favour: str, examples: int = 200, **known: Any) -> list[Shape]:
    """The shapes that a run draws."""
    return all_drawn(shapes_of(claimed(term, term, **known), favour), examples)


def test_shapes_are_long_and_wide_within_the_limit() -> None:
    small, long, wide = (set(drawn(J, favour)) for favour in FAVOURS)
    assert {Shape(3, 3, 1), Shape(2, 2, 2)} <= small
    assert {Shape(1, 1, 8), Shape(1, 2, 8), Shape(2, 1, 7)} <= long
    assert {Shape(1, 4, 0), Shape(1, 5, 0), Shape(2, 4, 0)} <= wide
    assert max(shape.trajectories for shape in small | wide) <= 300 < max(shape.trajectories for shape in long) <= 600
    nested = expect(tau, R(tau) * J) * expect(tau, R(tau) * expect(tau, R(tau)))
    assert max(shape.trajectories for shape in drawn(nested, "horizon")) <= 300


def test_of_long_shapes_most_are_longest_and_each_horizon_occurs() -> None:
    found = [shape.horizon for shape in drawn(J, "horizon", 60)]
    assert set(found) >= {3, 4, 5, 6, 7, 8}
    small = [shape.horizon for shape in drawn(J, "")]
    assert max(small) == 2


@pytest.mark.parametrize(("time", "least"), [(3, 3), (6, 6), (9, 9), (11, 11)])
def test_literal_times_are_reached_and_with_a_choice(time: int, least: int) -> None:
    late = [shape for shape in drawn(expect(tau, f(tau.s[time], tau.a[time])), "horizon") if shape.horizon >= least]
    assert any(shape.states * shape.actions > 1 for shape in late)
    assert late


def test_what_a_theorem_assumes_of_horizon_and_samples_is_drawn_and_not_waited_for() -> None:
    for favour in FAVOURS:
        found = drawn(J, favour, assumes=[horizon_at_least(4), samples_at_least(2)])
        assert min(shape.horizon for shape in found) == 4
        assert min(shape.samples for shape in found) == 2


@pytest.mark.deep
def test_a_wrong_claim_about_a_late_step_is_seen() -> None:
    ahead, back = expect(tau, f(tau.s[9], tau.a[9])), expect(tau, f(tau.s[8], tau.a[9]))
    result = fuzz([claimed(ahead, back)], examples=6, seed=0)
    assert result.failure is not None
    assert result.failure.shape == Shape(2, 1, 9)
    assert fuzz([claimed(ahead, back * 0 + ahead)], examples=2, seed=0).passed  # as many more as it takes


@pytest.mark.slow
def test_times_outside_a_case_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A true theorem about t < k: where one decision leaves no such times, nothing is compared."""
    before, after = past_rewards_drop_out.chain.terms
    single, choice = (find(models_of(past_rewards_drop_out, shape=Shape(1, 2, last)), lambda model: True,
                           settings=settings(SEARCH, phases=(Phase.generate,))) for last in (0, 2))
    assert not list(points(before, after, past_rewards_drop_out.assumes, single, FLOAT, endless=False))
    assert not any(look.compared for step in subjects_of(past_rewards_drop_out) for look in looks(step, single))
    times = [tuple(sorted(point.indices.values())) for point in points(
        before, after, past_rewards_drop_out.assumes, choice, FLOAT, endless=False)]
    assert sorted(times) == [(0, 1), (0, 2), (1, 2)]
    assert fuzz([past_rewards_drop_out], examples=9, seed=0).passed
    monkeypatch.setattr(differing, "holds_at", lambda *given, **more: True)
    assert not fuzz([past_rewards_drop_out], examples=9, seed=0).passed


# -- infinite horizons ----------------------------------------------------------------------------------------


def test_a_false_value_is_seen() -> None:
    result = fuzz([claimed(V(s), 2 * V(s), assumes=ENDLESS)], examples=20, seed=0)
    assert result.failure is not None
    assert result.failure.place == f"by {ORACLE} on (1,1,∞)"
    assert result.failure.witness is not None


@pytest.mark.slow
@pytest.mark.parametrize("one", [one for one in THEOREMS if one.endless], ids=lambda one: one.name)
def test_true_theorems_without_end_are_compared_and_pass(one: Theorem) -> None:
    result = fuzz([one], examples=8, seed=1)
    assert result.passed
    assert result.comparisons[ORACLE] >= 4
    assert result.comparisons[SOLVED] >= 4
    assert not result.uncompared


@pytest.fixture
def as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure on the MDP that was drawn: looking for the smallest takes longer, and others show it."""
    monkeypatch.setattr(fuzzing._Run, "_smallest", lambda run, model, **options: run._again(model))


@pytest.mark.slow
@pytest.mark.usefixtures("as_drawn")
@pytest.mark.parametrize("name", [name for name, (*_, known) in FURTHER_FALSE.items() if known is ENDLESS])
def test_false_twins_without_end_are_seen(name: str) -> None:
    before, after, known = FURTHER_FALSE[name]
    assert fuzz([claimed(before, after, assumes=known)], examples=12, seed=0).failure is not None
    declared = claimed(before, after, assumes=known, reason=by("words", expect=Refuted))
    assert fuzz([declared], examples=12, seed=0).passed


def unseen_mean() -> Expr:
    """The mean of what is not a sum of products: neither evaluator of infinite horizons has it."""
    return expect(tau, ratio(1, 1 + total(t, gamma**t * f(tau.s[t]), stop=forever) ** 2))


@pytest.mark.slow
def test_a_step_that_is_never_compared_is_no_success() -> None:
    unseen = fuzz([claimed(unseen_mean(), 2 * unseen_mean(), assumes=ENDLESS)], examples=6, seed=0)
    assert unseen.failure is None
    assert not unseen.passed
    assert [step.expected for step in unseen.unsupported] == ["proved"]
    wrong = fuzz([claimed(unseen_mean(), 2 * unseen_mean(), assumes=ENDLESS, reason=by("words", expect=Refuted))],
                 examples=6, seed=0)
    assert wrong.passed
    assert len(wrong.uncompared) == 1
    assert not wrong.unsupported
    assert fuzz([claimed(J, expect(tau, R(tau)))], examples=6, seed=0).uncompared == ()


PROOF = """
from derive import *
f = function("f")
mean = expect(tau, ratio(1, 1 + total(t, gamma**t * f(tau.s[t]), stop=forever) ** 2))

@theorem("no sum of products", assumes=[additive_return, discount_below_one])
def no_sum_of_products():
    return calc({before}, by("words", expect={expect}), {after})

@theorem("plain")
def plain():
    return calc(J, by("words"), expect(tau, R(tau)))
"""


@pytest.mark.parametrize(("expect_", "status", "last"), [
    ("Proved", 1, "NOT COMPARED: 1 step declared proved; no other step of 2 theorems is other than declared"),
    ("Refuted", 0, "no step of 2 theorems is other than declared"),
])
def test_the_command_says_what_was_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str], expect_: str,
                                                status: int, last: str) -> None:
    file = tmp_path / "no_sum_of_products.py"
    imports = f"from derive.checking.verdict import {expect_}\n"
    file.write_text(imports + PROOF.format(before="mean", after="2 * mean", expect=expect_))
    assert main(["fuzz", str(file), "--examples", "4"]) == status
    lines = " ".join(capsys.readouterr().out.split())
    assert "nothing was compared for 1 step: no_sum_of_products, step 1" in lines
    assert f"{last}, seed 0" in lines
    assert re.search(rf"comparisons: {EXACT} \d, {FLOAT} \d+ shapes", lines)


def test_a_false_value_fails_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "values.py"
    file.write_text("from derive import *\n@theorem('twice', assumes=[additive_return, discount_below_one])\n"
                    "def twice():\n    return calc(V(s), by(), 2 * V(s))\n")
    assert main(["fuzz", str(file), "--examples", "4"]) == 1
    out = capsys.readouterr().out
    assert "FAILED: twice, step 1" in out
    assert "no step of" not in out
