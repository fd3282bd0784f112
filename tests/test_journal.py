"""A journal: an interrupted run goes on, and nothing is taken from it that may be otherwise now."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from derive.cli import main
from derive.runs import journal as journals

ROOT = Path(__file__).resolve().parents[1]
TRUE = "from derive import *\n@theorem('{0}')\ndef {0}():\n    return calc(J, by(definition(J)), expect(tau, R(tau)))\n"
FALSE = "from derive import *\n@theorem('false')\ndef false():\n    return calc(J, by('words'), 2 * J)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two theorems that are as claimed, one that is not, and one that imports a module beside it."""
    (tmp_path / "a.py").write_text(TRUE.format("one"))
    (tmp_path / "b.py").write_text(FALSE)
    (tmp_path / "c.py").write_text("from .helper import twice\n" + FALSE.replace("2 * J", "twice(J)"))
    (tmp_path / "helper.py").write_text("def twice(x):\n    return 2 * x\n")
    (tmp_path / "d.py").write_text(TRUE.format("two"))
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], folder: Path, *options: str) -> tuple[int, str, str]:
    """The status, what is printed without its time, and what is said beside it."""
    status = main(["check", *(str(folder / f"{name}.py") for name in "abcd"), "--journal", str(folder / "run.jsonl"),
                   *options])
    captured = capsys.readouterr()
    return status, captured.out.rsplit(",", 1)[0], captured.err


def test_what_is_written_down_is_not_checked_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = told(capsys, folder)
    assert (status, err) == (1, "")
    began = time.monotonic()
    assert told(capsys, folder) == (1, out, "note: 4 of 4 files are taken from the journal\n")
    assert time.monotonic() - began < 5
    assert len((folder / "run.jsonl").read_text().splitlines()) == 5
    status, plain, _ = told(capsys, folder, "--format", "json")  # another question
    assert (status, told(capsys, folder, "--format", "json", "-j", "2")[1]) == (1, plain)


@pytest.mark.parametrize(("changed", "again"), [("a.py", 1), ("helper.py", 1), ("d.py", 1)])
def test_what_has_changed_is_checked_again(folder: Path, capsys: pytest.CaptureFixture[str], changed: str,
                                           again: int) -> None:
    told(capsys, folder)
    with (folder / changed).open("a") as file:
        file.write("# changed\n")
    assert told(capsys, folder)[2] == f"note: {4 - again} of 4 files are taken from the journal\n"


def test_a_helper_that_makes_a_false_theorem_true_is_seen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own bytes are the same; a key of these alone would repeat the old verdict."""
    assert told(capsys, folder)[0] == 1
    (folder / "b.py").write_text(TRUE.format("three"))
    (folder / "helper.py").write_text("def twice(x):\n    return x\n")
    assert told(capsys, folder)[0] == 0
    (folder / "helper.py").write_text("def twice(x):\n    return 2 * x\n")
    assert told(capsys, folder)[0] == 1


def test_another_derive_checks_again(folder: Path, capsys: pytest.CaptureFixture[str],
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    told(capsys, folder)
    monkeypatch.setattr(journals, "__version__", "another")
    assert told(capsys, folder)[2] == ""


@pytest.mark.slow
def test_half_a_line_is_passed_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, folder)
    file = folder / "run.jsonl"
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    file.write_bytes(whole[:-len(lines[-1]) // 2])
    assert told(capsys, folder) == (1, out, "note: 3 of 4 files are taken from the journal\n")
    assert told(capsys, folder)[2] == "note: 4 of 4 files are taken from the journal\n"
    for torn in (lines[0][:10], b""):
        file.write_bytes(torn)
        assert told(capsys, folder) == (1, out, "")
        assert len(file.read_bytes().splitlines()) == 5


@pytest.mark.parametrize("checked", ["{}", "[]", "1", '{"file": 1}'])
def test_a_line_that_means_nothing_is_passed_over(folder: Path, capsys: pytest.CaptureFixture[str],
                                                  checked: str) -> None:
    told(capsys, folder)
    file = folder / "run.jsonl"
    header, *lines = file.read_text().splitlines()
    spoiled = [json.dumps({**json.loads(line), "result": json.loads(checked)}) for line in lines]
    file.write_text("\n".join([header, *spoiled, checked, "[" * 100_000]) + "\n")
    assert told(capsys, folder)[::2] == (1, "")


def test_a_foreign_file_is_refused_and_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "run.jsonl"
    for content in (b"{}\n", b"notes", b'{"journal of": "something else"}\n'):
        file.write_bytes(content)
        assert told(capsys, folder) == (2, "", f"error: {file} is no journal of derive check; it is left as it was. "
                                               "Name another file.\n")
        assert file.read_bytes() == content
    for bad in (folder, Path("/dev/zero"), folder / "a.py"):
        assert main(["check", str(folder / "a.py"), "--journal", str(bad)]) == 2
        assert capsys.readouterr().err.startswith("error: ")
    assert (folder / "a.py").read_text() == TRUE.format("one")


@pytest.mark.slow
def test_what_could_not_be_checked_is_not_written_down(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.py").write_text("import absent\n" + TRUE.format("one"))
    (folder / "d.py").write_text("import time\ntime.sleep(60)\n" + TRUE.format("two"))
    assert told(capsys, folder, "--timeout", "3")[0] == 2
    assert told(capsys, folder, "--timeout", "3")[2].startswith("note: 2 of 4 files are taken from the journal\n")


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on(tmp_path: Path) -> None:
    """SIGKILL in the middle: no handler runs. The next run takes what was written, and says what one run says."""
    for number in range(12):
        text = TRUE.format(f"theorem_{number}") if number % 3 else FALSE
        (tmp_path / f"p{number:02}.py").write_text("import time\ntime.sleep(0.15)\n" + text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "derive", "check", str(tmp_path), "--format", "concise", "--journal"]
    journal = tmp_path / "run.jsonl"
    run = subprocess.Popen([*command, str(journal)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while time.monotonic() < end and not (journal.exists() and journal.read_bytes().count(b"\n") >= 4):
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert run.returncode == -signal.SIGKILL
    written = journal.read_bytes().count(b"\n") - 1
    assert 3 <= written < 12
    on, whole = (subprocess.run([*command, str(tmp_path / name), "-j", "2"], env=environment, capture_output=True,
                                text=True, check=False) for name in ("run.jsonl", "whole.jsonl"))
    assert on.stderr == f"note: {written} of 12 files are taken from the journal\n"
    assert (on.returncode, on.stdout) == (whole.returncode, whole.stdout)
    assert whole.returncode == 1
    assert whole.stderr == ""
