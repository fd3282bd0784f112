"""The README, run: every command line in it, with the lines that it shows and the exit status that it says."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

from derive.cli import main
from derive.files.configuration import configuration

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
INSTALLING = ("python3 -m venv", "uv run", ".venv/bin/pip")
"""What needs the network; ``.ci/run`` takes these lines from the README and runs them."""

PLUGIN = "" if any(one.value == "derive.integrations.pytest_plugin" for one in entry_points(group="pytest11")) else (
    "-p derive.integrations.pytest_plugin ")
"""Where derive is not installed, as when it runs from a checkout, the plugin has to be named."""


def shown_runs() -> list[tuple[str, list[str], int]]:
    """(the command, the lines shown below it, its exit status) for each line with a prompt."""
    runs: list[tuple[str, list[str], int]] = []
    for language, text in BLOCKS:
        if language != "console" or not text.startswith("$ "):
            continue
        for part in text[2:].split("\n$ "):
            command, *lines = part.rstrip("\n").split("\n")
            if command == "echo $?":
                before, shown, _ = runs[-1]
                runs[-1] = (before, shown, int(lines[0]))
            else:
                runs.append((command, lines, 0))
    return runs


def inline_commands() -> list[str]:
    """The commands in running text."""
    text = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    text = re.sub(r"\s*\n\s*", " ", text)
    found = re.findall(r"`((?:derive|pytest) [a-z_][^`]*)`", text)
    return list(dict.fromkeys(command for command in found if not re.search(r"\b[A-Z]{2,}\b", command)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a reader has after following the page: the repository's proofs, and the files that it says to save."""
    shutil.copytree(ROOT / "proofs", tmp_path / "proofs", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mine", "wrong", "endless"):
        (tmp_path / f"{name}.py").write_text(_python(f"def {name}()"), encoding="utf-8")
    (tmp_path / "losses.py").write_text(_python("def grpo("), encoding="utf-8")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, module in (("derive", "derive"), ("pytest", f"pytest {PLUGIN}-p no:cacheprovider")):
        (tools / name).write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
        (tools / name).chmod(0o755)
    return tmp_path


def _python(mark: str) -> str:
    return next(text for text in PYTHON if mark in text)


def run(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100",
                   "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    return subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=folder, capture_output=True, text=True,
                          timeout=120, env=environment)


@pytest.mark.slow
def test_every_line_with_a_prompt_prints_what_is_shown_and_exits_as_said(folder: Path) -> None:
    runs = shown_runs()
    assert len(runs) >= 10
    for command, lines, status in runs:
        if ("losses.py" in command or "--compare" in command) and find_spec("torch") is None:
            continue  # .ci/run has torch
        found = run(folder, command)
        assert found.returncode == status, (command, found.stdout, found.stderr)
        printed = found.stdout.replace(f"{ROOT}/", "").splitlines()
        for line in lines:
            assert line == "..." or line in printed, (command, line)
        if "..." not in lines and lines:
            assert printed == lines, command


REST = {"derive check": " mine.py", "derive check --fix": " mine.py", "derive verify": " --help",
        "derive lsp": " --help", "derive audit": " importance_sampling", "derive probe": " policy_gradient",
        "derive report -o report.pdf": " policy_gradient"}
"""What the running text leaves out."""


@pytest.mark.slow
@pytest.mark.parametrize("command", [command + REST.get(command, "") for command in inline_commands()])
def test_every_command_in_running_text_runs(command: str, folder: Path) -> None:
    if command in {shown for shown, _, status in shown_runs() if status == 0}:
        return  # run above
    if command.startswith("derive report") and shutil.which("pdflatex") is None:
        pytest.skip("neither a TeX engine nor typst is installed")
    if "gymnasium:" in command:
        pytest.importorskip("gymnasium")
    found = run(folder, command)
    assert found.returncode == 0, (found.stdout, found.stderr)


@pytest.mark.slow
def test_the_evaluation_prints_what_is_shown(folder: Path) -> None:
    text = _python("import evaluate")
    (folder / "evaluation_of_mine.py").write_text(text, encoding="utf-8")
    found = run(folder, f"{sys.executable} evaluation_of_mine.py")
    shown = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")]
    assert found.stdout.splitlines() == shown, found.stderr
    assert len(shown) == 2


def test_no_command_line_of_the_page_is_left_out() -> None:
    """Every line of a console block is run here, or by ``.ci/run``."""
    for language, text in BLOCKS:
        if language == "console" and not text.startswith("$ "):
            for line in text.strip().splitlines():
                assert line.startswith(INSTALLING), line
    assert {"derive explain", "derive explain scope", "pytest mine.py"} <= set(inline_commands())


def test_the_theorem_shown_is_the_bundled_one() -> None:
    assert _python("likelihood_ratio_gradient") in (ROOT / "proofs" / "policy_gradient.py").read_text(encoding="utf-8")


def test_the_assertions_named_hold_and_fail_on_the_functions_shown(folder: Path) -> None:
    text = _section("## Is my estimator")
    assert text.count("\n") <= 50
    estimators = importlib.import_module("derive.estimators")
    for name in re.findall(r"(assert_\w+)", text):
        assert name in estimators.__all__
    if find_spec("torch") is None:
        pytest.skip("a loss needs torch")
    (folder / "test_mine.py").write_text(
        _python("def test_grpo(") + "\n\ndef test_other():\n    assert_unbiased(lambda log_probs, old_log_probs, "
        "rewards, mask: grpo(log_probs, old_log_probs, log_probs, rewards, mask, len(rewards), 0), group=2)\n")
    found = run(folder, "pytest -q test_mine.py")
    assert "1 failed, 1 passed" in found.stdout
    assert "what would mend it" in found.stdout


def _section(title: str) -> str:
    return README[README.index(title):].split("\n## ")[0]


def test_write_your_own_says_what_a_hole_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "mine.py"
    path.write_text(_python("def mine()").replace("by(definition(J))", "by()"), encoding="utf-8")
    assert main(["check", str(path)]) == 0  # true, and its reason is missing: a warning
    printed = capsys.readouterr().out
    assert "its reason is missing" in " ".join(printed.split())
    assert "by(definition(J)) gives this step" in printed
    assert main(["check", "--strict", str(path)]) == 1


def test_the_theorem_without_a_last_decision_is_proved(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "endless.py"
    assert main(["check", "-v", str(path)]) == 0
    assert "every discount below 1, infinite horizon" in " ".join(capsys.readouterr().out.split())
    late = _python("def endless()").replace("stop=forever),\n        by", "start=1, stop=forever),\n        by")
    path.write_text(late, encoding="utf-8")
    assert main(["check", str(path)]) == 1
    assert "the step is false" in capsys.readouterr().out


def test_the_slips_are_answered_as_the_page_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for written, answer in (("log(pi(a, s))", "write pi(a | s)"), ("totl(tau, J)", "did you mean total?")):
        assert answer in README
        path = tmp_path / "slip.py"
        path.write_text(f"from derive import *\n@theorem('x')\ndef x(): return calc(J, by(), {written})\n")
        assert main(["check", str(path)]) == 2
        assert answer in capsys.readouterr().out


def test_the_configuration_shown_is_one(tmp_path: Path) -> None:
    text = next(text for language, text in BLOCKS if language == "toml")
    assert tomllib.loads(text)
    (tmp_path / "pyproject.toml").write_text(text)
    found = configuration(tmp_path)
    assert found.paths == (tmp_path / "proofs",)
    assert (found.exclude, found.ignore) == (("drafts/*",), ("D010",))


@pytest.mark.slow
def test_the_campaign_from_python_runs(folder: Path) -> None:
    (folder / "campaign.py").write_text(_python("check_files("), encoding="utf-8")
    for file in (folder / "proofs").glob("[a-z]*.py"):
        if file.stem not in ("geometric_series", "gradient_of_probability"):  # .ci/run checks all of them
            file.unlink()
    found = run(folder, f"{sys.executable} campaign.py")
    assert (found.returncode, found.stdout.split()) == (0, [
        "proofs/geometric_series.py", "True", "proofs/gradient_of_probability.py", "True"]), found.stderr


def test_both_command_lines_are_sufficient_and_marked_for_ci() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert all(word in lines[0] for word in ("derive check", "derive evaluate", "derive report"))
    assert lines[1].endswith('-m pytest -n auto -m "not deep"')
