"""Journals of ``derive fuzz``, and of a campaign on any executor: what was killed goes on, with the same results."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

import pytest
from mpi_job import started

from derive.checking.proof_files import load
from derive.cli import main
from derive.errors import BadInput
from derive.runs import journal as journals
from derive.runs.campaign import Checked, as_they_come, check_files
from derive.runs.fuzzing import Asked, _known, _line, campaign
from derive.runs.resumed_check import check_files_going_on

ROOT = Path(__file__).resolve().parents[1]
TRUE = "@theorem('{0}')\ndef {0}():\n    return calc(J, by(definition(J)), {1} * expect(tau, R(tau)))\n"
PROOF = "from derive import *\n" + TRUE.format("one", 1) + TRUE.format("two", 1)
SMALL = "from derive import *\n" + TRUE.format("one", 1)
FUZZ = ("--examples", "1")


def lines(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") - 1 if journal.exists() else 0


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and not condition():
        time.sleep(0.02)
    assert condition()


# -- fuzz ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hypothesis takes seconds over its first example in a process; those that are forked from this one need not."""
    (file := tmp_path_factory.mktemp("warm") / "a.py").write_text(SMALL)
    assert all(result.failure is None for result in campaign(load(file), Asked(1, 0)))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a file of two theorems, as the current folder."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "a.py").write_text(PROOF)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    status = main(["fuzz", "a.py", *FUZZ, "--journal", "run.jsonl", *options])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def taken(number: int) -> str:
    return f"note: {number} of 2 theorems are taken from the journal\n" if number else ""


def test_what_passed_is_not_fuzzed_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = told(capsys)
    assert (status, err) == (0, "")
    assert "no step of 2 theorems is other than declared" in out
    assert lines(folder / "run.jsonl") == 2
    assert told(capsys) == told(capsys, "-j", "2") == (0, out, taken(2))
    assert told(capsys, "--seed", "1")[2] == ""  # another question


def test_what_fails_is_fuzzed_again_and_what_has_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys)
    (folder / "a.py").write_text(PROOF.replace("1 *", "2 *"))  # the same names, and false
    status, out, err = told(capsys)
    assert (status, err) == (1, "")
    assert "FAILED: one, step 1" in out
    assert told(capsys)[::2] == (1, "")
    assert lines(folder / "run.jsonl") == 2


def test_an_mdp_that_is_kept_comes_before_the_journal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It may have failed in a run with another seed, or of another derive."""
    told(capsys)
    (folder / "b").mkdir()
    (folder / "b" / "a.py").write_text(PROOF.replace("1 *", "2 *", 1))
    assert main(["fuzz", "b/a.py", *FUZZ]) == 1  # one
    capsys.readouterr()
    status, out, err = told(capsys)
    assert (status, err) == (0, taken(1))
    assert "replayed first: 1 MDPs that failed in an earlier run" in out


def test_lines_that_mean_nothing_are_passed_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last of them counts, so each spoiled line comes after the good one."""
    told(capsys)
    file = folder / "run.jsonl"
    for result in ({}, [], 1, {"steps": 1}, {"uncompared": [7]}):
        entries = [json.loads(line) for line in file.read_text().splitlines()[1:3]]
        spoiled = [{**entry, "result": {**entry["result"], **result} if "uncompared" in str(result) else result}
                   for entry in entries]
        with file.open("a") as end:
            end.writelines(json.dumps(entry) + "\n" for entry in spoiled[:1])
        (theorem, _) = load(folder / "a.py")
        asked = Asked(1, 0)
        assert _known(theorem, _line((theorem.file, theorem.name)), asked.journal(file), asked) is None
    assert told(capsys)[::2] == (0, taken(1))


def test_a_foreign_file_is_refused_and_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a.py", "--journal", "run.jsonl"]) == 0
    before = (folder / "run.jsonl").read_bytes()
    capsys.readouterr()
    assert told(capsys) == (2, "", "error: run.jsonl is no journal of derive fuzz; it is left as it was. "
                                   "Name another file.\n")
    assert (folder / "run.jsonl").read_bytes() == before
    assert main(["fuzz", "a.py", "--journal", "a.py"]) == 2
    assert (folder / "a.py").read_text() == PROOF


@pytest.mark.slow
def test_fuzzing_that_is_killed_goes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """SIGKILL in the middle: the next run takes what was written, and says what one run says."""
    (folder / "a.py").write_text("from derive import *\n" + "".join(TRUE.format(f"t{n}", 1) for n in range(12)))
    run = subprocess.Popen([sys.executable, "-m", "derive", "fuzz", "a.py", *FUZZ, "--journal", "run.jsonl"],
                           env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: lines(folder / "run.jsonl") >= 2)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert run.returncode == -signal.SIGKILL
    written = lines(folder / "run.jsonl")
    assert 2 <= written < 12
    on = told(capsys)
    assert on[2] == f"note: {written} of 12 theorems are taken from the journal\n"
    assert main(["fuzz", "a.py", *FUZZ]) == on[0] == 0
    assert capsys.readouterr().out == on[1]


# -- campaigns on an executor ----------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three files, of which one is false and one imports what lies beside it."""
    texts = {"helper": "weight = 1\n", "a": SMALL, "b": SMALL.replace("1 *", "2 *"),
             "c": "from .helper import weight\n" + SMALL.replace("1 *", "weight *")}
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    return [tmp_path / f"{name}.py" for name in "abc"]


def spawning() -> Executor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


def plain(results: list[Checked]) -> list[tuple[str, bool, str, tuple[bool, ...]]]:
    return [(one.file, one.payload["ok"], one.text, one.settled) for one in results]


def going_on(files: list[Path], journal: Path) -> list[Checked]:
    with spawning() as pool:
        return list(check_files_going_on(files, journal, executor=pool))


@pytest.mark.slow
def test_a_campaign_takes_what_is_written_and_nothing_that_has_changed(
        files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = tmp_path / "run.jsonl"
    expected = plain(list(check_files(files)))
    assert plain(going_on(files, journal)) == expected
    assert (lines(journal), capsys.readouterr().err) == (3, "")
    read = {entry["of"]: entry["read"].keys() for entry in map(json.loads, journal.read_text().splitlines()[1:])}
    assert all(file in names for file, names in read.items())
    assert str(tmp_path / "helper.py") in read[str(files[-1])]
    assert all(Path(name).parent == tmp_path for names in read.values() for name in names)
    assert plain(going_on(files, journal)) == expected
    assert capsys.readouterr().err == "note: 3 of 3 files are taken from the journal\n"
    (tmp_path / "helper.py").write_text("weight = 2\n")
    assert [ok for _, ok, *_ in plain(going_on(files, journal))] == [True, False, False]
    assert capsys.readouterr().err.startswith("note: ")


def test_what_a_worker_may_have_executed_as_it_was_is_not_written_down(
        files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has been there for longer than the files; what other tests left loaded is set aside."""
    for name, module in list(sys.modules.items()):
        if name.startswith("_derive_") or "pytest-of-" in str(getattr(module, "__file__", "")):
            monkeypatch.delitem(sys.modules, name)
    made_up = ModuleType("made_up")  # as torch.ops is: it was loaded from no file, whatever it says
    made_up.__file__ = "_ops.py"
    monkeypatch.setitem(sys.modules, "made_up", made_up)
    with ThreadPoolExecutor(1) as threads:
        list(check_files_going_on(files, tmp_path / "run.jsonl", executor=threads))
        assert lines(tmp_path / "run.jsonl") == 0
        monkeypatch.setattr(journals, "STARTED", time.time_ns())  # the twin
        list(check_files_going_on(files, tmp_path / "run.jsonl", executor=threads))
    assert lines(tmp_path / "run.jsonl") == 3


def test_a_foreign_journal_is_refused_before_anything_is_checked(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("notes")
    with ThreadPoolExecutor(1) as threads, pytest.raises(BadInput, match="no journal of derive check"):
        check_files_going_on(files, tmp_path / "notes", executor=threads)


def test_results_are_kept_before_those_that_come_first() -> None:
    kept: list[float] = []

    def keep(seconds: float) -> float:
        kept.append(seconds)
        return seconds

    def slept(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    with ThreadPoolExecutor(3) as threads:
        assert list(as_they_come(threads, slept, [0.4, 0.1, 0.25], keep)) == [0.4, 0.1, 0.25]
    assert kept == [0.1, 0.25, 0.4]


CAMPAIGN = """
import json, os, sys
from pathlib import Path
from mpi4py import futures
from derive.runs.fuzzing import Asked, _known, _line, campaign
from derive.runs.resumed_check import check_files_going_on

if __name__ == "__main__":
    journal, *files = map(Path, sys.argv[1:])
    with futures.MPIPoolExecutor() as pool:
        for checked in check_files_going_on(files, journal, executor=pool):
            print(json.dumps([checked.file, checked.payload["ok"], checked.text, checked.settled]))
"""
DEADLY = """
import os, signal, time
from pathlib import Path

journal = Path(__file__).with_name("run.jsonl")
if not Path(__file__).with_suffix(".mark").exists():
    while journal.read_bytes().count(b"\\n") < 3:
        time.sleep(0.05)
    Path(__file__).with_suffix(".mark").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_job_of_mpi_whose_rank_is_killed_goes_on(files: list[Path], tmp_path: Path) -> None:
    """The first file kills the rank that checks it, after the other rank has checked two."""
    deadly, script = tmp_path / "deadly.py", tmp_path / "campaign.py"
    deadly.write_text(SMALL + DEADLY)
    script.write_text(CAMPAIGN)

    def job() -> subprocess.CompletedProcess[str]:
        return started("-m", "mpi4py.futures", str(script), str(tmp_path / "run.jsonl"), str(deadly), *map(str, files))

    killed = job()
    assert deadly.with_suffix(".mark").exists()
    assert killed.returncode != 0
    assert killed.stdout == ""  # the first is not there
    written = lines(tmp_path / "run.jsonl")
    assert written in (2, 3)
    on = job()
    assert on.returncode == 0, on.stderr
    assert f"note: {written} of 4 files" in on.stderr
    expected = [[*one[:3], list(one[3])] for one in plain(list(check_files([deadly, *files])))]
    assert [json.loads(line) for line in on.stdout.splitlines()] == expected
