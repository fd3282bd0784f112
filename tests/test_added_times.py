"""Sums over k of what is read at t + k: refuted, replayed and evaluated as they are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from derive import evaluate
from derive.checking.proof_files import loaded
from derive.cli import main

PROOFS = """from derive import *
score = grad(log(pi(tau.a[t] | tau.s[t])))


def later(n, last):
    return total(k, gamma**k * r(tau.s[t + k + n], tau.a[t + k + n], tau.s[t + k + n + 1]), stop=last)


@theorem("as books print it", assumes=[additive_return])
def finite():
    return calc(grad(J), by(automata), expect(tau, total(t, gamma**t * score * later(0, H - t))))


@theorem("without a last decision", assumes=[additive_return, discount_below_one])
def endless():
    return calc(grad(J), by(automata), expect(tau, total(t, gamma**t * score * later(0, forever), stop=forever)))


@theorem("of the next step", assumes=[additive_return, discount_below_one])
def next_step():
    return calc(grad(J), by(automata), expect(tau, total(t, gamma**t * score * later(1, forever), stop=forever)))


@theorem("nothing is earned")
def nothing():
    return calc(J, by(), 0)
"""


@pytest.fixture
def proofs(tmp_path: Path) -> Path:
    file = tmp_path / "proofs.py"
    file.write_text(PROOFS)
    return file


@pytest.mark.parametrize("name", ["next_step", "nothing"])
def test_the_counterexample_is_replayed(name: str, proofs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a last decision, and with a bare number on one side."""
    assert main(["check", str(proofs), "--format", "json"]) == 1
    capsys.readouterr()
    assert main(["show", str(proofs), "--replay", f"{name}:1"]) == 0
    program = capsys.readouterr().out
    done = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    left, right = map(float, done.stdout.split()[-2:])
    assert abs(left - right) > 0.1


def test_both_sides_are_evaluated(proofs: Path) -> None:
    theorems = {one.name: one for one in loaded(proofs).theorems}
    for name in ("finite", "endless", "next_step"):
        found = evaluate(theorems[name], "two-state")
        both = next(one for one in found.compared if one.way == "by dynamic programming")
        close = np.allclose(both.left, both.right, atol=1e-10)
        assert close == (name != "next_step"), name
