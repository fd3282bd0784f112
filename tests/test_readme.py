"""The examples of the README, run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from derive.cli import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def shown_runs() -> list[tuple[str, list[str]]]:
    """(arguments of derive, the lines shown) for each console block with a prompt."""
    runs = []
    for language, text in BLOCKS:
        if language == "console" and text.startswith("$ derive"):
            command, *lines = text.splitlines()
            runs.append((command.removeprefix("$ derive "), lines))
    return runs


@pytest.mark.parametrize(("command", "lines"), shown_runs(), ids=lambda value: value if isinstance(value, str) else "")
def test_the_output_shown_is_the_output(command: str, lines: list[str], capsys: pytest.CaptureFixture[str],
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    main(command.split())
    printed = capsys.readouterr().out.splitlines()
    for line in lines:
        assert line == "..." or line in printed, line


def test_the_theorem_shown_is_the_bundled_one() -> None:
    shown = next(text for language, text in BLOCKS if language == "python" and "likelihood_ratio_gradient" in text)
    assert shown in (ROOT / "proofs" / "policy_gradient.py").read_text(encoding="utf-8")


def test_write_your_own_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = next(text for language, text in BLOCKS if language == "python" and "def mine" in text)
    path = tmp_path / "mine.py"
    path.write_text(mine, encoding="utf-8")
    assert main(["check", "-v", str(path)]) == 0
    assert "every step is proved; the claim follows" in capsys.readouterr().out
    path.write_text(mine.replace("by(definition(J))", "by()"), encoding="utf-8")
    assert main(["check", str(path)]) == 0  # true, and its reason is missing: a warning
    assert "by(definition(J)) gives this step" in capsys.readouterr().out
    assert main(["check", "--strict", str(path)]) == 1


def test_the_theorem_without_a_last_decision_is_proved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    endless = next(text for language, text in BLOCKS if language == "python" and "def endless" in text)
    path = tmp_path / "endless.py"
    path.write_text(endless, encoding="utf-8")
    assert main(["check", "-v", str(path)]) == 0
    assert "every discount below 1, infinite horizon" in capsys.readouterr().out.replace("\n", " ").replace("  ", "")
    late = endless.replace("stop=forever),\n        by", "start=1, stop=forever),\n        by")
    path.write_text(late, encoding="utf-8")
    assert main(["check", str(path)]) == 1
    assert "the step is false" in capsys.readouterr().out


@pytest.mark.parametrize("command", [
    ["explain"], ["explain", "log_derivative"], ["show", "policy_gradient"],
    ["evaluate", "policy_gradient", "lake", "--samples", "2000"],
])
def test_the_other_commands_run(command: list[str]) -> None:
    assert main(command) == 0


def test_both_command_lines_are_sufficient_and_marked_for_ci() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert all(word in lines[0] for word in ("derive check", "derive evaluate", "derive report"))
    assert lines[1].endswith("-m pytest")
