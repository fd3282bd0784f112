"""Handouts: blanks where a student writes, solutions apart, arithmetic that was done by hand."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from derive import (
    J,
    P,
    R,
    approximately,
    automata,
    by,
    calc,
    define,
    expect,
    grad,
    log,
    pi,
    possible,
    t,
    tau,
    theorem,
    total,
)
from derive.checking.examine import Session
from derive.cli import main
from derive.numeric.sources import bandit, two_state
from derive.numeric.tabular import TabularMDP
from derive.report import tex
from derive.report.arithmetic import attempt, worked
from derive.report.handout import BY_HAND, Blanks, Kind, handout
from derive.report.sheets import as_latex, as_page, as_typst
from derive.report.tex import compile_pdf
from derive.report.typeset import compile_typst
from proofs.entropy_regularised_gradient import entropy_regularised_gradient
from proofs.geometric_series import geometric_series
from proofs.gradient_of_the_state_law import gradient_of_the_state_law
from proofs.importance_ratio_has_mean_one import importance_ratio_has_mean_one
from proofs.likelihood_ratio_gradient import likelihood_ratio_gradient
from proofs.policy_gradient import policy_gradient
from proofs.policy_gradient_estimate import policy_gradient_estimate
from proofs.refuted.discount_lost import discount_lost

WRITERS = {"latex": as_latex, "typst": as_typst, "html": as_page}
needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


def sheet(*theorems, blanks=Blanks.REASONS, mdp=None, title="A title & more"):
    session = Session()
    return handout([session.examine(one) for one in theorems], mdp or two_state(), title=title, blanks=blanks)


def test_each_theorem_is_asked_for_in_its_way() -> None:
    found = sheet(policy_gradient, discount_lost, policy_gradient_estimate).exercises
    assert [one.kind for one in found] == [Kind.FILL, Kind.JUDGE, Kind.JUDGE]
    assert [one.answer for one in found] == [
        "True.", "False.", "Not as an equality: one side is random. The means are equal."]
    assert found[0].reasons == ("expectation as a sum", "likelihood-ratio policy gradient", "score of a trajectory")
    assert "False" not in found[1].about


@pytest.mark.slow
def test_a_chain_that_breaks_is_neither_judged_nor_summed(tmp_path: Path) -> None:
    g = define("g", [tau, t], grad(log(pi(tau.a[t] | tau.s[t]))))

    @theorem("a surrogate", assumes=[possible(tau)])
    def surrogate():
        """Twice as much, nearly."""
        return calc(grad(J), by(automata), expect(tau, total(t, g(tau, t)) * R(tau)),
                    by(approximately), expect(tau, total(t, g(tau, t)) * R(tau)) * 2)

    found = sheet(surrogate, blanks=Blanks.SIDES)
    one, = found.exercises
    assert (one.kind, one.relation, one.worked) == (Kind.FILL, "≈", None)
    assert [gap.relation for gap in one.gaps] == ["", "=", "≈"]
    assert as_latex(found, solutions=False).count(r"\approx") == 2
    assert r"where $g(\tau, t) :=" in as_latex(found, solutions=False)
    if find_spec("latex2mathml"):
        assert len(re.findall(">≈</(?:td|span)>", as_page(found, solutions=False))) == 2
    assert as_typst(found, solutions=False).count("[$≈$]") == 2
    assert "where $g (τ, t) := " in as_typst(found, solutions=False).replace("g(", "g (")
    if shutil.which("pdflatex"):
        compile_pdf(as_latex(found, solutions=False), tmp_path / "one.pdf")
    pytest.importorskip("typst")
    compile_typst(as_typst(found, solutions=False), tmp_path / "two.pdf")


@pytest.mark.parametrize(("blanks", "terms", "reasons"), [
    (Blanks.REASONS, [False, False, False, False], [False, True, True, True]),
    (Blanks.SIDES, [False, True, True, False], [False, False, False, False]),
    (Blanks.BOTH, [False, True, True, False], [False, True, True, True]),
])
def test_what_is_blank(blanks: Blanks, terms: list[bool], reasons: list[bool]) -> None:
    gaps = sheet(policy_gradient, blanks=blanks).exercises[0].gaps
    assert [gap.hides_term for gap in gaps] == terms
    assert [gap.hides_reason for gap in gaps] == reasons


@pytest.mark.parametrize("blanks", list(Blanks))
def test_one_possible_reason_is_not_asked_for(blanks: Blanks) -> None:
    """On every line stood a blank for the word 'calculation'; the terms between are asked for in its place."""
    @theorem("one reason")
    def one_reason():
        return calc(J, by(automata), J * 1, by(automata), 1 * J * 1, by(automata), J)

    one, = sheet(one_reason, blanks=blanks).exercises
    assert one.reasons == ("calculation",)
    assert [gap.hides_reason for gap in one.gaps] == [False] * 4
    assert [gap.hides_term for gap in one.gaps] == [False, True, True, False]


@pytest.mark.parametrize("name", WRITERS)
def test_what_was_decided_is_told_in_a_sentence_that_helps(name: str) -> None:
    if name == "html":
        pytest.importorskip("latex2mathml")
    found = sheet(geometric_series, entropy_regularised_gradient, gradient_of_the_state_law)
    assert [one.solved for one in found.exercises] == [
        (BY_HAND,), (f"The direct derivative of the logarithm has mean zero. {BY_HAND}",),
        (f"It is decided as a whole, for every function of the state and every time. {BY_HAND}",)]
    solved = WRITERS[name](found, solutions=True)
    assert solved.count("by hand, write both") == 3
    assert "Decided as a whole" not in solved


@pytest.mark.parametrize(("name", "told"), [
    ("latex", (r"$\beta$($\cdot$\textbar{}$s$)", r"$P$($\cdot$\textbar{}0,~0)", "$t$~=~0")),
    ("typst", ("$β$#\"\u2060(·|\u2060\";$s$", "$P$#\"\u2060(·|\u20600,\xa00)", "$t$#\"\xa0=\xa00")),
    ("html", ("<i>β</i>(·|<i>s</i>)", "<i>P</i>(·|0,\xa00)", "<i>t</i>\xa0=\xa00"))])
def test_a_model_is_told_in_formulas(name: str, told: tuple[str, ...]) -> None:
    """'beta(·|s)' and 't: 0' stood there as typed, and a line ended inside of P(·|0, 1)."""
    if name == "html":
        pytest.importorskip("latex2mathml")
    made = sheet(importance_ratio_has_mean_one, policy_gradient)
    written = WRITERS[name](made, solutions=False)
    for each in told:
        assert each in written, each
    assert not re.search(r"(?<!\\)beta\(", written)


def test_typst_keeps_room_to_write_and_a_space_between_sentences() -> None:
    """Room that ended a page was lost, and a model ran into what is said of it: 't = 0.Both sides'."""
    made = sheet(importance_ratio_has_mean_one, policy_gradient)
    asked, solved = (as_typst(made, solutions=kind) for kind in (False, True))
    assert asked.count("#block(height: 32mm)") == 3
    assert "#v(" not in asked
    assert re.search(r"\. Both sides are #\"1\"", solved.split("Exercise 2")[0])


def test_a_page_keeps_room_to_write_beside_its_question() -> None:
    pytest.importorskip("latex2mathml")
    made = as_page(sheet(policy_gradient), solutions=False)
    assert re.search(r"model above[^<]*</p>\s*<div class=\"space\">", made)
    assert "p:has(+ .space) { break-after: avoid; } .space { height: 38mm; }" in made


def test_it_is_said_why_there_is_no_arithmetic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """'0 of them with arithmetic on lake' was all, and the sheet had a part (a) without a part (b)."""
    target = tmp_path / "h.tex"
    assert main(["report", "--handout", "policy_gradient", "--model", "lake", "-o", str(target)]) == 0
    assert re.search(r"an exercise has no arithmetic on lake: the model has [\d,]+ possible trajectories, and more "
                     "than 12 are no work for paper", capsys.readouterr().err)
    text = target.read_text()
    assert "Fill in the gaps" in text
    for told in ("(a)", "(b)", "For the arithmetic"):
        assert told not in text
    assert attempt(policy_gradient_estimate, bandit()) == "the theorem draws samples"
    assert attempt(geometric_series, bandit()) == "the theorem has no last decision"


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("blanks", list(Blanks))
def test_a_blank_for_each_gap_and_none_in_the_solutions(name: str, blanks: Blanks) -> None:
    if name == "html":
        pytest.importorskip("latex2mathml")
    made = sheet(policy_gradient, blanks=blanks)
    hidden = sum(gap.hides_term + gap.hides_reason for gap in made.exercises[0].gaps)
    blank = {"latex": r"\\blank\{\d+mm\}", "typst": r"#blank\(\d+mm\)", "html": '<span class="blank">'}[name]
    write = WRITERS[name]
    asked, solved = write(made, solutions=False), write(made, solutions=True)
    assert len(re.findall(blank, asked)) == hidden
    assert not re.findall(blank, solved)
    assert "score of a trajectory" in solved


@pytest.mark.parametrize("name", WRITERS)
def test_the_exercises_give_nothing_away(name: str) -> None:
    """What is to be judged has no title and no verdict, and no scope is told."""
    if name == "html":
        pytest.importorskip("latex2mathml")
    made = sheet(policy_gradient, discount_lost)
    asked, solved = (WRITERS[name](made, solutions=kind) for kind in (False, True))
    body = asked.split("Exercise 2")[1]
    for told in ("discount is lost", "False.", "refuted", "left side", "automata", "every finite MDP"):
        assert told not in body
    assert "True or false?" in body
    assert "discount is lost" in solved.split("Exercise 2")[1]
    assert "False." in solved
    assert "left side 3/2, right side 2" in solved
    assert "automata" not in solved
    assert "3/8" in solved
    assert "3/8" not in asked


def test_the_arithmetic_of_the_bandit_is_that_of_a_hand() -> None:
    """Three arms with rewards 1, 2, 4, each with probability 1/3; for θ(0, 2):

    D P = π(a) (1{a = 2} - 1/3) is -1/9, -1/9, 2/9, times the reward: -1/9, -2/9, 8/9; the sum is 5/9.
    """
    found = worked(policy_gradient, bandit())
    assert found is not None
    assert found.coordinate == "θ(0, 2)"
    shares = [(one.path, one.left, one.right) for one in found.shares]
    assert shares == [((0, 0, 0), Fraction(-1, 9), Fraction(-1, 9)), ((0, 1, 0), Fraction(-2, 9), Fraction(-2, 9)),
                      ((0, 2, 0), Fraction(8, 9), Fraction(8, 9))]
    assert {value for _, value in found.values} == {Fraction(5, 9)}


def test_a_policy_in_simple_fractions_is_kept_and_another_is_uniform() -> None:
    """Logits log 1, log 2, log 1 give 1/4, 1/2, 1/4; for θ(0, 2): 1/4 (-1/4) 1 + 1/2 (-1/4) 2 + 1/4 (3/4) 4 = 7/16."""
    found = worked(policy_gradient, bandit(), np.log([[1.0, 2.0, 1.0]]))
    assert found is not None
    assert found.values[0][1] == Fraction(7, 16)
    other = worked(policy_gradient, bandit(), np.array([[0.1, 0.2, 0.3]]))
    assert other is not None
    assert other.values[0][1] == Fraction(5, 9)


def test_what_is_no_work_for_paper_has_no_arithmetic() -> None:
    large = TabularMDP(np.ones(1), np.ones((1, 3, 1)), np.ones((1, 3, 1)), 1.0, 2)
    assert worked(policy_gradient, large) is None  # 27 trajectories
    odd = TabularMDP(np.ones(1), np.ones((1, 2, 1)), np.full((1, 2, 1), np.pi), 1.0, 0)
    assert worked(policy_gradient, odd) is None
    assert worked(policy_gradient_estimate, bandit()) is None


@pytest.mark.slow
@needs_latex
@pytest.mark.parametrize("solutions", [False, True])
def test_it_compiles_without_a_warning(tmp_path: Path, solutions: bool) -> None:
    source = as_latex(sheet(policy_gradient, discount_lost, likelihood_ratio_gradient), solutions=solutions)
    log = compile_pdf(source, tmp_path / "h.pdf")
    assert not re.findall(r"^(?:LaTeX|Package \w+) Warning.*|^(?:Over|Under)full.*", log, re.MULTILINE)


@pytest.mark.slow
@needs_latex
@pytest.mark.parametrize("solutions", [False, True])
def test_a_long_chain_goes_on_over_the_page(tmp_path: Path, solutions: bool) -> None:
    """As one block its last lines stood below the edge of the paper."""
    @theorem("many steps")
    def many():
        return calc(grad(J), *[by(automata), grad(total(tau, P(tau) * R(tau))),
                               by(automata), total(tau, grad(P(tau)) * R(tau))] * 15)

    log = compile_pdf(as_latex(sheet(many), solutions=solutions), tmp_path / "h.pdf")
    assert "Overfull" not in log
    if shutil.which("pdftotext"):
        pages = subprocess.run(["pdftotext", "-bbox", tmp_path / "h.pdf", "-"], capture_output=True, check=True)
        lowest = [float(found) for found in re.findall(r'yMax="([0-9.]+)">=<', pages.stdout.decode())]
        assert len(lowest) >= 30
        assert max(lowest) < 842 - 68  # the height of the paper less its margin, in points


@pytest.mark.slow
@needs_latex
def test_an_exercise_stays_with_its_gaps_and_a_wide_claim_on_the_paper(tmp_path: Path) -> None:
    """Each heading stands on the page of its last line; a claim of two wide sides has a line for each."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed")
    made = sheet(policy_gradient, likelihood_ratio_gradient, entropy_regularised_gradient, policy_gradient)
    log = compile_pdf(as_latex(made, solutions=True), tmp_path / "s.pdf")
    assert "Overfull" not in log
    compile_pdf(as_latex(made, solutions=False), tmp_path / "h.pdf")
    pages = subprocess.run(["pdftotext", "-layout", tmp_path / "h.pdf", "-"], capture_output=True,
                           check=True).stdout.decode().split("\f")
    assert len(pages) > 2
    for page in pages[:-1]:
        assert page.count("Exercise") == page.count("Fill in") + page.count("Show it")


@pytest.mark.parametrize("solutions", [False, True])
def test_it_compiles_in_typst(tmp_path: Path, solutions: bool) -> None:
    pytest.importorskip("typst")
    source = as_typst(sheet(policy_gradient, discount_lost, title='#panic("x") ]'), solutions=solutions)
    assert compile_typst(source, tmp_path / "h.pdf") == ()
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", tmp_path / "h.pdf", "-"], capture_output=True, check=True).stdout.decode()
        assert '#panic("x") ]' in text


@pytest.mark.slow
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = {"mu": [1], "P": [[[1], [1]]], "r": [[[0], [2]]], "gamma": 1, "horizon": 0}
    (tmp_path / "own.json").write_text(json.dumps(model))
    target = tmp_path / "h.tex"
    ask = ["report", "--handout", "policy_gradient", "discount_lost", "-o", str(target), "--title", "My course"]
    assert main([*ask, "--model", str(tmp_path / "own.json")]) == 0
    assert "2 exercises, 1 of them with arithmetic on" in capsys.readouterr().out
    text = target.read_text()
    assert "My course" in text
    assert r"\blank" in text
    assert r"$r$(0,1,0)~=~2" in text
    assert main([*ask, "--model", str(tmp_path / "own.json"), "--solutions"]) == 0
    assert "1/2" in target.read_text()  # by hand: 1/2 (1 - 1/2) 2
    assert main([*ask, "--model", "nowhere"]) == 2
    assert main(["report", "policy_gradient", "--solutions", "-o", str(target)]) == 2
    assert main(["report", "policy_gradient", "--title", "Own", "--samples", "10", "-o", str(target)]) == 0
    assert r"\title{Own}" in target.read_text()


def test_a_handout_that_is_no_document_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["report", "--handout", "policy_gradient", "-o", str(tmp_path / "h.doc")]) == 2
    monkeypatch.setattr(tex, "find_engine", lambda: None)
    assert not (tmp_path / "h.doc").exists()


@pytest.mark.parametrize(("options", "said"), [
    (("--solutions",), "--solutions is an option of handouts. Write --handout --solutions."),
    (("--blanks", "sides"), "--blanks is an option of handouts."),
    (("--model", "lake"), "--model is an option of handouts."),
    (("--handout", "--seed", "3"), "--seed is an option of reports"),
    (("--handout", "--samples", "300"), "--samples is an option of reports")])
def test_an_option_of_the_other_is_refused(options: tuple[str, ...], said: str, tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "policy_gradient", "-o", str(tmp_path / "x.tex"), *options]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
