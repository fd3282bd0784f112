"""What one output says, the others say too: every failure, every note, one line where one is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from derive.cli import main

TWO = """from derive import *
@theorem("one")
def one(): return calc(J, by(automata), 2 * J)
@theorem("two")
def two(): return calc(J, by(automata), 3 * J)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "proof.py"


def test_fuzz_names_every_theorem_that_fails(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(TWO)
    assert main(["fuzz", str(file), "--examples", "3"]) == 1
    said = capsys.readouterr().out
    assert said.count("FAILED: ") == 2
    assert "2 theorems, 2 steps" in said


def test_concise_is_one_line_for_what_cannot_be_read_and_for_notes(file: Path,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("from derive import *\n@theorem('a')\ndef a_(): return calc(totl, by(), J)\n"
                    "@theorem('b')\ndef b_(): return calc(V[t](s), by(), J)\n"
                    "@theorem('d', assumes=[additive_return])\n"
                    "def d_(): return calc(V[0](s) * 0, by(automata), 0 * J)\n")
    assert main(["check", "--format", "concise", str(file)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith(str(file)) for line in lines), lines
    assert any("error[D012] a_: totl is not defined" in line for line in lines)
    assert any("note[D018]" in line for line in lines)


def test_a_side_without_a_meaning_is_not_said_to_be_checked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("from derive import *\n@theorem('b')\ndef b_(): return calc(V[t](s), by(), J)\n")
    assert main(["check", str(file)]) == 1
    said = capsys.readouterr().out
    assert "a side has no meaning" in said
    assert "is checked for every value" not in said


def test_a_derivation_is_refuted_where_its_claim_is_proved(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("from derive import *\n@theorem('x')\n"
                    "def x_(): return calc(J, by(automata), 2 * J, by(automata), total(tau, P(tau) * R(tau)))\n")
    assert main(["evaluate", str(file)]) == 1
    assert "the claim is proved, its derivation is refuted" in capsys.readouterr().out


@pytest.mark.parametrize("other", ["--certificate", "--journal"])
def test_two_outputs_are_two_files(other: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(TWO)
    one = file.with_name("b.json")
    assert main(["check", str(file), "-o", str(one), "--format", "json", other, str(one.parent / "." / "b.json")]) == 2
    assert "is given for two outputs" in capsys.readouterr().err
    assert not one.exists()
