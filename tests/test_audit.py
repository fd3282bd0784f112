"""What an assumption is needed for: said with a model on which the step fails without it; and what is idle."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from derive import additive_return, automata, by, calc, expect, pi, policy_positive, ratio, tau, theorem
from derive.checking.examine import examine
from derive.checking.proof_files import bundled, load
from derive.checking.theorems import Theorem
from derive.checking.use import DEFINED, EQUAL, LEMMA, MEANING, Need, needs
from derive.cli import main
from derive.counterexample.claim import Claim, Witness
from derive.counterexample.witness import NoValue, find_no_value
from derive.language.assumptions import covers
from derive.language.terms import Policy
from derive.language.vocabulary import J, R, V, function, prod, t
from derive.report.auditing import lines

beta, q = Policy("beta"), function("q")


def of(build: Callable[[], Any], *assumes: Any) -> Theorem:
    return theorem("a title", assumes=list(assumes))(build)


def by_name(found: tuple[Need, ...], name: str) -> list[Need]:
    return [need for need in found if need.assumption.name == name]


def ratios() -> Any:
    """E_beta[(pi/beta) q(s_0, a_0)] = E[q(s_0, a_0)] asks that beta is positive where pi is."""
    one = q(tau.s[0], tau.a[0])
    return calc(expect(tau, ratio(pi(tau.a[0] | tau.s[0]), beta(tau.a[0] | tau.s[0])) * one, policy=beta),
                by(automata), expect(tau, one))


def returns() -> Any:
    """The return is the sum of rewards."""
    return calc(expect(tau, R(tau)), by(automata), expect(tau, V[0](tau.s[0])))


def certain() -> Any:
    """One of everything is one."""
    return calc(expect(tau, q(tau.s[0], tau.a[0])), by(automata), expect(tau, q(tau.s[0], tau.a[0])))


def test_a_step_that_differs_without_an_assumption_has_a_witness() -> None:
    (need,) = needs(examine(of(ratios, policy_positive)))
    assert (need.step, need.dropped.what) == (1, EQUAL)
    assert isinstance(need.witness, Witness)
    model = need.witness.model
    assert need.witness.left != need.witness.right
    assert any(b == 0 < p for one, two in zip(model.policies["beta"], model.policies["pi"], strict=True)
               for b, p in zip(one, two, strict=True))


def test_a_side_without_meaning_is_said_to_have_none() -> None:
    (need,) = needs(examine(of(returns, additive_return)))
    assert need.dropped.what == MEANING
    assert need.witness is None


def test_what_is_idle_is_needed_nowhere() -> None:
    examined = examine(of(certain, policy_positive))
    assert needs(examined) == ()
    assert [one.name for one in examined.idle] == ["policy_positive"]
    assert any("idle" in text for _, text, _ in lines(examined))


def test_a_side_without_a_value_has_a_model() -> None:
    (one,) = load(bundled() / "policy_gradient_in_log_form.py")
    found = needs(examine(one))
    positive = [need for need in by_name(found, "policy_positive") if need.dropped.what == DEFINED]
    assert positive
    for need in positive:
        assert isinstance(need.witness, NoValue)
        assert any(p == 0 for row in need.witness.model.policies["pi"] for p in row)
    discounts = by_name(found, "discount_below_one")
    assert {need.dropped.what for need in discounts} == {LEMMA, DEFINED}
    assert any(isinstance(need.witness, NoValue) and need.witness.model.gamma == Fraction(1) for need in discounts)


def test_no_model_is_found_where_every_side_has_a_value() -> None:
    (step,) = examine(of(certain, policy_positive)).steps
    assert find_no_value(Claim(step.before, step.after, frozenset(), possible_only=False)) is None


def test_relations_are_named_with_their_steps() -> None:
    (one,) = load(bundled() / "reward_to_go.py")
    said = [text for _, text, _ in lines(examine(one))]
    assert "Σ_a π(a|s) = 1, used by step 3" in said


IDLE = '''from derive import automata, by, calc, expect, policy_positive, theorem, tau, function

@theorem("a title", assumes=[{assumes}])
def one():
    return calc(expect(tau, function("f")(tau.s[0])), by(automata), expect(tau, function("f")(tau.s[0])))
'''


@pytest.mark.parametrize(("assumes", "status"), [("policy_positive", 1), ("", 0)])
def test_an_idle_assumption_is_exit_1(assumes: str, status: int, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "mine.py").write_text(IDLE.format(assumes=assumes))
    assert main(["audit", str(tmp_path / "mine.py")]) == status
    assert ("idle: every verdict is the same without it" in capsys.readouterr().out) == bool(status)


def test_what_is_not_as_claimed_is_said_first_and_is_exit_1(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "mine.py"
    path.write_text(IDLE.format(assumes="").replace("(tau.s[0])))\n", "(tau.s[0]) * 2))\n"))
    assert main(["audit", str(path)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "    not as claimed: step 1 is refuted; derive check says why"
    assert main(["audit", str(path), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["theorems"][0]["as_claimed"] is False
    declared = path.read_text().replace("by(automata)", 'by("a slip", expect=Refuted)')
    path.write_text(declared.replace("import automata", "import Refuted, automata"))
    assert main(["audit", str(path)]) == 0
    assert "not as claimed" not in capsys.readouterr().out


def test_an_audit_is_data(capsys: Any) -> None:
    assert main(["audit", "importance_sampling", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    (one,) = data["theorems"]
    (assumption,) = one["assumptions"]
    assert data["schema"] == 1
    assert (assumption["name"], assumption["idle"]) == ("covers(β, π_θ)", False)
    assert [(need["step"], need["for"]) for need in assumption["needs"]] == [(1, "equal")]
    assert assumption["needs"][0]["model"][-1] == "left side 1/2, right side 0"


def test_an_unknown_name_is_refused(capsys: Any) -> None:
    assert main(["audit", "no_such"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_samples_need_two_of_them() -> None:
    (one,) = load(bundled() / "leave_one_out.py")
    (need,) = by_name(needs(examine(one)), "samples_at_least(2)")
    assert isinstance(need.witness, NoValue)
    assert need.witness.model.shape.samples == 1


def test_of_two_assumptions_that_replace_one_another_one_is_idle() -> None:
    """Both were, each with "drop it"; without both the claim is false. The one that asks less is kept."""
    ratios_of_all = prod(t, ratio(pi(tau.a[t] | tau.s[t]), beta(tau.a[t] | tau.s[t])))
    two = of(lambda: calc(expect(tau, ratios_of_all * R(tau), policy=beta), by(automata), J), policy_positive,
             covers(beta, pi))
    found = examine(two)
    assert (found.idle, found.used) == ((policy_positive,), (covers(beta, pi),))
    (need,) = needs(found)
    assert (need.assumption, need.dropped.what) == (covers(beta, pi), EQUAL)
