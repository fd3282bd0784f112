"""Files that derive did not write are not replaced by names that nobody gave, nor by certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from derive.cli import main

TRUE = "from derive import *\n@theorem('a')\ndef a():\n    return calc(grad(J), by(regroup), grad(J) * 1)\n"
MINE = "\\documentclass{article} my own words\n"


@pytest.fixture
def proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(TRUE, encoding="utf-8")
    return Path("a.py")


@pytest.mark.parametrize("options", [[], ["--handout"]])
def test_a_report_of_no_given_name_replaces_reports_only(options: list[str], proof: Path,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    report = Path("report.tex")
    report.write_text(MINE, encoding="utf-8")
    assert main(["report", str(proof), *options]) == 2
    assert capsys.readouterr().err.startswith("error: report.tex exists and was not written by derive")
    assert report.read_text(encoding="utf-8") == MINE
    assert main(["report", str(proof), *options, "-o", "report.tex"]) == 0  # it is named
    assert report.read_text(encoding="utf-8") != MINE
    assert main(["report", str(proof), *options]) == 0  # it is ours
    report.write_text("", encoding="utf-8")
    assert main(["report", str(proof), *options]) == 0


def test_a_certificate_replaces_certificates_only(proof: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = Path("notes.txt")
    notes.write_text("mine", encoding="utf-8")
    assert main(["check", str(proof), "--certificate", str(notes)]) == 2
    assert capsys.readouterr().err.startswith("error: notes.txt exists and was not written by derive")
    assert notes.read_text(encoding="utf-8") == "mine"
    for _ in range(2):
        assert main(["check", str(proof), "--certificate", "c.json"]) == 0
