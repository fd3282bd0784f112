"""The bundled proofs: all as claimed, and together every numbered line of their source."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import proof_index
import pytest
from library import FILES, SESSION, examined

from derive.checking.proof_files import bundled, load
from derive.checking.theorems import Theorem
from derive.checking.verdict import Refuted
from derive.rules.rule import Rule

NAMES = {"Refuted": "refuted", "Estimates": "estimates", "Malformed": "malformed", "NeedsCondition": "needs-condition"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_verdict_is_the_declared_one(file: Path) -> None:
    one = examined(file)
    assert one.as_claimed, [(step.by.tag, step.verdict) for step in one.steps if not step.as_claimed]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_docstring_states_the_claim(file: Path) -> None:
    (theorem,) = load(file)
    claim = theorem.docstring.split("\n\n")[1]
    assert " ".join(claim.split()) == theorem.claim
    assert claim.startswith("    ")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_assumption_is_idle(file: Path) -> None:
    assert examined(file).idle == () or "refuted" in file.parts


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_proof_is_a_page_without_machinery(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert not re.search(r"^\s*(for|while|if|try|with|import)\b", source.split('"""', 2)[2].split("if __name__")[0],
                         re.MULTILINE)
    (theorem,) = load(file)
    assert len(theorem.chain.reasons) <= 8
    assert theorem.name == file.stem


def test_the_thirteen_lines_of_the_seed_are_there_once_in_order_with_their_verdicts() -> None:
    tags = {step.by.tag: step.verdict.code for file in FILES for step in examined(file).steps if step.by.tag}
    expected = {f"HF-{number}": "proved" for number in range(1, 12)} | {"HF-12": "estimates", "HF-13": "estimates"}
    assert tags == expected
    for name, numbers in (("likelihood_ratio_gradient", range(1, 7)), ("score_of_a_trajectory", range(7, 12))):
        (theorem,) = load(bundled() / f"{name}.py")
        assert [reason.tag for reason in theorem.chain.reasons] == [f"HF-{number}" for number in numbers]


def test_the_true_theorems_follow_by_rule_for_every_finite_mdp() -> None:
    proved = [one for one in map(examined, FILES) if one.expected == "proved" and one.theorem.broken is None]
    assert len(proved) >= 45
    for one in proved:
        assert one.follows
        assert not one.trusts
        for step in one.steps:
            assert step.scope is not None
            assert step.scope.everywhere.startswith("every finite MDP, every ")
            if isinstance(step.by.reason, (Rule, Theorem)):
                assert step.scope.by_rule.startswith("every finite MDP, ")


def test_most_of_the_chains_take_the_textbook_route() -> None:
    """A chain of several lines, each with its reason; single decisions are for what books call obvious."""
    lengths = [len(one.steps) for one in map(examined, FILES) if one.expected == "proved"]
    assert sum(length >= 2 for length in lengths) >= 45
    assert sum(length >= 3 for length in lengths) >= 20


def test_the_index_is_fresh() -> None:
    assert (bundled() / "README.md").read_text(encoding="utf-8") == proof_index.index(SESSION)


def test_the_index_has_every_theorem_once() -> None:
    text = (bundled() / "README.md").read_text(encoding="utf-8")
    for file in FILES:
        assert text.count(f"]({file.relative_to(bundled()).as_posix()})") == 1


def test_at_least_thirty_refuted_twins_and_some_of_every_kind() -> None:
    twins = [examined(file) for file in FILES if file.parent.name == "refuted"]
    assert sum(one.expected == "refuted" for one in twins) >= 30
    assert sum(one.theorem.endless for one in twins) >= 10
    assert {one.expected for one in twins} == set(NAMES.values())


@pytest.mark.parametrize("file", [file for file in FILES if file.parent.name == "refuted"], ids=lambda file: file.stem)
def test_a_counterexample_is_small_enough_to_redo_by_hand(file: Path) -> None:
    for step in examined(file).steps:
        if isinstance(step.verdict, Refuted):
            model = step.verdict.witness.model
            assert model.shape.states <= 2
            assert model.shape.actions <= 2
            assert step.verdict.witness.endless or model.shape.horizon <= 2
            assert model.gamma == Fraction(1, 2)
            rows = [model.mu, *(row for table in (*model.P, *model.policies.values()) for row in table)]
            rewards = [entry for table in model.r for row in table for entry in row]
            tables = [entry for table in model.functions.values() for place, entry in table.items() if place]
            numbers = [entry for table in model.functions.values() for place, entry in table.items() if not place]
            assert all(entry.denominator <= 2 for entry in numbers)
            assert all(entry.denominator <= 3 for row in rows for entry in row)
            assert all(abs(entry) <= 1 and entry.denominator == 1 for entry in [*rewards, *tables])


MENDED = {
    "discount_of_the_state_dropped": "holds under undiscounted",
    "entropy_with_the_wrong_sign": "the right side is -1 times the left side",
    "factor_of_the_occupancy_twice": "the right side is 1/(1 - γ) times the left side",
    "group_mean_includes_itself": "the right side is (m - 1)/m times the left side, every horizon, every m ≥ 2",
    "occupancy_normalised_without_its_factor": "the right side is 1 - γ times the left side",
    "sample_variance_divided_by_m": "the right side is m/(m - 1) times the left side, every horizon, every m ≥ 2",
    "two_step_advantage_with_wrong_power": "holds under undiscounted",
    "uncovered_importance_sampling": "holds under covers(β, π_θ)",
    "only_the_first_state": "",
    "decisions_miscounted": "",
}
"""What is true instead, by hand."""


@pytest.mark.parametrize("name", MENDED)
def test_what_would_make_a_mistake_true_is_said(name: str) -> None:
    (step,) = examined(bundled() / "refuted" / f"{name}.py").steps
    assert isinstance(step.verdict, Refuted)
    assert MENDED[name] in step.verdict.note
    assert bool(step.verdict.note) == bool(MENDED[name])
