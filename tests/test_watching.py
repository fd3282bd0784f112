"""``derive check --watch``: every change is seen, nothing else is, and an interrupt ends with the last status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from derive.cli import main
from derive.errors import BadInput
from derive.runs.watching import stamps, watched

TRUE = "from derive import *\n@theorem('x')\ndef x(): return calc(J, by(regroup), J * 1)\n"
FALSE = TRUE.replace("J * 1", "J * 2")


def test_a_change_is_checked_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, beside = tmp_path / "proof.py", tmp_path / "lemmas.py"
    path.write_text(TRUE)
    looks = iter([None, None, lambda: path.write_text(FALSE), None, None, lambda: beside.write_text("x = 1"), None,
                  lambda: (tmp_path / "notes.txt").write_text("?"), None, beside.unlink, None])
    checks: list[str] = []

    def check() -> int:
        checks.append(path.read_text())
        return len(checks)

    def wait(seconds: float) -> None:
        happens = next(looks, KeyboardInterrupt)
        if happens is KeyboardInterrupt:
            raise KeyboardInterrupt
        if happens is not None:
            happens()

    assert watched([path], (), check, wait=wait) == 4
    assert checks == [TRUE, FALSE, FALSE, FALSE]
    said = capsys.readouterr().err
    assert said.count("changed: ") == 3
    assert said.count("lemmas.py") == 2


def test_only_an_interrupt_of_the_waiting_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "proof.py"
    path.write_text(TRUE)

    def check() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watched([path], (), check)
    with pytest.raises(BadInput, match="nothing to watch"):
        watched([tmp_path / "none.py"], (), lambda: 0)


def test_of_a_folder_what_is_excluded_is_not_watched(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "test_c.py", "d.txt"):
        (tmp_path / name).write_text("x = 1")
    assert [file.name for file in stamps([tmp_path], ("b*",))] == ["a.py"]


@pytest.mark.parametrize("arguments", [["--format", "json", "x.py"], ["-"], ["--fix", "x.py"], ["-o", "x.txt", "x.py"]])
def test_what_cannot_be_watched_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--watch", *arguments]) == 2
    assert "--watch" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name == "nt", reason="signals of Unix")
def test_a_real_process_sees_a_change_and_ends_with_its_status(tmp_path: Path) -> None:
    path = tmp_path / "proof.py"
    path.write_text(TRUE)
    process = subprocess.Popen([sys.executable, "-m", "derive", "check", "--watch", str(path)], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("✓ x")
        time.sleep(0.3)
        path.write_text(FALSE)
        while not (line := process.stdout.readline()).startswith("✗ x"):
            assert line, process.communicate()
        while not process.stdout.readline().startswith("0 of 1 theorem"):
            pass
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 1
    assert "Traceback" not in errors
    assert "changed: " in errors
