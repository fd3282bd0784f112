"""What a proof or an estimator prints goes to standard error: what a command writes is its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from derive.checking.theorems import Chain
from derive.errors import InvalidChain

LOUD = '''
import os
from derive import *

print("LOUD")
os.write(1, b"LOUD")

@theorem("unfolding")
def x():
    print("LOUD")
    return calc(grad(J), by(definition(J)), grad(total(tau, P(tau) * R(tau) * 2)))

def plain(rewards):
    print("LOUD")
    return list(rewards)
'''


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    (folder / "loud.py").write_text(LOUD, encoding="utf-8")
    return subprocess.run([sys.executable, "-m", "derive", *command.split()], cwd=folder, capture_output=True,
                          text=True, timeout=120)


@pytest.mark.parametrize("command", [
    "check loud.py", "show loud.py", "audit loud.py", "estimator loud.py:plain --group 2 --rewards 0,1",
    *(pytest.param(slow, marks=pytest.mark.slow) for slow in (
        "evaluate loud.py", "probe loud.py --points 1", "fuzz loud.py --examples 2", "fuzz loud.py --examples 2 -j 2",
        "report loud.py --samples 10", "check loud.py -j 2"))])
def test_it_is_no_output_of_the_command(command: str, tmp_path: Path) -> None:
    ran = run(tmp_path, command)
    assert ran.stdout != ""
    assert "LOUD" not in ran.stdout
    assert "LOUD" in ran.stderr


@pytest.mark.slow
def test_what_a_program_reads_can_be_read(tmp_path: Path) -> None:
    ran = run(tmp_path, "estimator loud.py:plain --group 2 --rewards 0,1 --format json")
    assert json.loads(ran.stdout)["estimators"][0]["name"] == "loud.py:plain"
    assert json.loads(run(tmp_path, "audit loud.py --format json").stdout)["theorems"][0]["name"] == "x"
    compile(run(tmp_path, "show loud.py --replay x:1").stdout, "replay.py", "exec")


BROKEN = """from derive import *
@theorem("broken")
def broken():
    print("BODY of broken")
    return calc(J, by(regroup), J * missing)
@theorem("resting on it")
def resting():
    print("BODY of resting")
    return calc(J, by(broken), J * 1)
@theorem("no chain")
def empty():
    print("BODY of empty")
    return 3
"""


@pytest.mark.parametrize("command", ["check loud.py", "check --format json loud.py", "audit loud.py", "probe loud.py"])
def test_a_body_that_fails_is_run_once(command: str, tmp_path: Path) -> None:
    """Each look at what was wrong ran it again: three times, five where a lemma asked too."""
    (tmp_path / "loud.py").write_text(BROKEN, encoding="utf-8")
    ran = subprocess.run([sys.executable, "-m", "derive", *command.split()], cwd=tmp_path, capture_output=True,
                         text=True, timeout=120)
    bodies = [line for line in ran.stderr.splitlines() if line.startswith("BODY")]
    assert sorted(bodies) == ["BODY of broken", "BODY of empty", "BODY of resting"]
    assert "name 'missing' is not defined" in ran.stderr + ran.stdout or "missing is not defined" in ran.stdout


def test_what_was_asked_for_too_early_is_asked_again() -> None:
    """Names further down are still to come while the file is executed: what fails then may do later."""
    names: dict[str, object] = {"__name__": "early"}
    early = BROKEN.partition('@theorem("resting')[0] + "first = broken.written\nmissing = 1\n"
    exec(compile(early, "early.py", "exec"), names)
    assert isinstance(names["first"], InvalidChain)
    assert isinstance(names["broken"].written, Chain)  # type: ignore[attr-defined]


def test_so_is_what_it_prints_when_its_certificate_is_written(tmp_path: Path) -> None:
    ran = run(tmp_path, "check loud.py --format json --certificate c.json")
    assert '"schema"' in ran.stdout
    assert "LOUD\n" not in ran.stdout
