"""Exit statuses and output formats of ``derive check``: each seen to say yes, and to say no."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import derive.checking.examine
from derive.cli import main
from derive.codes import CODES
from derive.errors import KernelDisagrees
from derive.runs import run_check
from derive.runs.campaign import Checked

TRUE = "@theorem('true')\ndef true():\n    return calc(J, by(regroup), J * 1)\n"
FALSE = "@theorem('false')\ndef false():\n    return calc(J, by('words'), 2 * J)\n"
HOLE = "@theorem('hole')\ndef hole():\n    return calc(J, by(), 1 * J)\n"
IDLE = "@theorem('idle', assumes=[policy_positive])\ndef idle():\n    return calc(J, by(regroup), J * 1)\n"
DECLARED = FALSE.replace("by('words')", "by('words', expect=Refuted)").replace("false", "declared")
OTHERWISE = TRUE.replace("by(regroup)", "by(regroup, expect=Refuted)").replace("true", "otherwise")
SLIP = "@theorem('slip')\ndef slip():\n    return calc(J, by(), totl)\n"


def proof(folder: Path, *theorems: str, name: str = "proof.py") -> str:
    path = folder / name
    path.write_text("from derive import *\n" + "".join(theorems), encoding="utf-8")
    return str(path)


# -- exit statuses ---------------------------------------------------------------------------------

STATUSES = {
    "true": ((TRUE,), 0, 0), "false": ((TRUE, FALSE), 1, 1), "hole": ((TRUE, HOLE), 0, 1), "idle": ((IDLE,), 0, 1),
    "declared": ((DECLARED,), 0, 0), "otherwise": ((OTHERWISE,), 1, 1), "slip": ((TRUE, SLIP), 2, 2),
    "slip and false": ((FALSE, SLIP), 2, 2), "nothing": ((), 2, 2),
}


@pytest.mark.parametrize("name", STATUSES)
def test_the_exit_status_and_ok(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theorems, plain, strict = STATUSES[name]
    path = proof(tmp_path, *theorems)
    for options, status in (((), plain), (("--strict",), strict)):
        assert main(["check", path, *options]) == status
        capsys.readouterr()
        assert main(["check", path, "--format", "json", *options]) == status
        data = json.loads(capsys.readouterr().out)
        assert (data["exit"], data["ok"]) == (status, status == 0)
        assert main(["check", path, "--exit-zero", "--format", "json", *options]) == 0
        assert json.loads(capsys.readouterr().out)["ok"] is (status == 0)


def test_a_defect_of_ours_is_three_and_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    real = derive.checking.examine.Session.examine
    for wrong in (KernelDisagrees("two kinds of evidence"), ZeroDivisionError("ours")):

        def broken(session: object, theorem: object, error: Exception = wrong) -> object:
            if str(theorem) == "false":
                raise error
            return real(session, theorem)  # type: ignore[arg-type]

        monkeypatch.setattr(derive.checking.examine.Session, "examine", broken)
        path = proof(tmp_path, TRUE, FALSE, SLIP)
        assert main(["check", path, "--format", "json"]) == 3
        printed = capsys.readouterr()
        data = json.loads(printed.out)
        assert [theorem["name"] for theorem in data["theorems"]] == ["true"]
        assert [one["code"] for one in data["diagnostics"]] == ["D017", "D012"]
        assert "Traceback" not in printed.err


def test_a_true_step_without_a_reason_is_a_warning_that_says_for_which_models(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = HOLE.replace("1 * J", "J + 0 * expect(tau, function('f')(tau.s[3]))")
    assert main(["check", proof(tmp_path, late)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "warning[D003]: true for every finite MDP, every horizon H ≥ 2; its reason is missing" in printed
    assert "1 of 1 theorem as claimed, 1 step, 1 warning" in printed


# -- what is reported ------------------------------------------------------------------------------


def test_select_and_ignore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = proof(tmp_path, IDLE, HOLE)
    assert main(["check", path, "--strict", "--ignore", "D003,D010"]) == 0
    assert main(["check", path, "--strict", "--select", "D001"]) == 0
    assert main(["check", path, "--strict", "--ignore", "D003"]) == 1
    capsys.readouterr()
    assert main(["check", path, "--format", "concise", "--select", "D010"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert "warning[D010] idle: the assumption policy_positive is idle" in line
    assert main(["check", path, "--select", "E501"]) == 2
    assert "no code begins so" in capsys.readouterr().err


def test_what_is_left_out_is_marked_and_not_called_proved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = proof(tmp_path, TRUE, FALSE)
    assert main(["check", path, "--ignore", "D001"]) == 0
    out = capsys.readouterr().out
    marks = {line.split()[1]: line[0] for line in out.splitlines() if line[:1] in ("✓", "-", "✗")}
    assert marks == {"true": "✓", "false": "-"}
    assert "(refuted; that is left out)" in " ".join(out.split())
    assert "1 of 2 theorems as claimed, 2 steps, what is wrong with 1 is left out," in " ".join(out.split())
    assert main(["check", path]) == 1
    assert "1 of 2 theorems as claimed, 2 steps" in " ".join(capsys.readouterr().out.split())


def test_what_was_not_checked_cannot_be_ignored(tmp_path: Path) -> None:
    """Leaving out the code of an unreadable file does not make it read."""
    assert main(["check", proof(tmp_path, SLIP), "--ignore", "D"]) == 2
    assert main(["check", proof(tmp_path, FALSE), "--ignore", "D"]) == 0  # asked for, and said by the command line


def test_quiet_says_what_is_wrong_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-q", proof(tmp_path, TRUE, DECLARED)]) == 0
    assert capsys.readouterr().out == ""
    assert main(["check", "-q", proof(tmp_path, TRUE, FALSE)]) == 1
    printed = capsys.readouterr().out
    assert "error[D001]" in printed
    assert "✓" not in printed
    assert "as claimed" not in printed


def test_the_default_is_one_line_for_a_proved_theorem(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["check", proof(tmp_path, TRUE)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["check", "-v", proof(tmp_path, TRUE)]) == 0
    assert "by rule:" in capsys.readouterr().out


def test_statistics_count_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--statistics", proof(tmp_path, FALSE, FALSE.replace("false", "more"), HOLE)])
    printed = capsys.readouterr().out
    assert "     2  D001  error    the step is false\n" in printed
    assert "     1  D003  warning  the step is not justified\n" in printed


def test_a_note_is_printed_in_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A letter that nothing binds: it was in the JSON and the PDF only."""
    path = proof(tmp_path, FALSE.replace("2 * J", "expect(tau, pi(a | tau.s[0]) * R(tau))"))
    for style in ("full", "json", "github", "sarif", "junit"):
        main(["check", path, "--format", style])
        assert "is free on one side only" in capsys.readouterr().out, style
    main(["check", path, "-v", "--format", "concise"])
    assert "note[D018]" in capsys.readouterr().out


# -- formats ---------------------------------------------------------------------------------------

SCHEMA_1 = {"line", "column", "label", "before", "after", "reason", "verdict", "expected", "scope", "conditions", "why",
            "notes", "counterexample", "seconds"}


def test_schema_2_has_every_key_of_schema_1_and_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", proof(tmp_path, TRUE, FALSE), "--format", "json"])
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == 2
    assert set(data) >= {"ok", "theorems", "errors", "diagnostics"}
    assert set(data["theorems"][0]) >= {"name", "title", "file", "claim", "claim_verdict", "follows", "reach", "trusts",
                                        "assumptions", "expected", "as_claimed", "steps"}
    (good,), (bad,) = (theorem["steps"] for theorem in data["theorems"])
    for step in (good, bad):
        assert set(step) >= SCHEMA_1 | {"code", "severity", "message", "hint", "fix", "span"}
    assert (good["code"], good["severity"], good["message"]) == ("D008", None, None)
    assert (bad["code"], bad["severity"]) == ("D001", "error")
    assert bad["message"].startswith("step 1: the step is false; left side ")
    (told,) = data["diagnostics"]
    assert (told["theorem"], told["step"], told["message"], told["span"]) == (
        "false", 1, bad["message"], bad["span"])


def test_json_is_ascii(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", proof(tmp_path, FALSE), "--format", "json"])
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert json.loads(printed)["theorems"][0]["claim"] == "J(θ) = 2 J(θ)"


def test_github_annotations(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", proof(tmp_path, TRUE, FALSE, HOLE, SLIP, name="a,b:100%.py"), "--format", "github"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == ["::error", "::warning", "::error"]
    assert lines[0].startswith("::error file=a%2Cb%3A100%25.py,line=7,")
    assert ",title=derive D001::false: step 1: the step is false" in lines[0]
    assert main(["check", proof(tmp_path, TRUE), "--format", "github"]) == 0
    assert capsys.readouterr().out == ""


def test_sarif(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", proof(tmp_path, FALSE, HOLE, DECLARED), "--format", "sarif"])
    data = json.loads(capsys.readouterr().out)
    assert (data["version"], len(data["runs"])) == ("2.1.0", 1)
    run = data["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [code.number for code in CODES]
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == [
        ("D001", "error"), ("D003", "warning"), ("D001", "note")]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("proof.py")
    assert place["region"]["startLine"] == 4


GAPS = ("@theorem('gap')\ndef gap():\n    # naïve 😀 before the place\n"
        "    return calc(grad(J), by(), total(tau, grad(P(tau) * R(tau))))\n")
CONDITION = "@theorem('owes')\ndef owes():\n    return calc(grad(log(P(tau))), by(), ratio(grad(P(tau)), P(tau)))\n"
SPARSE = "from derive import J, calc, by, theorem\n" + HOLE


def replaced(text: str, replacements: list[dict[str, Any]]) -> str:
    """The text with the regions replaced, the last first, as a viewer of SARIF does it."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]

    def place(region: dict[str, int], end: str) -> int:
        return starts[region[f"{end}Line"] - 1] + region[f"{end}Column"] - 1

    for one in sorted(replacements, key=lambda one: place(one["deletedRegion"], "start"), reverse=True):
        first, last = (place(one["deletedRegion"], end) for end in ("start", "end"))
        text = text[:first] + one["insertedContent"]["text"] + text[last:]
    return text


@pytest.mark.parametrize("text", [f"from derive import *\n{HOLE}", f"from derive import *\n{GAPS}", SPARSE],
                         ids=["rule", "sequence", "import"])
def test_the_fixes_in_sarif_mend_the_file(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Replaced as they say, the step is proved; the structure is that of sections 3.55 to 3.57 of SARIF 2.1.0."""
    path = tmp_path / "proof.py"
    path.write_text(text, encoding="utf-8")
    assert main(["check", str(path), "--strict"]) == 1
    capsys.readouterr()
    main(["check", str(path), "--format", "sarif"])
    result, = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    fix, = result["fixes"]
    assert set(fix) <= {"description", "artifactChanges", "properties"}
    assert fix["description"]["text"].startswith("step 1 of ")
    change, = fix["artifactChanges"]
    assert set(change) == {"artifactLocation", "replacements"}
    assert change["artifactLocation"] == result["locations"][0]["physicalLocation"]["artifactLocation"]
    for one in change["replacements"]:
        assert set(one) == {"deletedRegion", "insertedContent"}
        assert set(one["deletedRegion"]) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert all(isinstance(number, int) and number >= 1 for number in one["deletedRegion"].values())
    path.write_text(replaced(text, change["replacements"]), encoding="utf-8")
    assert main(["check", str(path), "--strict"]) == 0


def test_an_unsafe_fix_says_so_and_what_has_none_has_no_fixes(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", proof(tmp_path, CONDITION, FALSE), "--format", "sarif"])
    owes, wrong = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert owes["fixes"][0]["properties"] == {"unsafe": True}
    assert owes["fixes"][0]["description"]["text"].endswith("(unsafe)")
    assert "fixes" not in wrong


def test_json_has_the_fixes_that_would_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = proof(tmp_path, GAPS)
    main(["check", path, "--format", "json"])
    fix = json.loads(capsys.readouterr().out)["diagnostics"][0]["fix"]
    assert fix["says"] == "step 1 of gap: by(definition(J), gradient_of_a_sum)"
    assert fix["also"]


def test_junit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", proof(tmp_path, TRUE, FALSE, SLIP), "--format", "junit"])
    suite = ElementTree.fromstring(capsys.readouterr().out).find("testsuite")
    assert suite is not None
    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "3", "failures": "1", "errors": "1"}
    cases = {case.get("name"): case for case in suite}
    assert len(cases["true"]) == 0
    failure, error = cases["false"].find("failure"), cases["slip"].find("error")
    assert failure is not None
    assert error is not None
    assert (failure.get("type"), error.get("type")) == ("D001", "D012")


@pytest.mark.parametrize("style", ["json", "sarif", "junit", "github"])
def test_formats_for_programs_hold_nothing_else(style: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a proof prints goes to stderr."""
    main(["check", proof(tmp_path, "print('hello from the proof')\n", TRUE), "--format", style])
    printed = capsys.readouterr()
    assert "hello" not in printed.out
    assert "hello from the proof" in printed.err


@pytest.mark.parametrize("style", ["json", "sarif", "junit", "github"])
def test_a_run_that_was_stopped_is_not_green(style: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of results that was written on the way out looked like one of a whole run."""
    whole = run_check.check_isolated

    def stopped(files: list[Path], **options: Any) -> Iterator[Checked]:
        yield next(whole(files, **options))
        raise KeyboardInterrupt

    first, second = proof(tmp_path, TRUE), proof(tmp_path, TRUE, name="second.py")
    command = ["check", first, second, "--format", style]
    said = "the run was stopped before this file was checked"
    main(command)
    assert said not in capsys.readouterr().out
    monkeypatch.setattr(run_check, "check_isolated", stopped)
    assert main(command) == 130
    out = capsys.readouterr().out
    assert "second.py" in out
    assert said in out
    assert "D021" in out


# -- explanations ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_code_and_the_legend_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for code in CODES:
        assert main(["explain", code.number]) == 0
    for subject, said in (("scope", "by cutoff"), ("status", "a defect of derive"), ("possible", "P(τ;θ) > 0"),
                          ("additive_return", "assumes=[additive_return]"), ("definition", "by(definition"),
                          ("definition(J)", "by(definition(J))"), ("definition_of_objective", "by(definition(J))"),
                          ("policy_gradient", "derive show policy_gradient")):
        capsys.readouterr()
        assert main(["explain", subject]) == 0, subject
        assert said in capsys.readouterr().out
    assert main(["explain", "additive_retrun"]) == 2
    assert "Near: additive_return" in capsys.readouterr().err
