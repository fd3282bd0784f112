"""What a proof or an estimator prints goes to standard error: what a command writes is its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_so_is_what_it_prints_when_its_certificate_is_written(tmp_path: Path) -> None:
    ran = run(tmp_path, "check loud.py --format json --certificate c.json")
    assert '"schema"' in ran.stdout
    assert "LOUD\n" not in ran.stdout
