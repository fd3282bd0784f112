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
from test_models import paper_model

import derive
from derive.checking.derivation import Theorem, by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Refuted
from derive.cli import main
from derive.errors import BadInput, InvalidModel
from derive.evaluation.both_sides import evaluate
from derive.evaluation.inputs import read_tables
from derive.evaluation.ways import Compared
from derive.language.assumptions import (
    additive_return,
    between_0_and_1,
    discount_below_one,
    iid_samples,
    policy_positive,
    possible,
)
from derive.language.expression import as_term
from derive.language.terms import Policy
from derive.language.vocabulary import (
    J,
    P,
    Q,
    R,
    V,
    a,
    expect,
    forever,
    function,
    gamma,
    grad,
    i,
    k,
    log,
    mean,
    mu,
    pi,
    r,
    ratio,
    s,
    samples,
    scalar,
    t,
    tau,
    total,
)
from derive.numeric import infinite
from derive.numeric.closed_form import objective
from derive.numeric.comparison import Comparison, compare
from derive.numeric.directions import random_directions
from derive.numeric.sources import built_in, corridor, lake, random_mdp
from derive.numeric.tabular import TabularMDP, softmax
from derive.report.document import document
from derive.report.evaluation import _way, shown
from derive.report.numbers import Evaluated
from derive.report.reporting import formulas_of
from derive.transfer import sums
from derive.transfer.floats import Amount

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
MODELS = ("two-state", "corridor", "lake")


def on_models(claims: dict[str, Theorem]) -> list[Any]:
    """Each claim on one model, the first on all; the other pairs are deep."""
    return [pytest.param(claim, name, marks=() if name == MODELS[0] or place == 0 else pytest.mark.deep)
            for place, claim in enumerate(claims) for name in MODELS]


def said(one: Theorem, model: Any, **options: Any) -> tuple[int, str]:
    out = io.StringIO()
    found = evaluate(one, model, **{"samples": 1_000, "seed": 0, **options})
    return shown(Console(file=out, width=200), found), out.getvalue()


def last(text: str) -> str:
    return text.strip().splitlines()[-1]


def compared(mdp: TabularMDP, seed: int = 3) -> Comparison:
    theta = np.random.default_rng(seed).normal(size=(mdp.states, mdp.actions))
    return compare(mdp, theta, samples=1_000, seed=seed)


# -- the command ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("claim", "name"), on_models(FALSE))
def test_a_false_formula_is_not_blessed(claim: str, name: str) -> None:
    status, text = said(FALSE[claim], name)
    assert status == 1
    assert last(text) == "THE SIDES DIFFER on this model; the theorem is refuted"
    assert re.search(r"by dynamic programming .* differ", text)
    assert re.search(r"^check: refuted$", text, re.MULTILINE)
    assert "all methods agree" not in text


@pytest.mark.parametrize(("claim", "name"), on_models(TRUE))
def test_a_true_formula_is_evaluated_and_agrees(claim: str, name: str) -> None:
    status, text = said(TRUE[claim], name)
    assert last(text) == "both sides agree on this model"
    assert re.search(r"by dynamic programming .* agree", text)
    assert status == 0


def test_the_verdict_comes_first() -> None:
    _, text = said(FALSE["half"], "two-state")
    lines = text.splitlines()
    assert lines[0].startswith("claimed: ∇J(θ) = ")
    assert lines[1] == "check: refuted"
    assert lines[2].startswith("  step 1: the step is false; left side 1/4, right side 1/8 on 1 state")


def test_a_refuted_theorem_ends_so_even_where_the_numbers_agree() -> None:
    """A baseline of the action that is 0 on this model: the numbers cannot tell, the verdict can."""
    wrong = FALSE["a baseline of the action"]
    status, text = said(wrong, "two-state", functions={"b": [[0, 0], [0, 0]]})
    assert last(text) == "both sides agree on this model; the theorem is refuted"
    assert status == 1
    assert last(said(wrong, "two-state", functions={"b": [[0, 1], [0, 0]]})[1]).startswith("THE SIDES DIFFER")


def test_a_theorem_that_is_not_as_claimed_is_no_success() -> None:
    """True, declared refuted; and one whose reason is false is as bad, but a missing reason alone is none."""
    status, text = said(claimed(expect(tau, scores * R(tau)), expect=Refuted), "two-state")
    assert status == 1
    assert last(text).startswith("both sides agree on this model; the theorem is")
    assert said(claimed(2 * expect(tau, scores * R(tau)), expect=Refuted), "two-state")[0] == 1


def test_a_row_that_is_0_on_both_sides_is_empty() -> None:
    """Without rewards there is nothing to compare; with one reward behind a wall, only what leads to it."""
    still = replace(corridor(), r=np.zeros((5, 2, 5)))
    status, text = said(TRUE["Q"], still)
    assert status == 1
    assert last(text) == "THE SIDES WERE NOT COMPARED on this model (every row is empty: 0 on both sides)"
    assert re.search(r"by dynamic programming .* 10 empty", text)
    found = evaluate(TRUE["Q"], corridor(horizon=3), samples=1_000)
    swept = found.compared[-1]
    assert swept.empty.tolist() == [False] * 8 + [True] * 2  # the last cell is entered at time 4
    assert swept.label(9) == "∂θ(4, 1)"
    assert (swept.says(0), swept.says(9)) == ("agrees", "empty")


def test_the_largest_difference_is_shown_beside_what_is_allowed_there() -> None:
    """It was that of the row that came closest to its bound, and 0 allowed where all rows were equal."""
    left, resolution = np.array([0.0, 1e-17, -6e-17]), np.array([0.0, 1e-17, 1e-14])
    equal = Compared("w", (("a", "b", "c"),), left, np.zeros(3), resolution, np.ones(3), np.array([True, False, False]))
    assert _way(equal)[4:] == ["6.0e-17", "8.0e-14", "2 agree, 1 empty"]
    assert _way(replace(equal, left=np.zeros(3)))[4:6] == ["0.0e+00", "8.0e-14"]
    apart = replace(equal, left=np.array([0.0, 1e-9, -1e-14]))
    assert _way(apart)[4:] == ["1.0e-09", "8.0e-17", "1 differ, 1 agree, 1 empty"]


def test_a_sum_that_cancels_is_not_empty() -> None:
    means = theorem("means")(lambda: calc(expect(tau, b(tau.s[0]) * grad(log(P(tau)))), by("words"), as_term(0)))
    found = evaluate(means, "two-state")
    assert found.agrees


def test_without_the_own_sides_the_false_one_would_agree() -> None:
    """The twin: nothing else that is evaluated reads the theorem."""
    assert compared(corridor()).agrees
    assert not evaluate(FALSE["half"], corridor(), samples=1_000).methods_differ
    assert evaluate(FALSE["half"], corridor(), samples=1_000).differs


def outside() -> Theorem:
    """True, and neither enumerated on a large MDP nor read by the kernel: a function of two steps."""
    return claimed(expect(tau, scores * R(tau)) + 0 * grad(expect(tau, f(tau.s[0], tau.a[1]))))


@pytest.mark.slow
def test_sides_that_are_not_evaluated_are_not_blessed() -> None:
    status, text = said(outside(), "corridor")
    assert status == 1
    assert last(text).startswith("THE SIDES WERE NOT COMPARED on this model (too many trajectories to enumerate; ")
    assert "as written: skipped: too many trajectories to enumerate" in text
    assert "by dynamic programming: skipped: " in text
    assert last(said(outside(), "two-state")[1]) == "both sides agree on this model; the theorem is not proved"


def test_sides_without_a_value_on_the_model_are_skipped() -> None:
    """1/P(tau) is asked of impossible trajectories; automata would cancel it."""
    one = claimed(total(tau, P(tau) * ratio(grad(P(tau)), P(tau)) * R(tau)))
    for name in ("two-state", "corridor"):
        status, text = said(one, name)
        assert status == 1
        assert "WERE NOT COMPARED" in last(text)
    assert "divides by zero" in said(one, "two-state")[1]
    assert "it owes P(τ;θ) ≠ 0, which this model does not ensure" in said(one, "corridor")[1]
    with_it = claimed(total(tau, P(tau) * ratio(grad(P(tau)), P(tau)) * R(tau)), possible(tau))
    assert said(with_it, "two-state")[0] == 0


def test_sides_lost_in_rounding_are_not_blessed() -> None:
    huge = 10**30 * expect(tau, b(tau.s[0]))
    one = claimed(expect(tau, scores * R(tau)) + grad(huge) * 1)
    status, text = said(one, "two-state")
    assert status == 1
    assert "too coarse to say" in text
    assert "lost in rounding" in last(text)


@pytest.mark.slow
def test_functions_and_policies_are_drawn_by_seed_and_printed() -> None:
    weighted = expect(tau, ratio(P(tau), P(tau, policy=beta)) * scores * (R(tau) - f(tau.s[0])), policy=beta)
    one = claimed(weighted, policy_positive)
    status, text = said(one, "random:7")
    assert status == 0
    drawn = evaluate(one, "random:7", samples=1_000)
    assert drawn.drawn == ("f", "beta")
    with np.printoptions(precision=6, suppress=True):
        assert f"f: drawn, {drawn.functions['f']}" in text
    assert re.search(r"^beta: drawn, \[\[", text, re.MULTILINE)
    assert "m = 3" in said(TRUE["a mean of samples"], "bandit")[1]
    same, other = (evaluate(one, "random:7", seed=seed, samples=1_000).functions["f"] for seed in (0, 1))
    assert (same == drawn.functions["f"]).all()
    assert (other != same).all()


def test_an_mdp_outside_of_the_class_is_said() -> None:
    one = claimed(expect(tau, scores * R(tau)), discount_below_one)
    text = said(one, "bandit")[1]  # its discount is 1
    assert "outside of the theorem's class (discount_below_one)" in text
    assert last(text).endswith("both sides agree on this model, which is outside of the theorem's class "
                               "(discount_below_one)")
    assert "outside" not in said(one, "two-state")[1]


@pytest.mark.slow
def test_both_ways_give_the_same_numbers() -> None:
    for one in (*TRUE.values(), *FALSE.values()):
        if one is FALSE["a sum of samples"] or one is TRUE["a mean of samples"]:
            continue  # three samples of it are too many to enumerate
        written, swept = evaluate(one, random_mdp(1, 3, 2, 2), samples=1_000).compared
        assert (written.way, swept.way) == ("as written", "by dynamic programming")
        for side in ("left", "right"):
            assert getattr(swept, side) == pytest.approx(getattr(written, side), rel=1e-10, abs=1e-12)


# -- theorems about anything else ------------------------------------------------------------------------------


def equal(left: Any, right: Any, *assumes: Any, **named: Any) -> Theorem:
    return theorem("equal", assumes=assumes)(lambda: calc(as_term(left), by("words", **named), as_term(right)))


SECOND = grad(grad(J))
OTHERS: dict[str, tuple[Theorem, Theorem]] = {
    "a number": (equal(J, expect(tau, R(tau))), equal(J, 2 * expect(tau, R(tau)))),
    "every state": (
        equal(total(a, pi(a | s) * f(s, a)), total(a, f(s, a) * pi(a | s) * 1) + 0 * f(s, a)),
        equal(total(a, pi(a | s) * f(s, a)), total(a, f(s, a) * pi(a | s)) + mu(s))),
    "a gradient for every state": (
        equal(grad(total(a, pi(a | s) * f(s, a))), total(a, pi(a | s) * grad(log(pi(a | s))) * f(s, a))),
        equal(grad(total(a, pi(a | s) * f(s, a))), total(a, grad(log(pi(a | s))) * f(s, a)))),
    "every time": (
        equal(expect(tau, score(t) * b(tau.s[t])), grad(J) * 0), equal(expect(tau, score(t) * R(tau)), grad(J))),
    "two times": (
        equal(expect(tau, score(t) * f(tau.s[t], tau.a[t]) * b(tau.s[k])),
              expect(tau, b(tau.s[k]) * f(tau.s[t], tau.a[t]) * score(t))),
        equal(expect(tau, score(t) * b(tau.s[k])), grad(J) * 0)),
    "every trajectory": (
        equal(grad(P(tau)), P(tau) * scores), equal(grad(log(P(tau))), scores * R(tau))),
    "a quotient": (equal(ratio(J, 1 + J**2), J / (1 + J * J)), equal(ratio(J, 1 + J**2), J / (1 + J))),
    "values": (
        equal(V[0](s), total(a, pi(a | s) * Q[0](s, a)), additive_return),
        equal(V[0](s), V[1](s), additive_return)),
}
POSITIVE_MODEL = random_mdp(5, 2, 2, 1)


@pytest.mark.parametrize("name", OTHERS)
def test_claims_about_anything_are_evaluated(name: str) -> None:
    true, false = OTHERS[name]
    for one, differs in ((true, False), (false, True)):
        found = evaluate(one, POSITIVE_MODEL, methods=False)
        assert found.compared, found.skipped
        assert found.differs == differs, name
        if len(found.compared) > 1:
            written, swept = found.compared
            assert swept.left.size == written.left.size
            assert np.sort(swept.left) == pytest.approx(np.sort(written.left), rel=1e-9, abs=1e-12)
            assert np.sort(swept.right) == pytest.approx(np.sort(written.right), rel=1e-9, abs=1e-12)


def test_late_times_count_from_the_last_decision() -> None:
    """At H = 30 the first and the last times are asked, and the law of the last state is mu P^30."""
    mdp = random_mdp(2, 3, 2, 30)
    found = evaluate(equal(expect(tau, b(tau.s[t])), expect(tau, b(tau.s[t])) * 1), mdp)
    (swept,) = found.compared
    assert [swept.label(k) for k in range(8)] == [f"t = {n}" for n in (0, 1, 2, 3, 27, 28, 29, 30)]
    step = np.einsum("sa,sax->sx", softmax(found.theta), mdp.P)
    law = mdp.mu @ np.linalg.matrix_power(step, 30)
    assert swept.left[7] == pytest.approx(law @ found.functions["b"], rel=1e-12)


def test_values_at_the_last_time_of_all() -> None:
    """At t = H one decision is left, and the sweeps have one step."""
    found = evaluate(equal(V[t](s), total(a, pi(a | s) * Q[t](s, a)), additive_return), "corridor", horizon=4)
    assert found.conclusion == "both sides agree on this model"
    assert found.compared[-1].label(found.compared[-1].left.size - 1) == "t = 4, s = 4"


def test_more_trajectories_than_a_float_counts() -> None:
    found = evaluate(TRUE["Q"], "lake", horizon=400, methods=False)
    assert found.skipped == (("as written", "too many trajectories to enumerate"),)
    assert found.agrees


def test_a_second_derivative_along_directions() -> None:
    found = evaluate(equal(SECOND, SECOND * 1), "corridor", methods=False)
    (swept,) = found.compared
    assert swept.way == "by dynamic programming, 8 random directions"
    direction = random_directions(found.mdp, 8, seed=0)[0]
    h = 1e-4
    ahead, here, back = (objective(found.mdp, found.theta + n * h * direction) for n in (1, 0, -1))
    assert swept.left[0] == pytest.approx((ahead - 2 * here + back) / h**2, rel=1e-5)


def test_a_malformed_theorem_is_evaluated_by_no_way() -> None:
    found = evaluate(equal(grad(J) * grad(J), J), "two-state")
    assert found.verdict == "malformed"
    assert not found.compared
    assert found.status == 1
    assert found.conclusion.endswith("; the theorem is malformed")


# -- without a last decision -----------------------------------------------------------------------------------


def endless(formula: Any) -> Theorem:
    return claimed(formula, additive_return, discount_below_one)


def gradient_by(weight: Any) -> Theorem:
    return endless(total(t, gamma**t * expect(tau, score(t) * weight), stop=forever))


@pytest.mark.parametrize("name", ["two-state", "corridor", "lake"])
def test_an_infinite_horizon_is_a_linear_system(name: str) -> None:
    right = evaluate(gradient_by(Q(tau.s[t], tau.a[t])), name)
    assert (right.status, right.conclusion) == (0, "both sides agree on this model")
    assert [row.says for row in right.methods] == ["reference", "agrees", "agrees"]
    reference = infinite.gradient(right.mdp, right.theta)
    (swept,) = right.compared
    assert swept.right == pytest.approx(reference.reshape(-1), rel=1e-9, abs=1e-13)
    wrong = evaluate(gradient_by(2 * Q(tau.s[t], tau.a[t])), name)
    assert wrong.conclusion == "THE SIDES DIFFER on this model; the theorem is refuted"


def test_an_infinite_horizon_needs_a_discount_below_one() -> None:
    with pytest.raises(BadInput, match="no last decision, and the discount of bandit is 1"):
        evaluate(gradient_by(Q(tau.s[t], tau.a[t])), "bandit")
    assert evaluate(gradient_by(Q(tau.s[t], tau.a[t])), "bandit", gamma=0.5).status == 0


# -- tables of the reader's own ----------------------------------------------------------------------------------


OPEN = claimed(expect(tau, ratio(P(tau), P(tau, policy=beta)) * scores * (R(tau) - b(tau.s[0])), policy=beta),
               policy_positive)


def test_tables_from_files_are_used_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof, values, rows = (tmp_path / name for name in ("x.py", "b.json", "beta.json"))
    proof.write_text(PROOF.format(formula="expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) "
                                          "* (R(tau) - function('b')(tau.s[0])))"))
    values.write_text("[1.5, -2]")
    assert main(["evaluate", str(proof), "--function", f"b={values}"]) == 0
    assert "b: given, [ 1.5 -2. ]" in capsys.readouterr().out
    given = {"b": [1.5, -2], "beta": [[0.25, 0.75], [0.5, 0.5]]}
    found = evaluate(OPEN, "two-state", functions=given)
    assert found.drawn == ()
    assert found.functions["beta"].tolist() == given["beta"]
    rows.write_text("[[0.5]")
    assert main(["evaluate", str(proof), "--function", f"b={rows}"]) == 2
    assert "not JSON" in capsys.readouterr().err


@pytest.mark.parametrize(("tables", "message"), [
    ({"b": [1, 2, 3]}, r"b has shape \(3,\), expected \(2,\): one axis for each argument \(state\)"),
    ({"b": [[1, 2], [3]]}, "its lists differ in length"),
    ({"b": ["x", 1]}, "not a finite number"),
    ({"b": [float("nan"), 1]}, "not a finite number"),
    ({"b": None}, "b is null in its file. Give nested lists of numbers"),
    ({"c": [1, 2]}, "theorem claim: it has no function, policy or number c. It leaves open: b, beta"),
    ({"pi": [[1, 0], [1, 0]]}, "theorem claim: it has no function, policy or number pi"),
    ({"beta": [[1, 1], [1, 0]]}, "Make each row sum to 1"),
    ({"beta": [[2, -1], [1, 0]]}, "Make each row sum to 1"),
], ids=str)
def test_a_table_that_does_not_fit_is_one_clear_error(tables: dict[str, Any], message: str) -> None:
    with pytest.raises((BadInput, InvalidModel), match=message):
        evaluate(OPEN, "two-state", functions=tables)


@pytest.mark.parametrize(("options", "message"), [
    (["b"], "write NAME=FILE.json"), (["=x"], "write NAME=FILE.json"), (["b=no.json"], "does not exist"),
    (["b=."], "is a folder")])
def test_an_option_that_names_no_table_is_one_clear_error(options: list[str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_tables(options)


def test_numbers_are_drawn_in_their_ranges() -> None:
    lam = scalar("lam")
    one = equal(total(t, lam**t), total(t, lam**t) * 1, between_0_and_1(lam))
    found = evaluate(one, "two-state")
    assert 0 < float(found.functions["lam"]) < 1
    assert found.unmet == ()
    assert evaluate(one, "two-state", functions={"lam": 2}).unmet == ("0 ≤ lam ≤ 1",)
    assert found.status == 0


# -- models --------------------------------------------------------------------------------------------------------


class Walk:
    """A two-state environment with Gymnasium's table, and nothing else of it."""

    P = {0: {0: [(1.0, 0, 0.0, False)], 1: [(0.5, 1, 1.0, True), (0.5, 0, 0.0, False)]},
         1: {0: [(1.0, 1, 0.0, True)], 1: [(1.0, 1, 0.0, True)]}}


def test_an_environment_a_model_an_mdp_and_a_name_are_models() -> None:
    by_table = evaluate(TRUE["Q"], Walk(), gamma=0.5, horizon=2)
    assert (by_table.mdp.states, by_table.mdp.gamma, by_table.mdp.horizon) == (2, 0.5, 2)
    assert by_table.status == 0
    exact = evaluate(TRUE["Q"], paper_model())
    assert exact.theta_from == "the logarithm of the model's policy"
    assert exact.agrees
    assert evaluate(TRUE["Q"], corridor(), horizon=3).mdp.horizon == 3
    with pytest.raises(BadInput, match="There is no model 'nowhere'"):
        evaluate(TRUE["Q"], "nowhere")
    with pytest.raises(BadInput, match="has no table P"):
        evaluate(TRUE["Q"], object())


def test_the_evaluation_is_frozen_data() -> None:
    found = evaluate(TRUE["Q"], "two-state")
    with pytest.raises(AttributeError):
        found.mdp = None  # type: ignore[misc, assignment]
    assert derive.evaluate is evaluate
    assert "evaluate" in derive.__all__


def test_an_error_of_the_sweeps_is_seen_by_the_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: both sides wrong alike, as an error of the kernel's automata would make them."""
    right = sums.Sums.amount
    monkeypatch.setattr(sums.Sums, "amount", lambda self: Amount(2 * right(self).value, right(self).size))
    found = evaluate(TRUE["Q"], "lake", samples=1_000)
    assert found.conclusion == "THE METHODS DISAGREE on this model"
    assert found.status == 1


# -- the exit status ---------------------------------------------------------------------------------------------


PROOF = "from derive import *\n@theorem('x')\ndef x():\n    return calc(grad(J), by(), {formula})\n"


@pytest.mark.parametrize(("formula", "mdp", "status", "line"), [
    ("ratio(1, 2) * expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))", "lake", 1,
     "THE SIDES DIFFER on this model; the theorem is refuted"),
    ("expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))", "lake", 0, "both sides agree on this model"),
    ("expect(tau, grad(log(pi(tau.a[t] | tau.s[t]))) * R(tau))", "lake", 1, "t = 0"),
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
    assert "both sides agree" in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(8))
def test_two_episodes_do_not_disagree(seed: int) -> None:
    status, text = said(TRUE["the return"], "two-state", samples=2, seed=seed)
    assert status == 0
    assert "skipped: 2 episodes are too few to judge by; at least 1,000 are needed" in text


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


def test_a_refuted_formula_that_agrees_on_the_model_is_not_green() -> None:
    """A baseline of the action that no reward multiplies: on this model it vanishes."""
    still = replace(built_in("two-state"), r=np.zeros((2, 2, 2)))
    wrong = section([claimed(2 * expect(tau, scores * R(tau)), expect=Refuted)], still)
    assert r"\verdict{fair}{agrees on this model; the theorem is refuted}" in wrong
    assert r"\verdict{good}" not in wrong


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
    ("grad(J), by(expect=Refuted), ratio(1, 2) * E", "Refuted", 0, 1), ("grad(J), by(), E", "Refuted", 0, 1),
    ("J, by(expect=Unjustified), expect(tau, R(tau))", "Unjustified", 0, 0)])
def test_the_section_is_written_only_where_a_formula_is_evaluated(tmp_path: Path, formula: str, expect_: str,
                                                                  status: int, numbers: int) -> None:
    file = tmp_path / "x.py"
    file.write_text(f"from derive import *\nfrom derive.checking.verdict import {expect_}\n"
                    "E = expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))\n"
                    f"@theorem('x')\ndef x():\n    return calc({formula})\n")
    target = tmp_path / "x.tex"
    assert main(["report", str(file), "-o", str(target), "--samples", "1000"]) == status
    assert target.read_text().count("The same gradient, in numbers") == numbers


@pytest.mark.slow
def test_a_claimed_formula_that_disagrees_fails_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the checker wrong, the numbers would still say so."""
    from derive.report import reporting

    monkeypatch.setattr(reporting, "formulas_of", lambda examined, comparison, seed, tell: tuple(
        replace(formula, row=replace(formula.row, disagreement=1e9)) for formula in formulas_of(
            examined, comparison, seed=seed)))
    assert main(["report", "policy_gradient", "-o", str(tmp_path / "x.tex"), "--samples", "1000"]) == 1
    monkeypatch.undo()
    assert main(["report", "policy_gradient", "-o", str(tmp_path / "x.tex"), "--samples", "1000"]) == 0


def test_directions_are_the_same_for_a_seed() -> None:
    one, same, other = (random_directions(lake(), 2, seed=seed) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize("given", ["policy_gradient", None, lambda: 3])
def test_what_is_no_theorem_is_refused_with_what_is(given: Any) -> None:
    for asked in (evaluate, examine):
        with pytest.raises(BadInput, match=r"is no theorem: give what @theorem.* from derive\.proofs\."):
            asked(given)
