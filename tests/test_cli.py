"""The command line as a stranger uses it: exit statuses, bad input, formats."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from derive.cli import main

TRUE = '''
"""A page.

    ∇J(θ) = ∇Σ_τ P(τ;θ) R(τ)
"""
from derive import *

@theorem("unfolding")
def unfolding():
    return calc(grad(J), by(definition(J)), grad(total(tau, P(tau) * R(tau))))
'''
FALSE = TRUE.replace("grad(total(tau, P(tau) * R(tau)))", "grad(total(tau, P(tau) * R(tau) * 2))")


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "derive", *arguments], capture_output=True, text=True,
                          env={**os.environ, **(env or {})}, timeout=120)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_true_proof_exits_zero_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-v", str(write(tmp_path, "true.py", TRUE))]) == 0
    printed = capsys.readouterr().out
    assert "every step is proved; the claim follows" in printed
    assert "every finite MDP, every horizon" in printed
    assert "1 of 1 theorem as claimed" in printed


def test_a_false_proof_exits_one_and_shows_code_place_and_counterexample(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "false.py", FALSE)
    assert main(["check", str(path)]) == 1
    printed = capsys.readouterr().out
    assert "error[D001]: the step is false" in printed
    assert "false.py:10:" in printed
    assert "smallest counterexample found:" in printed
    assert "replay with: derive show" in printed


BAD = {
    "empty.py": (b"", "defines no theorem"),
    "binary.py": (bytes(range(256)), "not valid Python"),
    "latin.py": (b"x = 1\n# caf\xe9\n", "latin.py:2: not valid Python: the byte 0xe9 is not UTF-8. Save"),
    "bom.py": (b"\xef\xbb\xbf# coding: latin-1\nx = 1\n", "not valid Python"),
    "nul.py": (b"x = '\x00'", "not valid Python"),
    "huge.py": (b"#" * 1_100_000, "at most 1,000,000"),
    "syntax.py": (b"def f(:\n", "syntax.py:1: not valid Python"),
    "notes.txt": (b"hello", "not a Python file"),
    "raises.py": (b"from derive import theorem\n1/0\n@theorem('x')\ndef x(): pass\n", "raises.py:2: ZeroDivisionError"),
    "builds.py": (b"from derive import theorem\n@theorem('x')\ndef x():\n    return 1/0\n",
                  "builds.py:4: theorem x: Zero"),
    "wrong.py": (b"from derive import *\n@theorem('x')\ndef x():\n    return calc(grad(J), by(regroup), 0.5)\n",
                 "wrong.py:4: theorem x: 0.5 is a float"),
    "foreign.py": (b"from sympy import Symbol\nfrom derive import *\n@theorem('x')\ndef x():\n"
                   b"    return calc(grad(J), by(regroup), grad(J) * Symbol('q'))\n", "q"),
    "exits.py": (b"from derive import theorem\n@theorem('x')\ndef x():\n    pass\nraise SystemExit(0)\n", "SystemExit"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_error_and_exit_two(name: str, tmp_path: Path,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    content, expected = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    assert main(["check", str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ")
    assert expected in printed.err
    assert "Traceback" not in printed.err + printed.out


def test_a_missing_path_a_folder_without_theorems_and_the_rest_still_checked(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, folder = write(tmp_path, "true.py", TRUE), tmp_path / "none"
    folder.mkdir()
    write(folder, "setup.py", "raise RuntimeError('must not be executed')")
    assert main(["check", str(tmp_path / "nowhere.py"), str(folder), str(good)]) == 2
    printed = capsys.readouterr()
    assert "no such file or folder" in printed.err
    assert "no Python file in this folder defines a theorem" in printed.err
    assert "1 of 1 theorem as claimed" in printed.out


def test_only_files_that_define_a_theorem_are_executed(tmp_path: Path) -> None:
    write(tmp_path, "true.py", TRUE)
    write(tmp_path, "other.py", "raise RuntimeError('must not be executed')")
    assert main(["check", str(tmp_path)]) == 0


def test_json_has_the_documented_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--format", "json", str(write(tmp_path, "false.py", FALSE))]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["schema"], data["ok"], data["exit"]) == (2, False, 1)
    (theorem,) = data["theorems"]
    assert set(theorem) >= {"name", "file", "claim", "assumptions", "expected", "as_claimed", "steps"}
    (step,) = theorem["steps"]
    assert set(step) >= {"line", "column", "label", "before", "after", "reason", "verdict", "scope", "conditions",
                         "counterexample", "seconds"}
    assert (step["verdict"], step["label"], step["line"], step["conditions"]) == ("refuted", None, 10, [])
    found = step["counterexample"]
    assert found["left"] != found["right"]
    exec(compile(found["replay"], "replay", "exec"), {})
    left, right = (float(line) for line in capsys.readouterr().out.split())
    assert left != right


def test_json_of_bad_input_is_still_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--format", "json", str(tmp_path / "nowhere.py")]) == 2
    data = json.loads(capsys.readouterr().out)
    assert (data["ok"], data["theorems"], len(data["errors"])) == (False, [], 1)


@pytest.mark.slow
def test_the_seed_lines_are_in_the_json_of_the_bundled_proofs(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("likelihood_ratio_gradient", "score_of_a_trajectory", "likelihood_ratio_estimate",
             "policy_gradient_estimate")
    assert main(["check", "--format", "json", *names]) == 0
    data = json.loads(capsys.readouterr().out)
    labels = {step["label"]: step["verdict"] for theorem in data["theorems"] for step in theorem["steps"]}
    assert {f"HF-{number}" for number in range(1, 14)} <= set(labels)
    assert (labels["HF-6"], labels["HF-12"]) == ("proved", "estimates")
    assert data["ok"]


@pytest.mark.slow
def test_an_edit_of_the_same_second_and_size_is_seen(tmp_path: Path) -> None:
    """Bytecode is current for Python by the second and the size: the verdict was that of the text before."""
    compiled = {"PYTHONDONTWRITEBYTECODE": ""}
    claim = "from derive import *\n@theorem('doubled')\ndef doubled():\n    return calc(J, by(regroup), {} * J)\n"
    for name in ("page", "neighbour"):
        page = write(tmp_path, "page.py", claim.format(1) if name == "page" else
                     "from derive import *\nfrom .factor import number\n" + claim.format("number").split("\n", 1)[1])
        edited, text = (page, claim.format) if name == "page" else (tmp_path / "factor.py", "number = {}\n".format)
        for number, status in ((1, 0), (2, 1)):
            edited.write_text(text(number))
            os.utime(edited, (1_000_000, 1_000_000))
            assert run("check", str(page), env=compiled).returncode == status, name


@pytest.mark.parametrize("command", ["show", "verify", "check"])
def test_half_a_character_is_no_name(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "\ud800"]) == 2
    assert capsys.readouterr().err == "error: \\ud800: an argument holds half a character, which no name does.\n"


def test_concise_is_one_line_a_diagnostic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--format", "concise", str(write(tmp_path, "true.py", TRUE))])
    assert capsys.readouterr().out == ""
    main(["check", "-v", "--format", "concise", str(write(tmp_path, "true.py", TRUE))])
    first = capsys.readouterr().out.splitlines()[0]
    assert first.endswith(":10:26: D008 proved: unfolding step 1: definition of objective")
    main(["check", "--format", "concise", str(write(tmp_path, "false.py", FALSE))])
    (line,) = capsys.readouterr().out.splitlines()
    assert ":10:" in line
    assert "error[D001] unfolding: step 1: the step is false; left side" in line


def test_strict_turns_idle_assumptions_into_errors(tmp_path: Path) -> None:
    idle = write(tmp_path, "idle.py", TRUE.replace('"unfolding"', '"unfolding", assumes=[policy_positive]'))
    assert main(["check", str(idle)]) == 0
    assert main(["check", "--strict", str(idle)]) == 1


def test_output_is_written_atomically_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, target = write(tmp_path, "true.py", TRUE), tmp_path / "verdicts.txt"
    assert main(["check", str(good), "-v", "-o", str(target)]) == 0
    assert "every step is proved" in target.read_text(encoding="utf-8")
    for unwritable in (tmp_path / "missing" / "x.txt", tmp_path):
        assert main(["check", str(good), "-o", str(unwritable)]) == 2
        assert "does not exist" in (err := capsys.readouterr().err) or "is a folder" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["true.py", "verdicts.txt"]


@pytest.mark.parametrize("arguments", [["nonsense"], ["check", "--format", "xml"], ["evaluate", "--samples", "1"],
                                       ["fuzz", "--examples", "0"], ["show"], ["check", "--nope"]])
def test_bad_usage_exits_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage:" in capsys.readouterr().err


@pytest.mark.slow
def test_show_explain_and_their_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "policy_gradient"]) == 0
    assert "[score of a trajectory]" in capsys.readouterr().out
    assert main(["show", "--latex", "policy_gradient"]) == 0
    assert r"\begin{align*}" in capsys.readouterr().out
    for subject in ("log_derivative", "D001", "needs-condition", "log derivative"):
        assert main(["explain", subject]) == 0
    assert main(["explain"]) == 0
    assert "regroup" in capsys.readouterr().out
    assert main(["explain", "log_something"]) == 2
    assert "Near: log_derivative" in capsys.readouterr().err
    assert main(["show", "no_such_theorem"]) == 2
    assert "policy_gradient" in capsys.readouterr().err
    assert main(["show", "policy_gradient", "--replay", "1"]) == 2
    assert main(["show", "policy_gradient", "--replay", "9"]) == 2
    assert main(["show", "policy_gradient", "--replay", "other:1"]) == 2
    assert "as in policy_gradient:1." in capsys.readouterr().err


def test_the_replay_that_is_printed_is_of_that_theorem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "of two.py", TRUE + "".join(
        f"\n\n@theorem('{name}')\ndef {name}():\n    return calc(J, by(), {factor} * J)\n"
        for name, factor in (("twice", 2), ("thrice", 3))))
    assert main(["check", str(path)]) == 1
    commands = [line.split("replay with: derive ")[1] for line in capsys.readouterr().out.splitlines()
                if "replay with" in line]
    assert [command.rsplit(" ", 1)[1] for command in commands] == ["twice:1", "thrice:1"]
    for command, factor in zip(commands, (2, 3), strict=True):
        assert main(shlex.split(command)) == 0
        assert f"{factor}" in capsys.readouterr().out
    assert main(["show", str(path), "--replay", "1"]) == 2
    assert "a theorem and its step, as in " in capsys.readouterr().err


def test_no_command_is_printed_for_what_is_in_no_file(monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FALSE.encode())))
    assert main(["check", "-"]) == 1
    assert "replay with" not in capsys.readouterr().out


@pytest.mark.slow
def test_evaluate_on_every_kind_of_mdp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write(tmp_path, "mdp.json", json.dumps({
        "mu": [1, 0], "P": [[[0.5, 0.5], [1, 0]], [[0, 1], [0, 1]]], "r": [[1, 0], [0, 2]], "gamma": 0.9,
        "horizon": 2}))
    for name in ("bandit", "two-state", "random:3", str(table)):
        assert main(["evaluate", "policy_gradient", name, "--samples", "2000"]) == 0
        assert capsys.readouterr().out.endswith("both sides agree on this model\n")
    for name in ("atlantis", "random:x", str(tmp_path / "no.json")):
        assert main(["evaluate", "policy_gradient", name]) == 2
        assert capsys.readouterr().err.startswith("error: ")
    assert main(["evaluate", "variance_of_the_estimate"]) == 0
    assert "8 random directions" in capsys.readouterr().out


def test_version_and_help() -> None:
    assert main(["--version"]) == 0
    assert main(["--help"]) == 0


@pytest.mark.slow
def test_output_does_not_depend_on_the_hash_seed_or_the_terminal(tmp_path: Path) -> None:
    path = write(tmp_path, "false.py", FALSE)
    outputs = set()
    for seed, width in (("0", "100"), ("1", "100"), ("77", "100")):
        result = run("check", str(path), env={"PYTHONHASHSEED": seed, "COLUMNS": width})
        assert result.returncode == 1
        outputs.add(result.stdout.rsplit(",", 1)[0])
    assert len(outputs) == 1
    narrow = run("check", str(path), env={"COLUMNS": "50", "NO_COLOR": "1"})
    assert "\x1b[" not in narrow.stdout
    assert max(map(len, narrow.stdout.splitlines())) < 160


@pytest.mark.slow
def test_a_pipe_that_closes_early_is_no_error(tmp_path: Path) -> None:
    path = write(tmp_path, "true.py", TRUE)
    shell = f"{sys.executable} -m derive check {path} | head -1"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60)
    assert "Traceback" not in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("style", ["full", "json"])
def test_ctrl_c_is_one_word_and_130(style: str, tmp_path: Path) -> None:
    """Interrupted between two files: what is settled is said, as that; and nothing is left running."""
    good, slow = write(tmp_path, "a_true.py", TRUE), write(tmp_path, "slow.py", TRUE + "import time\ntime.sleep(60)\n")
    process = subprocess.Popen([sys.executable, "-m", "derive", "check", "--format", style, str(good), str(slow)],
                               text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    first = process.stdout.readline() if style == "full" else ""
    time.sleep(0 if style == "full" else 4)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err.split()) == (130, ["interrupted"])
    if style == "full":
        assert first.startswith("✓ unfolding")
        assert out.splitlines()[-1].startswith("stopped before the end: 1 of 1 theorem as claimed")
    else:
        said = json.loads(out)
        assert (said["ok"], said["exit"], len(said["theorems"])) == (False, 130, 1)


@pytest.mark.slow
@pytest.mark.parametrize("undone", [False, True])
def test_an_interrupt_when_all_is_said_is_quiet(undone: bool) -> None:
    """Python joins children as it ends, and told of an interrupt there with a traceback; the twin: it does."""
    undo = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n" if undone else ""
    text = ("import atexit, sys, time\nfrom derive.__main__ import main\natexit.register(time.sleep, 30)\n"
            f"sys.argv = ['derive', '--version']\nmain()\n{undo}print('over', flush=True)\n")
    process = subprocess.Popen([sys.executable, "-c", text], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    while process.stdout.readline() != "over\n":
        assert process.poll() is None
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert ("KeyboardInterrupt" in err) is undone
    assert undone or (process.returncode, err) == (-signal.SIGINT, "")


@pytest.mark.slow
def test_a_proof_runs_as_a_module() -> None:
    root = Path(__file__).resolve().parent.parent
    result = subprocess.run([sys.executable, "-m", "proofs.policy_gradient"], capture_output=True, text=True, cwd=root,
                            timeout=60)
    assert result.returncode == 0
    assert "policy gradient theorem" in result.stdout


@pytest.mark.parametrize(("subject", "says"), [
    ("covers", "b takes every action that p takes"), ("samples_at_least(2)", "there are at least n samples"),
    ("clip", "not in the language"), ("detach", "write stop_gradient(f)"),
    ("automata", "derive/kernel/closure.py")])
def test_families_of_assumptions_and_foreign_words_are_explained(
        subject: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", subject]) == 0
    assert says in capsys.readouterr().out
    assert (Path(__file__).parents[1] / "derive/kernel/closure.py").is_file()


def test_an_assumption_in_quotes_is_told_to_be_written_without(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "quoted.py"
    path.write_text("from derive import *\n@theorem('x', assumes=['policy_positive'])\n"
                    "def x(): return calc(J, by(), J * 1)\n", encoding="utf-8")
    assert main(["check", str(path)]) == 2
    assert "Write policy_positive without quotes" in " ".join(capsys.readouterr().out.split())
