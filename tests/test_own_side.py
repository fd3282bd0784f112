"""``derive evaluate`` and the report: a formula is called right only where it was evaluated itself."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from derive.assumptions import additive_return, discount_below_one, iid_samples, policy_positive, possible
from derive.checking.examine import examine
from derive.cli import main
from derive.derivation import Theorem, by, calc, theorem
from derive.errors import BadInput
from derive.language.expression import as_term
from derive.language.terms import Policy
from derive.language.vocabulary import (
    J,
    P,
    Q,
    R,
    expect,
    forever,
    function,
    gamma,
    grad,
    i,
    k,
    log,
    mean,
    pi,
    r,
    ratio,
    samples,
    t,
    tau,
    total,
)
from derive.numeric.comparison import Comparison, compare
from derive.numeric.directions import random_directions
from derive.numeric.sources import built_in, corridor, lake, random_mdp
from derive.numeric.tabular import TabularMDP
from derive.report import own_side
from derive.report.document import document
from derive.report.evaluation import evaluated
from derive.report.handout import formulas_of
from derive.report.numbers import Evaluated
from derive.report.own_side import closed_form_of, own_sides
from derive.verdict import Refuted

beta, b, f = Policy("beta"), function("b"), function("f")


def score(at: Any) -> Any:
    return grad(log(pi(tau.a[at] | tau.s[at])))


scores = total(t, score(t))


def claimed(formula: Any, *assumes: Any, **named: Any) -> Theorem:
    @theorem("claimed", assumes=assumes)
    def claim() -> Any:
        return calc(grad(J), by("words", **named), as_term(formula))

    return claim


def later(discount: Any) -> Any:
    return total(k, discount * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t)


FALSE: dict[str, Theorem] = {
    "half": claimed(ratio(1, 2) * expect(tau, scores * R(tau))),
    "twice": claimed(2 * expect(tau, scores * R(tau))),
    "a baseline of the next state": claimed(expect(tau, total(t, score(t) * (R(tau) - f(tau.s[t + 1]))))),
    "a baseline of the action": claimed(expect(tau, total(t, score(t) * (R(tau) - b(tau.s[t], tau.a[t]))))),
    "the discount of the start lost": claimed(
        expect(tau, total(t, score(t) * later(gamma ** (k - t)))), additive_return),
    "the discount of Q lost": claimed(expect(tau, total(t, score(t) * Q[t](tau.s[t], tau.a[t]))), additive_return),
    "a sum of samples": claimed(
        expect(samples, total(i, grad(log(P(samples[i]))) * R(samples[i]))), iid_samples, possible(tau)),
}
TRUE: dict[str, Theorem] = {
    "the return": claimed(expect(tau, scores * R(tau))),
    "a baseline": claimed(expect(tau, total(t, score(t) * (R(tau) - f(tau.s[t]))))),
    "to go": claimed(expect(tau, total(t, score(t) * later(gamma**k))), additive_return),
    "Q": claimed(expect(tau, total(t, gamma**t * score(t) * Q[t](tau.s[t], tau.a[t]))), additive_return),
    "a mean of samples": claimed(
        expect(samples, mean(i, grad(log(P(samples[i]))) * R(samples[i]))), iid_samples, possible(tau)),
}
MODELS = ("two-state", "corridor", "lake", "random:7")


def said(one: Theorem, name: str, **options: Any) -> tuple[bool, str]:
    out = io.StringIO()
    agree = evaluated(Console(file=out, width=200), one, name, **{"samples": 1_000, "seed": 0, **options})
    return agree, out.getvalue()


def last(text: str) -> str:
    return text.strip().splitlines()[-1]


def compared(mdp: TabularMDP, seed: int = 3) -> Comparison:
    theta = np.random.default_rng(seed).normal(size=(mdp.states, mdp.actions))
    return compare(mdp, theta, samples=1_000, seed=seed)


# -- the command ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("claim", FALSE)
def test_a_false_formula_is_not_blessed(claim: str, name: str) -> None:
    agree, text = said(FALSE[claim], name)
    assert not agree
    assert last(text) == "THE METHODS DISAGREE"
    assert re.search(r"right side, .* disagrees", text)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("claim", TRUE)
def test_a_true_formula_is_evaluated_and_agrees(claim: str, name: str) -> None:
    agree, text = said(TRUE[claim], name)
    assert agree
    assert last(text) == "all methods agree on this MDP"
    assert re.search(r"right side, (as written|by automata) .* agrees", text)


def test_without_the_own_side_the_false_one_would_agree() -> None:
    """The twin: nothing else that is evaluated reads the theorem."""
    comparison = compared(corridor())
    own = own_sides(FALSE["half"], comparison, seed=0)
    assert comparison.agrees
    assert not own.formula.agrees


def outside() -> Theorem:
    """True, and neither enumerated on a large MDP nor read by the kernel."""
    return claimed(expect(tau, scores * R(tau)) + 0 * grad(expect(tau, f(tau.s[0], tau.a[1]))))


def test_a_formula_that_is_not_evaluated_is_not_blessed() -> None:
    agree, text = said(outside(), "corridor")
    assert not agree
    assert last(text).startswith("THE THEOREM'S OWN FORMULA WAS NOT EVALUATED (too many trajectories to enumerate; ")
    assert last(text).endswith("that the other methods agree says nothing about it")
    assert re.search(r"right side .* left out: too many trajectories", text)
    assert "all methods agree" not in text
    assert said(outside(), "two-state")[0]


def test_a_formula_without_a_value_on_the_mdp_is_left_out() -> None:
    """1/P(tau) is asked of impossible trajectories; automata would cancel it."""
    one = claimed(total(tau, P(tau) * ratio(grad(P(tau)), P(tau)) * R(tau)))
    for name in ("two-state", "corridor"):
        agree, text = said(one, name)
        assert not agree
        assert "WAS NOT EVALUATED" in last(text)
    assert "divides by zero" in said(one, "two-state")[1]
    assert "it owes P(τ;θ) ≠ 0, which this MDP does not ensure" in said(one, "corridor")[1]
    with_it = claimed(total(tau, P(tau) * ratio(grad(P(tau)), P(tau)) * R(tau)), possible(tau))
    assert said(with_it, "two-state")[0]


def test_a_formula_lost_in_rounding_is_not_blessed(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = 10**30 * expect(tau, b(tau.s[0]))
    one = claimed(expect(tau, scores * R(tau)) + grad(huge) * 1)
    monkeypatch.setattr(own_side, "MOST_TRAJECTORIES", 0)
    agree, text = said(one, "two-state")
    assert not agree
    assert "too coarse to say" in text
    assert "what it comes to is lost in rounding" in last(text)


def test_functions_and_policies_are_drawn_by_seed_and_said() -> None:
    weighted = expect(tau, ratio(P(tau), P(tau, policy=beta)) * scores * (R(tau) - f(tau.s[0])), policy=beta)
    one = claimed(weighted, policy_positive)
    agree, text = said(one, "random:7")
    assert agree
    assert "f, beta: random tables by seed 0" in text
    assert "m = 3" in said(TRUE["a mean of samples"], "bandit")[1]


def test_an_mdp_outside_of_the_class_is_said() -> None:
    one = claimed(expect(tau, scores * R(tau)), discount_below_one)
    assert "outside of the theorem's class (discount_below_one)" in said(one, "bandit")[1]  # its discount is 1
    assert "outside" not in said(one, "two-state")[1]


def test_automata_give_what_the_enumeration_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = compared(random_mdp(1, 3, 2, 2))
    for one in (*TRUE.values(), *FALSE.values()):
        if one is FALSE["a sum of samples"] or one is TRUE["a mean of samples"]:
            continue  # three samples of it are too many to enumerate
        written = own_sides(one, comparison, seed=0).formula
        with monkeypatch.context() as patched:
            patched.setattr(own_side, "MOST_TRAJECTORIES", 0)
            compiled = own_sides(one, comparison, seed=0).formula
        assert (written.method, compiled.method) == ("right side, as written", "right side, by automata")
        assert compiled.gradient == pytest.approx(written.gradient, rel=1e-10, abs=1e-12)
        assert compiled.agrees == written.agrees


def test_many_coordinates_are_looked_at_along_random_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_side, "MOST_COORDINATES", 5)
    comparison = compared(lake())
    right, wrong = (own_sides(one, comparison, seed=0).formula for one in (TRUE["the return"], FALSE["half"]))
    assert right.method == "right side, by automata, random directions: 8"
    assert right.gradient is not None
    assert right.gradient.shape == (8,)
    assert right.agrees
    assert not wrong.agrees
    assert wrong.gradient == pytest.approx(right.gradient / 2)


# -- what evaluate refuses -----------------------------------------------------------------------------------


def test_a_claim_for_every_index_is_one_clear_error() -> None:
    with pytest.raises(BadInput, match=r"its claim is about every t; evaluate takes one number"):
        closed_form_of(claimed(expect(tau, score(t) * R(tau))))


def test_other_claims_are_refused() -> None:
    with pytest.raises(BadInput, match="takes a theorem about"):
        closed_form_of(theorem("x")(lambda: calc(J, by("words"), expect(tau, R(tau)))))
    with pytest.raises(BadInput, match="takes a theorem about"):
        closed_form_of(claimed(mean(i, grad(log(P(samples[i]))) * R(samples[i]))))
    endless = claimed(total(t, gamma**t * expect(tau, score(t) * Q(tau.s[t], tau.a[t])), stop=forever),
                      additive_return, discount_below_one)
    with pytest.raises(BadInput, match="its horizon is infinite"):
        said(endless, "two-state")


PROOF = "from derive import *\n@theorem('x')\ndef x():\n    return calc(grad(J), by(), {formula})\n"


@pytest.mark.parametrize(("formula", "mdp", "status", "line"), [
    ("ratio(1, 2) * expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))", "lake", 1,
     "THE METHODS DISAGREE"),
    ("expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))", "lake", 0, "all methods agree on this MDP"),
    ("expect(tau, grad(log(pi(tau.a[t] | tau.s[t]))) * R(tau))", "lake", 2, "about every t"),
])
def test_the_exit_status_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], formula: str, mdp: str,
                                        status: int, line: str) -> None:
    file = tmp_path / "x.py"
    file.write_text(PROOF.format(formula=formula))
    assert main(["evaluate", str(file), mdp, "--samples", "1000"]) == status
    captured = capsys.readouterr()
    assert line in captured.out + captured.err
    assert "Traceback" not in captured.err


def test_a_row_that_nearly_sums_to_one_makes_no_disagreement(tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "row.json"
    file.write_text(json.dumps({
        "mu": [1, 1e-9], "P": [[[1, 1e-9], [0.5, 0.5]], [[0.3, 0.7], [1e-9, 1]]], "r": [[1, 2], [3, -4]],
        "gamma": 0.9, "horizon": 3}))
    assert main(["evaluate", "policy_gradient", str(file), "--samples", "1000"]) == 0
    assert "all methods agree" in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(8))
def test_two_episodes_do_not_disagree(seed: int) -> None:
    agree, text = said(TRUE["the return"], "two-state", samples=2, seed=seed)
    assert agree
    assert "left out: 2 episodes are too few to judge by; at least 1,000 are needed" in text


# -- the report ------------------------------------------------------------------------------------------------


def section(theorems: list[Theorem], mdp: TabularMDP) -> str:
    examined = [examine(one) for one in theorems]
    comparison = compared(mdp)
    source = document(examined, Evaluated(comparison, formulas_of(examined, comparison, seed=0)), command="x")
    return source.split(r"\section{The same gradient, in numbers}")[1].split(r"\section{")[0]


def test_a_refuted_formula_is_red_in_the_report_and_nothing_there_is_green() -> None:
    wrong = section([claimed(FALSE["half"].chain.terms[-1], expect=Refuted)], built_in("two-state"))
    assert wrong.count(r"\verdict{bad}{disagrees}") == 1
    assert r"\verdict{good}" not in wrong
    right = section([TRUE["the return"]], built_in("two-state"))
    assert right.count(r"\verdict{good}{agrees}") == 1
    assert r"\verdict{bad}" not in right


def test_a_formula_that_is_left_out_of_the_report_says_why() -> None:
    assert "left out: too many trajectories to enumerate" in section([outside()], corridor())
    outside_of_class = section([claimed(expect(tau, scores * R(tau)), discount_below_one)], built_in("bandit"))
    assert "outside of the theorem" in outside_of_class
    assert r"\verdict" not in outside_of_class


def test_numbers_without_a_formula_say_that_they_are_about_no_theorem() -> None:
    plain = section([theorem("x")(lambda: calc(J, by("words"), expect(tau, R(tau))))], built_in("two-state"))
    assert "the table says nothing about its theorems" in plain
    assert r"\verdict" not in plain


@pytest.mark.parametrize(("formula", "expect_", "status", "numbers"), [
    ("grad(J), by(expect=Refuted), ratio(1, 2) * E", "Refuted", 0, 1), ("grad(J), by(), E", "Refuted", 1, 1),
    ("J, by(expect=Unjustified), expect(tau, R(tau))", "Unjustified", 0, 0)])
def test_the_section_is_written_only_where_a_formula_is_evaluated(tmp_path: Path, formula: str, expect_: str,
                                                                  status: int, numbers: int) -> None:
    file = tmp_path / "x.py"
    file.write_text(f"from derive import *\nfrom derive.verdict import {expect_}\n"
                    "E = expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))\n"
                    f"@theorem('x')\ndef x():\n    return calc({formula})\n")
    target = tmp_path / "x.tex"
    assert main(["report", str(file), "-o", str(target), "--samples", "1000"]) == status
    assert target.read_text().count("The same gradient, in numbers") == numbers


def test_a_claimed_formula_that_disagrees_fails_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the checker wrong, the numbers would still say so."""
    from derive.report import handout

    monkeypatch.setattr(handout, "formulas_of", lambda examined, comparison, seed: tuple(
        replace(formula, row=replace(formula.row, disagreement=1e9)) for formula in formulas_of(
            examined, comparison, seed=seed)))
    assert main(["report", "policy_gradient", "-o", str(tmp_path / "x.tex"), "--samples", "1000"]) == 1
    monkeypatch.undo()
    assert main(["report", "policy_gradient", "-o", str(tmp_path / "x.tex"), "--samples", "1000"]) == 0


def test_directions_are_the_same_for_a_seed() -> None:
    one, same, other = (random_directions(lake(), 2, seed=seed) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()
