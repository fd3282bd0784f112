"""One theorem that cannot be built hides no other, whichever command is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from derive.cli import main

GOOD = """from derive import *
@theorem("first")
def first(): return calc(J, by(definition(J)), total(tau, P(tau) * R(tau)))
@theorem("third")
def third(): return calc(grad(J), by(regroup), 1 * grad(J))
"""
SLIP = """@theorem("second")
def second(): return calc(norm(grad(J)), by(), 0)
"""
COMMANDS = {
    "show": ["show", "FILE"], "evaluate": ["evaluate", "FILE", "bandit"], "audit": ["audit", "FILE"],
    "probe": ["probe", "FILE", "--shape", "2,2,3"], "fuzz": ["fuzz", "FILE", "--examples", "2"],
    "report": ["report", "FILE", "-o", "OUT"], "handout": ["report", "FILE", "--handout", "-o", "OUT"],
}


def run(folder: Path, text: str, command: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit status, all that was printed or written, and what stands on stderr."""
    proof, out = folder / "three.py", folder / "out.tex"
    proof.write_text(text, encoding="utf-8")
    out.unlink(missing_ok=True)
    status = main([{"FILE": str(proof), "OUT": str(out)}.get(word, word) for word in command])
    printed = capsys.readouterr()
    return status, printed.out + (out.read_text(encoding="utf-8") if out.exists() else ""), printed.err


@pytest.mark.parametrize("command", COMMANDS)
def test_the_others_go_on(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown, said = run(tmp_path, GOOD + SLIP, COMMANDS[command], capsys)
    assert status == 2
    assert said.startswith("error: ")
    assert "three.py:7: theorem second: NameError: name 'norm' is not defined; write inner(f, f)" in said
    assert len(said.splitlines()) == 1
    status, twin, said = run(tmp_path, GOOD, COMMANDS[command], capsys)
    assert (status, said) == (0, "")
    names = {"fuzz": ["2 theorems"], "handout": ["2 exercises"]}.get(command, ["first", "third"])
    assert all(name in text for name in names for text in (shown, twin))


def test_a_file_of_broken_theorems_says_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = '@theorem("fourth")\ndef fourth(): return calc(pi(a, s), by(), 0)\n'
    status, shown, said = run(tmp_path, "from derive import *\n" + SLIP + other, COMMANDS["show"], capsys)
    assert (status, shown) == (2, "")
    assert [line.split(": ", 1)[0] for line in said.splitlines()] == ["error", "error"]
    assert "write pi(a | s)" in said


def test_what_is_asked_for_outside_of_the_trajectory_is_not_probed(tmp_path: Path,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    text = """from derive import *
@theorem("late", assumes=[policy_positive])
def late(): return calc(expect(tau, grad(log(pi(tau.a[t + 1] | tau.s[t + 1])))), by(), 0)
"""
    status, shown, said = run(tmp_path, text, COMMANDS["probe"], capsys)
    assert (status, said) == (0, "")
    assert "not probed, a time that may lie outside of the trajectory" in shown
