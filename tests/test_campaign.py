"""Many files at once: the same results for any executor and any number of workers."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

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


def test_threads_and_processes_give_what_one_process_gives(alone: list[Any]) -> None:
    with ThreadPoolExecutor(2) as threads:
        assert without_times(list(check_files(FILES, executor=threads))) == alone
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert without_times(list(check_files(FILES, executor=processes))) == alone


def test_an_executor_of_dask(alone: list[Any]) -> None:
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    with distributed.Client(processes=False, dashboard_address=None) as client:
        assert without_times(list(check_files(FILES, executor=client.get_executor()))) == alone


def test_an_executor_of_mpi(alone: list[Any]) -> None:
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    try:
        from mpi4py import futures
    except RuntimeError as missing:
        pytest.skip(f"mpi4py finds no MPI library: {str(missing).splitlines()[0]}")
    with futures.MPIPoolExecutor(1) as pool:
        assert without_times(list(check_files(FILES, executor=pool))) == alone


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
