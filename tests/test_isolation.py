"""Each proof file has a process and limits of its own: what it breaks is said of it, and the others are checked."""

from __future__ import annotations

import _thread
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from derive.cli import main
from derive.diagnostics import INTERRUPTED
from derive.process import child, isolation, running
from derive.process.child import DONE, FAILED, MEMORY
from derive.process.isolation import ENDED, TIME, _Child, _has_ended, isolated
from derive.process.limits import Limits

STAR = "from derive import *\n"
FALSE = "@theorem('false')\ndef false():\n    return calc(J, by('words'), 2 * J)\n"
TRUE = "@theorem('true')\ndef true():\n    return calc(J, by(regroup), J * 1)\n"
ENDS = {
    "exits": ("import os\nos._exit(0)\n", "D016", "ended itself with exit status 0"),
    "killed": ("import os\nos.kill(os.getpid(), 9)\n", "D016", "SIGKILL"),
    "aborts": ("import faulthandler, os\nfaulthandler.disable()\nos.abort()\n", "D016", "SIGABRT"),
    "loops": ("while True: pass\n", "D014", "4 s were not enough"),
    "sleeps": ("import time\ntime.sleep(1000)\n", "D014", "4 s were not enough"),
    "eats": ("x = bytearray(10**10)\n", "D012", "MemoryError"),
    "interrupts": ("raise KeyboardInterrupt\n", "D012", "KeyboardInterrupt"),
    "exits politely": ("raise SystemExit(0)\n", "D012", "SystemExit"),
}


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = main(["check", "--format", "json", *arguments])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDS)
def test_a_file_that_ends_its_process_is_an_error_and_the_next_is_checked(
        name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, code, said = ENDS[name]
    write(tmp_path, "a.py", STAR + TRUE + text)
    write(tmp_path, "b.py", STAR + FALSE)
    status, data = checked(capsys, str(tmp_path), "--timeout", "4")
    assert status == 2
    (first, second) = data["diagnostics"]
    assert (first["code"], second["code"]) == (code, "D001")
    assert said in first["message"]
    assert data["ok"] is False
    (tmp_path / "a.py").unlink()  # the twin: the second alone
    assert checked(capsys, str(tmp_path), "--timeout", "4")[0] == 1


@pytest.mark.slow
def test_what_was_settled_before_the_end_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = "@theorem('slow')\ndef slow():\n    while True: pass\n"
    status, data = checked(capsys, str(write(tmp_path, "a.py", STAR + TRUE + body)), "--timeout", "4")
    assert (status, [theorem["name"] for theorem in data["theorems"]]) == (2, ["true"])
    assert "1 result was there before" in data["diagnostics"][0]["message"]


@pytest.mark.slow
def test_memory_is_limited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With much room on both sides: what a large parent has thrown away a child may use again."""
    path = write(tmp_path, "a.py", f"{STAR}x = bytearray(1_500_000_000)\n{TRUE}")
    assert checked(capsys, str(path), "--memory", "300")[0] == 2
    assert checked(capsys, str(path), "--memory", "2500")[0] == 0


def test_a_large_parent_takes_nothing_from_the_memory_of_a_child(tmp_path: Path,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    import mmap

    path = write(tmp_path, "a.py", f"{STAR}{TRUE}")
    with mmap.mmap(-1, 3_000_000_000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS):
        assert checked(capsys, str(path), "--memory", "300")[0] == 0


def test_one_file_cannot_change_what_another_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one process this made the second file's false step pass."""
    write(tmp_path, "a.py", f"{STAR}from derive.checking.judgement import Judgement\n"
                            f"Judgement.as_claimed = True\nimport derive\nderive.J = 2 * derive.J\n{TRUE}")
    write(tmp_path, "b.py", STAR + FALSE)
    outputs = [checked(capsys, str(tmp_path), "-j", jobs) for jobs in ("1", "2")]
    for status, data in outputs:
        assert (status, [theorem["as_claimed"] for theorem in data["theorems"]]) == (1, [True, False])


@pytest.mark.slow
def test_the_number_of_jobs_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that run out of time are left aside: on a busy machine others would too."""
    for number, text in enumerate(text for text, code, _ in ENDS.values() if code != "D014"):
        write(tmp_path, f"{number}.py", STAR + TRUE + text)
        write(tmp_path, f"{number}b.py", STAR + (FALSE if number % 2 else TRUE))
    outputs = []
    for jobs in ("1", "2", "5"):
        capsys.readouterr()
        assert main(["check", str(tmp_path), "-j", jobs]) == 2
        printed = capsys.readouterr()
        outputs.append((printed.out.rsplit(",", 1)[0], printed.err))
    assert outputs[0] == outputs[1] == outputs[2]


@pytest.mark.slow
def test_a_thread_that_goes_on_does_not_keep_the_run(tmp_path: Path) -> None:
    path = write(tmp_path, "a.py", f"{STAR}import threading, time\n"
                                   f"threading.Thread(target=time.sleep, args=(300,)).start()\n{TRUE}")
    run = subprocess.run([sys.executable, "-m", "derive", "check", str(path)], capture_output=True, timeout=60)
    assert run.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_goes_on_when_the_parent_is_gone(how: signal.Signals, tmp_path: Path) -> None:
    """Neither the workers nor what a proof has started: they held the pipe of whoever reads the output."""
    mark = f"--mark-{os.getpid()}-{how}"
    text = ("import subprocess, sys\n"
            f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)', '{mark}'])\n")
    for name in ("a.py", "b.py"):
        write(tmp_path, name, f"{STAR}{text}while True: pass\n{TRUE}")
    process = subprocess.Popen([sys.executable, "-m", "derive", "check", "-j", "2", str(tmp_path)],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert _until(lambda: len(_processes(mark)) == 2)
        process.send_signal(how)
        process.communicate(timeout=20)  # the end of the pipe: nobody holds it
        assert _until(lambda: not _processes(mark))
    finally:
        process.kill()
        for number in _processes(mark):
            os.kill(number, signal.SIGKILL)
    assert process.returncode == -how


def _processes(mark: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def _until(condition: Any, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


# -- the engine ------------------------------------------------------------------------------------


def work(task: int) -> Iterator[int]:
    yield task
    if task == 1:
        os._exit(7)
    if task == 2:
        raise MemoryError
    if task == 3:
        raise ZeroDivisionError("three")
    if task == 4:
        time.sleep(100)
    yield 10 * task


def test_every_ending_is_told_in_the_order_of_the_tasks() -> None:
    results = list(isolated(work, range(6), jobs=3, limits=Limits(seconds=3)))
    assert [result.ending for result in results] == [DONE, ENDED, MEMORY, FAILED, TIME, DONE]
    assert [result.parts for result in results] == [(0, 0), (1,), (2,), (3,), (4,), (5, 50)]
    assert "exit status 7" in results[1].detail
    assert results[3].detail.strip().endswith("ZeroDivisionError: three")


def _process(task: Any) -> Iterator[Any]:
    yield os.getpid()
    if task == "fails":
        raise ValueError(task)
    if task == "sleeps":
        time.sleep(100)
    yield task


def _of_processes(tasks: list[Any], *, jobs: int = 1) -> tuple[list[int], list[str]]:
    results = list(isolated(_process, tasks, jobs=jobs, limits=Limits(seconds=3),
                            harmless=lambda task: task != "harmful"))
    assert [result.parts[1:] for result in results] == [(task,) if result.ending == DONE else ()
                                                        for task, result in zip(tasks, results, strict=True)]
    return [result.parts[0] for result in results], [result.ending for result in results]


def test_harmless_tasks_follow_each_other_in_one_child_and_no_other_does() -> None:
    processes, endings = _of_processes([1, 2, "harmful", 3, 4, "harmful", "harmful"])
    assert endings == [DONE] * 7
    one, *others = (processes[0], processes[2], processes[5], processes[6])
    assert [processes[n] for n in (0, 1, 3, 4)] == [one] * 4
    assert len({one, *others}) == 4
    assert len(set(_of_processes([1, 2, 3, 4, 5, 6], jobs=2)[0])) == 2
    assert len(set(_of_processes(list(range(isolation.MOST_IN_TURN + 1)))[0])) == 2


@pytest.mark.parametrize(("task", "ending"), [("fails", FAILED), ("sleeps", TIME)])
def test_a_child_whose_task_has_gone_wrong_does_no_other(task: str, ending: str) -> None:
    processes, endings = _of_processes([1, task, 2])
    assert endings == [DONE, ending, DONE]
    assert processes[0] == processes[1] != processes[2]


def _with_limit(seconds: int, work: Any, tasks: list[float]) -> tuple[list[int], list[Any]]:
    """The processes that did the tasks, all to their ends, and what each found."""
    results = list(isolated(work, tasks, limits=Limits(seconds=seconds), harmless=lambda task: True))
    assert [result.ending for result in results] == [DONE] * len(tasks)
    processes, found = zip(*(result.parts for result in results), strict=True)
    return list(processes), list(found)


def test_each_task_of_a_child_has_the_time_that_one_has() -> None:
    """Together they sleep longer than one may; none comes near that, on a busy machine either."""
    processes, _ = _with_limit(4, _sleeps, [0.9] * 5)
    assert len(set(processes)) == 1


def test_each_task_of_a_child_has_the_processor_for_as_long_as_one_has() -> None:
    processes, (first, second) = _with_limit(60, _computes, [1.2, 0])
    assert len(set(processes)) == 1
    assert second > first


def _sleeps(seconds: float) -> Iterator[Any]:
    yield os.getpid()
    time.sleep(seconds)
    yield None


def _computes(seconds: float) -> Iterator[Any]:
    resource = pytest.importorskip("resource")
    yield os.getpid()
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    yield resource.getrlimit(resource.RLIMIT_CPU)[0]


def test_only_files_of_the_library_share_a_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What one file of a user does to Python, another does not see."""
    write(tmp_path, "a.py", STAR + TRUE + "import derive\nderive.J = derive.gamma\n")
    write(tmp_path, "b.py", STAR + "@theorem('b')\ndef b():\n    return calc(J, by(definition(J)), "
          "total(tau, P(tau) * R(tau)))\n")
    status, data = checked(capsys, str(tmp_path))
    assert (status, [step["verdict"] for theorem in data["theorems"] for step in theorem["steps"]]) == (
        0, ["proved"] * 2)


def test_a_run_that_is_given_up_leaves_no_child() -> None:
    results = isolated(work, [0, 4, 4, 4], jobs=2)
    assert next(results).ending == DONE
    results.close()  # type: ignore[attr-defined]
    import multiprocessing

    assert not multiprocessing.active_children()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_children_that_are_not_forked_do_the_same(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    monkeypatch.setattr(isolation, "_method", lambda: method)
    results = list(isolated(_plain, range(3), jobs=2))
    assert [(result.ending, result.parts) for result in results] == [(DONE, (0,)), (DONE, (1,)), (DONE, (2,))]


def _plain(task: int) -> list[int]:
    return [task]


def _how_it_starts(task: int) -> list[Any]:
    method = isolation._method()
    return [method, *(part for one in (isolated(_plain, [task]) if method == "fork" else ()) for part in one.parts)]


def test_a_child_starts_children_as_its_parent_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that waits for its parent's end was taken for one that may hold a lock: each file started Python."""
    if isolation._method() != "fork":
        pytest.skip("this process does not fork")
    assert next(isolated(_how_it_starts, [3])).parts == ("fork", 3)
    monkeypatch.setattr(child, "_detach", _detach_as("a thread of the library's"))
    assert next(isolated(_how_it_starts, [3])).parts == ("forkserver",)


def _detach_as(name: str) -> Any:
    def detach() -> None:
        threading.Thread(target=time.sleep, args=(30,), name=name, daemon=True).start()
    return detach


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer to interrupt by")
def test_a_command_that_does_not_heed_an_interrupt_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python drops an interrupt that comes in a callback: a run of hours went on, with nobody there."""
    def deaf() -> int:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(30)
        return 0

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(isolation, "HEEDED", 0.2)
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            isolation.in_child(deaf)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 25  # not when it was done


class Dropping:
    """Its finaliser is interrupted, as a callback of the garbage collector may be."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


def _dropped_and_waiting(seconds: float) -> int:
    Dropping()
    time.sleep(seconds)
    return 0


def test_an_interrupt_that_python_drops_comes_again(capfd: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    assert running._status(partial(_dropped_and_waiting, 30)) == INTERRUPTED
    assert time.monotonic() - began < 20
    assert capfd.readouterr().err == "interrupted\n"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_that_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "heeded", nullcontext)
    assert running._status(partial(_dropped_and_waiting, 0.1)) == 0


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="interrupts cannot be held back")
@pytest.mark.parametrize("threads", [0, 1])  # to another thread a signal comes whatever the main thread holds back
def test_an_interrupt_while_a_child_starts_leaves_none_behind(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its start and its being known there was a moment in which an interrupt left it to be waited for."""
    over = threading.Event()
    for _ in range(threads):
        _thread.start_new_thread(over.wait, ())  # as a library in C has them: Python does not count it
    honest, started = isolation._started, []

    def interrupted(*arguments: Any) -> Any:
        child = honest(*arguments)
        started.append(child.process)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        return child

    monkeypatch.setattr(isolation, "_started", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(isolated(lambda task: [task], [1, 2]))
    over.set()
    (process,) = started
    process.join(5)
    assert process.exitcode is not None


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="interrupts cannot be held back")
def test_without_holding_interrupts_back_a_child_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_uninterrupted", nullcontext)
    started: list[Any] = []
    try:
        honest = isolation._started

        def interrupted(*arguments: Any) -> Any:
            started.append(honest(*arguments).process)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)

        monkeypatch.setattr(isolation, "_started", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(isolated(lambda task: [task], [1, 2]))
        started[0].join(0.5)
        assert started[0].exitcode is None
    finally:
        for process in started:
            process.kill()
            process.join()


def test_what_a_child_sent_just_before_its_end_is_read() -> None:
    """It may come between the look at the pipe and the look at the process."""
    here, there = multiprocessing.Pipe()
    child = _Child(SimpleNamespace(exitcode=0), here)
    there.send((DONE, 0))
    assert not _has_ended(child)
    here.recv()
    assert _has_ended(child)
