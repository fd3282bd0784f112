"""One theorem that cannot be built hides no other, whichever command is asked."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from derive import theorem
from derive.checking.theorems import Chain
from derive.cli import main
from derive.errors import InvalidChain
from derive.process.interrupts import heeded

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


# -- what no proof should raise ----------------------------------------------------------------------

ENDING = {"KeyboardInterrupt": "raise KeyboardInterrupt", "SystemExit": "raise SystemExit",
          "GeneratorExit": "raise GeneratorExit", "Odd": "raise type('Odd', (BaseException,), {})"}


@pytest.mark.parametrize("name", ENDING)
def test_whatever_a_body_raises_is_an_error_of_its_theorem(name: str, tmp_path: Path,
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    """A ``KeyboardInterrupt`` hid the theorems below it, and ended the commands as if the user had."""
    head, tail = GOOD.split('@theorem("third")')
    text = f'{head}@theorem("second")\ndef second():\n    {ENDING[name]}\n@theorem("third"){tail}'
    for command in (["check", "FILE", "--format", "json"], *COMMANDS.values()):
        status, shown, said = run(tmp_path, text, command, capsys)
        assert (status, len(said.splitlines())) == (2, 1)
        assert "three.py:6: theorem second: " in said
        assert f"{name}: (no message)" in said
        if command[0] == "check":
            assert [theorem["name"] for theorem in json.loads(shown)["theorems"]] == ["first", "third"]


@pytest.mark.parametrize("raised", ["KeyboardInterrupt()", "SystemExit(0)"])
def test_whatever_a_declaration_raises_is_an_error_of_its_theorem(raised: str, tmp_path: Path,
                                                                  capsys: pytest.CaptureFixture[str]) -> None:
    text = ("def ends(): raise " + raised + "\n" + GOOD
            + '@theorem("second", assumes=[ends()])\ndef second(): return calc(J, by(regroup), J * 1)\n')
    status, shown, said = run(tmp_path, text, COMMANDS["show"], capsys)
    assert (status, len(said.splitlines())) == (2, 1)
    assert "theorem second: " in said
    assert all(name in shown for name in ("first", "third"))


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "show"])
@pytest.mark.parametrize("body", ["time.sleep(60)", "try: time.sleep(60)\n    except BaseException: raise ValueError"])
def test_an_interrupt_of_the_users_ends_the_run(command: str, body: str, tmp_path: Path) -> None:
    """Also one that comes while a body is read, and one that the body turns into something else."""
    proof = tmp_path / "slow.py"
    proof.write_text(f"import sys, time\n{GOOD}@theorem('slow')\ndef slow():\n    print('asleep', file=sys.stderr)\n"
                     f"    {body}\n", encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-m", "derive", command, str(proof)], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert process.stderr.readline() == "asleep\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err.split()) == (130, ["interrupted"])


def test_where_another_handler_is_in_force_every_interrupt_may_be_the_users() -> None:
    """In a notebook, and in a program that has a handler of its own; the twin: in a command they are told apart."""
    def body() -> Chain:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assert theorem("stopped")(body).written
    with heeded():
        assert isinstance(theorem("stopped")(body).written, InvalidChain)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# -- files that cannot be executed -------------------------------------------------------------------

SPOILT = {"its import ends the process": "from derive import theorem\nimport os\nos._exit(3)\n",
          "a theorem ends the process": "from derive import *\n@theorem('second')\ndef second():\n"
                                        "    import os\n    os._exit(3)\n",
          "it raises": "from derive import theorem\nraise ValueError\n",
          "it is no Python": "from derive import theorem\ndef f(:\n"}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["fuzz", "report", "audit", "probe"])
@pytest.mark.parametrize("name", SPOILT)
def test_a_file_that_cannot_be_executed_hides_no_other(name: str, command: str, tmp_path: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    """Its process was that of the command, which said nothing of the other files."""
    spoilt = tmp_path / "spoilt.py"
    spoilt.write_text(SPOILT[name], encoding="utf-8")
    words = COMMANDS[command]
    for order in ([str(spoilt), "FILE"], ["FILE", str(spoilt)]):
        status, shown, said = run(tmp_path, GOOD, [words[0], *order, *words[2:]], capsys)
        assert (status, len(said.splitlines())) == (2, 1)
        assert said.startswith(f"error: {spoilt}:")
        assert all(one in shown for one in (["2 theorems"] if command == "fuzz" else ["first", "third"]))
    status, shown, said = run(tmp_path, GOOD, [words[0], str(spoilt), *words[2:]], capsys)  # and nothing else
    assert (status, shown, len(said.splitlines())) == (2, "", 1)


@pytest.mark.slow
def test_what_a_file_prints_is_printed_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Though it is executed twice, where several files are asked for."""
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(f"print('hello from {name}')\n{GOOD}", encoding="utf-8")
    assert main(["audit", str(tmp_path / "a.py"), str(tmp_path / "b.py")]) == 0
    assert sorted(capfd.readouterr().err.splitlines()) == ["hello from a.py", "hello from b.py"]


def test_what_is_asked_for_outside_of_the_trajectory_is_not_probed(tmp_path: Path,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    text = """from derive import *
@theorem("late", assumes=[policy_positive])
def late(): return calc(expect(tau, grad(log(pi(tau.a[t + 1] | tau.s[t + 1])))), by(), 0)
"""
    status, shown, said = run(tmp_path, text, COMMANDS["probe"], capsys)
    assert (status, said) == (0, "")
    assert "not probed, a time that may lie outside of the trajectory" in shown
