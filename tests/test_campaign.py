"""Many files at once: the same results for any executor and any number of workers."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from mpi_job import started

from derive.checking.proof_files import bundled
from derive.cli import main
from derive.runs.campaign import Checked, check_files

FILES = [bundled() / f"{name}.py" for name in ("gradient_of_probability", "score_of_a_trajectory")]
FILES += [bundled() / "refuted" / "probability_dropped.py", bundled() / "refuted" / "score_squared.py"]


def without_times(results: list[Checked]) -> list[Any]:
    found = []
    for one in results:
        for theorem in one.payload["theorems"]:
            for step in theorem["steps"]:
                step.pop("seconds")
        found.append((one.file, one.payload, one.text, one.errors, one.settled))
    return found


@pytest.fixture(scope="module")
def alone() -> list[Any]:
    return without_times(list(check_files(FILES)))


@pytest.mark.slow
def test_threads_and_processes_give_what_one_process_gives(alone: list[Any]) -> None:
    with ThreadPoolExecutor(2) as threads:
        assert without_times(list(check_files(FILES, executor=threads))) == alone
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert without_times(list(check_files(FILES, executor=processes))) == alone


DEADLY = """
import os, signal
from pathlib import Path

mark = Path(__file__).with_suffix(".mark")
if not mark.exists():
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_two_workers_of_dask_of_which_one_is_killed(
        alone: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file ends the worker that checks it, without a word; dask gives its work to the other."""
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    deadly = tmp_path / "deadly.py"
    deadly.write_text(FILES[0].read_text() + DEADLY)
    threads = set(threading.enumerate())
    with ThreadPoolExecutor(1) as apart, distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as two, \
            distributed.Client(two) as client:
        monkeypatch.setattr("distributed.utils._offload_executor", apart)  # its own thread would stay
        before = set(client.run(os.getpid).values())
        found = without_times(list(check_files([deadly, *FILES], executor=client.get_executor())))
        client.wait_for_workers(2)
        after = set(client.run(os.getpid).values())
    assert set(threading.enumerate()) <= threads  # or nothing after this test could be forked
    assert deadly.with_suffix(".mark").exists()
    assert len(before) == len(after) == 2
    assert before != after
    assert found == [*without_times(list(check_files([deadly]))), *alone]


CAMPAIGN = """
import json, os, sys
from pathlib import Path
from mpi4py import futures
from derive.runs.campaign import check_files

if __name__ == "__main__":
    with futures.MPIPoolExecutor() as pool:
        print(json.dumps(os.getpid() in {pool.submit(os.getpid).result() for _ in range(4)}))
        for checked in check_files([Path(name) for name in sys.argv[1:]], executor=pool):
            print(json.dumps([checked.file, checked.payload["ok"], checked.text, checked.errors, checked.settled]))
"""


def test_ranks_of_mpi_give_what_one_process_gives(alone: list[Any], tmp_path: Path) -> None:
    script = tmp_path / "campaign.py"
    script.write_text(CAMPAIGN)
    run = started("-m", "mpi4py.futures", str(script), *map(str, FILES))
    assert run.returncode == 0, run.stderr
    here, *found = [json.loads(line) for line in run.stdout.splitlines()]
    assert here is False  # other ranks did the work
    assert found == [[file, data["ok"], text, list(errors), list(settled)]
                     for file, data, text, errors, settled in alone]


def test_an_unreadable_file_is_a_result_not_an_exception(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("1/0")
    (result,) = check_files([broken])
    assert result.errors
    assert "ZeroDivisionError" in result.errors[0]
    assert result.payload["ok"] is False


def test_the_command_with_several_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for jobs in ("1", "2"):
        assert main(["check", *map(str, FILES), "-j", jobs]) == 0
        outputs.append(capsys.readouterr().out.rsplit(",", 1)[0])
    assert outputs[0] == outputs[1]


@pytest.mark.slow
def test_fuzzing_is_the_same_for_any_number_of_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for jobs in ("1", "2"):
        names = ["gradient_of_probability", "score_of_a_trajectory", "discount_lost"]
        assert main(["fuzz", *names, "--examples", "6", "--seed", "3", "-j", jobs]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    assert "no step of 3 theorems is other than declared" in outputs[0]


def test_fuzzing_finds_a_step_that_is_not_what_it_declares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    false = tmp_path / "false.py"
    false.write_text("from derive import *\n@theorem('false')\ndef false():\n"
                     "    return calc(J, by('words'), 2 * J)\n")
    assert main(["fuzz", str(false), "--examples", "4"]) == 1
    assert "FAILED: false, step 1" in capsys.readouterr().out
