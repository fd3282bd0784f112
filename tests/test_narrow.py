"""At 40 to 200 columns: nothing is cut that matters, nothing is wider than the terminal."""

from __future__ import annotations

import os
import re
import sys
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from derive.checking.examine import Examined, examine
from derive.cli import main
from derive.commands import checking, fitting
from derive.evaluation.both_sides import Evaluation, evaluate
from derive.report import explanations
from derive.report.auditing import audited
from derive.report.chains import plain
from derive.report.evaluation import shown
from derive.report.findings import findings
from derive.report.probing import probed
from derive.report.terminal import REPLAY, full, summary
from proofs.gradient_of_a_value_unrolled import gradient_of_a_value_unrolled
from proofs.importance_sampling import importance_sampling
from proofs.policy_gradient import policy_gradient
from proofs.refuted.discount_lost import discount_lost

WIDTHS = (40, 60, 80, 200)
CUT = re.compile(r"\d…|\w…")


def console(width: int) -> Console:
    return Console(file=StringIO(), width=width, force_terminal=True, color_system=None, highlight=False, markup=False)


def text_of(made: Console) -> str:
    assert isinstance(made.file, StringIO)
    return made.file.getvalue()


def refuted_steps(one: Examined) -> list[int]:
    return [number for number, step in enumerate(one.steps, 1) if step.verdict.code == "refuted"]


def too_wide(text: str, width: int) -> list[str]:
    return [line for line in text.splitlines() if cell_len(line.rstrip()) > width]


@pytest.fixture(scope="module")
def evaluations() -> list[Evaluation]:
    return [evaluate(policy_gradient, "two-state"), evaluate(policy_gradient, "lake"),
            evaluate(discount_lost, "lake")]


@pytest.mark.parametrize(("width", "said"), [(40, True), (200, False)])
def test_columns_that_are_left_out_are_named(width: int, said: bool, evaluations: list[Evaluation]) -> None:
    made = console(width)
    shown(made, evaluations[0])
    text = " ".join(text_of(made).split())
    assert (f"Monte Carlo and its standard error: left out at a width of {width}" in text) is said
    assert ("left out" in text) is said


@pytest.mark.parametrize("width", [40, 69])
def test_the_scope_is_sentences_where_there_is_no_room_for_columns(width: int) -> None:
    one = examine(policy_gradient)
    made = console(width)
    full(made, one, findings(one), verbose=True)
    text = text_of(made)
    assert "    steps 1-3 by rule: every finite MDP" in text
    assert not re.search(r":   ", text)
    wide = console(80)
    full(wide, one, findings(one), verbose=True)
    assert "    steps 1-3   by rule:           every finite MDP" in text_of(wide)


@pytest.mark.parametrize("width", WIDTHS[1:])  # a table of numbers needs some 45
def test_an_evaluation_is_whole_at_any_width(width: int, evaluations: list[Evaluation]) -> None:
    for one in evaluations:
        made = console(width)
        shown(made, one)
        text = text_of(made)
        assert not CUT.search(text)
        assert not too_wide(text, width)
        for header in ("largest lef ", "largest righ ", "differenc "):  # at 80 columns they were, and no way was named
            assert header not in text
        rows = len(re.findall(r"∂θ\(\d+, \d+\) .*[+-]\d", text))
        gradient = len(one.compared[-1].left) == one.theta.size
        assert rows == (min(24, one.theta.size) if gradient else 0)  # one line each: at 60 columns each took five
        for told in ("by dynamic programming", "allowed"):
            assert told in " ".join(text.split())
    assert "THE SIDES DIFFER" in text


def test_the_numbers_are_the_same_at_any_width(evaluations: list[Evaluation]) -> None:
    seen = set()
    for width in WIDTHS:
        made = console(width)
        shown(made, evaluations[-1])
        text = " ".join(text_of(made).split())
        seen.add(("+0.00521927" in text, "+0.00581641" in text, "1 differ" in text))
    assert seen == {(True, True, True)}


@pytest.mark.parametrize("width", WIDTHS)
def test_a_verdict_is_whole_at_any_width(width: int) -> None:
    for theorem in (policy_gradient, discount_lost):
        made = console(width)
        one = examine(theorem)
        full(made, one, findings(one), verbose=True)
        text = text_of(made)
        commands = [line for line in text.splitlines() if REPLAY in line]  # to be copied: one line, however wide
        assert [line.split()[-2:] for line in commands] == [["--replay", f"{one.theorem.name}:{number}"]
                                                            for number in refuted_steps(one)]
        rest = "\n".join(line for line in text.splitlines() if line not in commands)
        assert not too_wide(re.sub(rf"\S{{{min(40, width // 2)},}}", "", rest), width)
        assert "left side 3/2, right side 2" in text or theorem is policy_gradient


@pytest.mark.parametrize("width", WIDTHS)
def test_an_audit_a_probe_and_the_last_line_of_a_check_are_whole_at_any_width(width: int) -> None:
    made = console(width)
    audited(made, examine(importance_sampling))
    probed(made, [policy_gradient, discount_lost], "3,2,4", points=2, seed=0)
    summary(made, [True] * 120, 1234, [], 1.5, unreadable=12, skipped=3)
    assert not too_wide(re.sub(r"\S{40,}", "", text_of(made)), width)
    piped = Console(file=StringIO(), width=width, highlight=False, markup=False)  # one line for each, for programs
    summary(piped, [True] * 120, 1234, [], 1.5, unreadable=12, skipped=3)
    assert len(text_of(piped).splitlines()) == 1


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("subject", [None, "log_derivative", "definition(J)", "scope", "D001", "possible"])
def test_an_explanation_is_whole_at_any_width(subject: str | None, width: int,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    text = explanations.overview() if subject is None else explanations.explanation(subject, [])
    assert fitting.fitted(text) == text
    monkeypatch.setattr(sys, "stdout", _Terminal())
    monkeypatch.setattr(fitting, "get_terminal_size", lambda: os.terminal_size((width, 24)))
    shown_text = fitting.fitted(text)
    assert not too_wide(shown_text, width)
    assert shown_text.split() == text.split()


@pytest.mark.parametrize("words", [[], ["scope"]])
def test_explanations_are_fitted(words: list[str], monkeypatch: pytest.MonkeyPatch,
                                 capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(checking, "fitted", lambda text: f"{len(text)} characters")
    assert main(["explain", *words]) == 0
    assert capsys.readouterr().out.endswith(" characters\n")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_chain_is_wrapped_and_loses_no_word(width: int) -> None:
    for theorem in (policy_gradient, discount_lost, gradient_of_a_value_unrolled):
        text = plain(theorem, width)
        assert not too_wide(re.sub(r"\S{40,}", "", text), width)
        assert text.split() == plain(theorem).split()
    assert too_wide(plain(gradient_of_a_value_unrolled), 60)


def test_the_checks_see_a_cut_and_a_line_that_is_too_wide() -> None:
    """The twins: what rich does to a number where there is no room, and a line that nobody wrapped."""
    made, table = console(10), Table("a long name", "a number", box=None)
    table.add_row("a long name", "+0.00521927")
    made.print(table)
    assert CUT.search(text_of(made))
    assert too_wide("x" * 61, 60)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_estimators_are_is_whole_at_any_width(width: int,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    plain_text = []
    for terminal in (False, True):
        monkeypatch.setattr(sys, "stdout", _Terminal() if terminal else sys.stdout)
        monkeypatch.setattr(fitting, "get_terminal_size", lambda: os.terminal_size((width, 24)))
        plain_text.append(fitting.fitted("    " + " ".join(["rewards"] * 30) + "\nshort"))
    assert not too_wide(plain_text[1], width)
    assert plain_text[0].split() == plain_text[1].split()
    assert all(line.startswith("    ") for line in plain_text[1].split("\n")[:-1])


class _Terminal:
    def isatty(self) -> bool:
        return True
