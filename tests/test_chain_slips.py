"""What stands in a chain and is no item of it: a reason without by(...), two terms with == between; and near misses."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_diagnostics import told

from derive.cli import main

HEAD = "from derive import *\n@theorem('x')\ndef x(): return "

SLIPS = {
    # the chain: what the carets cover, a part of the message, the hint
    "calc(J, automata, J * 1)": ("automata", "automata is a reason", "write by(automata)"),
    "calc(J, regroup, J * 1)": ("regroup", "regroup is a reason", "write by(regroup)"),
    "calc(J, definition(J), total(tau, P(tau) * R(tau)))": (
        "definition(J)", "definition(J) is a reason", "write by(definition(J))"),
    "calc(J, proportional, 2 * J)": ("proportional", "proportional is a reason", "write by(proportional)"),
    "calc(J, by(), J * 1, automata, J)": ("automata", "automata is a reason", "write by(automata)"),
    "calc(J == J * 1)": ("J == J * 1", "== compares in Python", "write J, by(), J * 1"),
    "calc(J, by(), J == J)": ("J == J", "== compares in Python", "write J, by(), J"),
    "calc(J, by(definition(j)), J * 1)": ("j", "j is not defined", "did you mean J?"),
    "calc(J, by(definition(entropi)), J)": ("entropi", "entropi is not defined", "did you mean entropy?"),
    "calc(expect(tau, R(tau), given=s), by(), J)": (
        "s", "a mean over trajectories is taken given events", "write given=[same(tau.s[0], s)]"),
    # twins: what these are not
    "calc(J, J * 1, J)": (
        "J * 1", "no by(...) stands before this term", "a chain is term, by(...), term, by(...), term"),
    "calc(J, by(), total(t, gamma**j))": ("j", "j is not defined", 'j = Time("j") declares the letter'),
    "calc(J, by(), total(t, J == J))": (
        "total(t, J == J)", "is a truth value", "a claim is written calc(left, by(), right)"),
}


@pytest.mark.parametrize("chain", SLIPS)
def test_a_slip_in_a_chain_is_answered_by_what_to_write(chain: str, tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    at, message, hint = SLIPS[chain]
    (one,) = told(tmp_path, HEAD + chain + "\n", capsys)
    assert (one["code"], one["at"], one["hint"]) == ("D012", at, hint)
    assert message in one["message"]


@pytest.mark.parametrize(("chain", "mended"), [
    ("calc(J, automata, J * 1)", "calc(J, by(automata), J * 1)"), ("calc(J == J * 1)", "calc(J, by(regroup), J * 1)")])
def test_it_is_mended(chain: str, mended: str, tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text(HEAD + chain + "\n", encoding="utf-8")
    main(["check", "-q", "--fix", str(file)])
    assert mended in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("imported", "used", "hint"), [
    ("j", "samples[j]", 'j = Draw("j") declares the letter'), ("l", "tau.s[l]", 'l = Time("l") declares the letter'),
    ("j", "J", "did you mean J?")])
def test_a_letter_that_is_not_there_to_import_is_declared(imported: str, used: str, hint: str, tmp_path: Path,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    """A letter of an index was answered by the objective."""
    text = f"from derive import J, by, calc, samples, tau, theorem, {imported}\nfirst = {used}\n@theorem('x')\n"
    (one,) = told(tmp_path, text + "def x(): return calc(J, by(), J)\n", capsys)
    assert one["hint"] == hint


@pytest.mark.parametrize(("term", "says"), [
    ("expect(a, A[t](s, a))", "expect(a, ..., given=s)"), ("expect(i, R(samples[i]))", "Write mean(i, ...)"),
    ("expect(t, J)", "total(t, ...) / (H + 1)")])
def test_a_mean_without_a_law_is_answered_by_one_with(term: str, says: str, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    text = HEAD.replace("'x'", "'x', assumes=[additive_return]") + f"calc({term}, by(), J)\n"
    (one,) = told(tmp_path, text, capsys)
    assert says in one["message"]
