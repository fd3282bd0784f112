"""No input ends in a traceback, runs for ever, or exits with a status that means something else.

200 inputs here; ``-m deep`` runs 20,000 through ``main`` and 1,000 as processes that are sent signals.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random

import pytest

from derive.cli import main
from derive.process.child import DONE
from derive.process.isolation import TIME, isolated
from derive.process.limits import Limits
from hostile.inputs import PROOF, ROOT, Input, inputs

SECONDS = 600
"""For one input; among them is a campaign over all bundled proofs, which takes two minutes of a processor."""
INTERRUPTED = 130
NONE = {"traceback": 0, "hang": 0, "wrong exit": 0, "written": 0}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A valid one, to change."""
    folder = tmp_path_factory.mktemp("valid")
    (folder / "a.py").write_text(PROOF, encoding="utf-8")
    assert main(["check", "-q", str(folder / "a.py"), "--certificate", str(folder / "c.json"), "--exit-zero"]) == 0
    return (folder / "c.json").read_text(encoding="utf-8")


def run_main(one: Input) -> Iterator[tuple[int, str, str, list[str]]]:
    """The exit status, what was printed, and which of the given files were changed, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for name, content in one.files.items():
            Path(name).write_bytes(content)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(one.arguments)
        changed = [name for name, content in one.files.items() if Path(name).read_bytes() != content]
        yield status, out.getvalue(), err.getvalue(), changed


def faults(given: list[Input], *, jobs: int = 2) -> tuple[Counter[str], list[str]]:
    """How many of traceback, hang, wrong exit and file that was written to, and where."""
    counts, where = Counter(NONE), []
    results = isolated(run_main, given, jobs=jobs, limits=Limits(seconds=SECONDS))
    for one, result in zip(given, results, strict=True):
        fault = "hang" if result.ending == TIME else "" if result.ending == DONE else "traceback"
        if not fault:
            status, out, err, changed = result.parts[0]
            written = bool(changed) and ("--fix" not in one.arguments or "--diff" in one.arguments)
            fault = "written" if written else _fault(one, status, out, err)
        if fault:
            counts[fault] += 1
            where.append(f"{fault}: {one.kind} {one.seed}: {one.arguments} {result.parts[:1]} {result.detail}")
    return counts, where


def _fault(one: Input, status: int, out: str, err: str) -> str:
    if "Traceback (most recent call last)" in out + err:
        return "traceback"
    if status not in one.right:
        return "wrong exit"
    if one.arguments[:1] == ("check",) and "json" in one.arguments and out.startswith("{"):
        data = json.loads(out)
        asked = max((1 if told["code"] not in ("D011", "D012", "D013", "D014", "D015", "D016") else 2
                     for told in data["diagnostics"] if told["severity"] == "error"), default=0)
        if data["ok"] != (data["exit"] == 0) or data["exit"] < asked:
            return "wrong exit"
    return ""


@pytest.mark.slow
def test_two_hundred_inputs(certificate: str) -> None:
    counts, where = faults(inputs(200, certificate))
    assert dict(counts) == NONE, "\n".join(where)


@pytest.mark.deep
def test_twenty_thousand_inputs(certificate: str) -> None:
    counts, where = faults(inputs(20_000, certificate))
    assert dict(counts) == NONE, "\n".join(where)


@pytest.mark.slow
def test_the_harness_sees_each_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a program that is broken in each of the three ways is caught."""

    def broken(arguments: tuple[str, ...]) -> int:
        match arguments[0]:
            case "raises":
                raise ZeroDivisionError
            case "prints":
                print("Traceback (most recent call last):")
            case "loops":
                time.sleep(1000)
            case "defect":
                return 3
            case "writes":
                Path("a.py").write_text("")
            case "check":
                print(json.dumps({"ok": True, "exit": 0, "diagnostics": [{"code": "D001", "severity": "error"}]}))
        return 0

    monkeypatch.setattr(sys.modules[__name__], "main", broken)
    monkeypatch.setattr(sys.modules[__name__], "SECONDS", 2)
    given = [Input("x", 0, arguments, {"a.py": b"x = 1"}) for arguments in (
        ("raises",), ("prints",), ("loops",), ("defect",), ("check", "json"), ("fine",), ("writes",),
        ("writes", "--fix"))]
    counts, _ = faults(given)
    assert dict(counts) == {"traceback": 2, "hang": 1, "wrong exit": 2, "written": 1}


# -- signals and outputs ---------------------------------------------------------------------------

OUTPUTS = ("", ">/dev/full", ">&-", "2>&-", "2>/dev/full", "| head -c 10", "<&-")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP)


def process_fault(seed: int, folder: Path) -> str:
    """A real process with an odd output, or one that is sent a signal at some moment."""
    rng = Random(seed)
    jobs = rng.choice(("1", "2"))
    command = f"{sys.executable} -m derive check -j {jobs} a.py b.py policy_gradient"
    output = rng.choice(OUTPUTS) if seed % 2 else ""
    line = f"{command} {output}" if "|" in output else f"exec {command} {output}"
    process = subprocess.Popen(["bash", "-c", line], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    sent = None
    try:
        if not output:
            time.sleep(rng.random() * 2.5)
            sent = rng.choice(SIGNALS)
            process.send_signal(sent)
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "hang"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    if sent == signal.SIGINT and is_before_ours(err):
        return ""
    if b"Traceback (most recent call last)" in out + err:
        return "traceback"
    right = {1} if sent is None else {1, -sent, INTERRUPTED if sent == signal.SIGINT else -sent}
    if output in (">/dev/full", ">&-"):
        right = {2}
    if "|" in output:
        right = {0}
    return "" if process.returncode in right else f"wrong exit {process.returncode} {sent} {output}"


def is_before_ours(err: bytes) -> bool:
    """Whether Python itself was interrupted as it started, before it read a line of derive."""
    folder = str(ROOT / "derive").encode()
    return b"KeyboardInterrupt" in err and b"<frozen " in err and folder not in err


def test_an_interrupt_of_python_itself_is_told_from_one_of_ours() -> None:
    start = b"Fatal Python error: init_import_site: Failed to import the site module\nTraceback:"
    own = f'\n  File "{ROOT}/derive/cli.py", line 1, in <module>\nKeyboardInterrupt\n'.encode()
    assert is_before_ours(start + b'\n  File "<frozen site>", line 73, in <module>\nKeyboardInterrupt\n')
    streams = b"Fatal Python error: init_sys_streams: can't initialize sys standard streams\nTraceback:"
    frame = b'\n  File "<frozen importlib._bootstrap>", line 1030, in __exit__\nKeyboardInterrupt\n'
    assert is_before_ours(streams + frame)
    assert not is_before_ours(start + b'\n  File "<frozen site>", line 73, in <module>' + own)
    assert not is_before_ours(own)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(PROOF, encoding="utf-8")
    (tmp_path / "b.py").write_text(PROOF, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_processes_with_signals_and_odd_outputs(two: Path) -> None:
    assert [fault for seed in range(7) if (fault := process_fault(seed, two))] == []


@pytest.mark.deep
def test_a_thousand_processes(two: Path) -> None:
    assert [(seed, fault) for seed in range(1000) if (fault := process_fault(seed, two))] == []
