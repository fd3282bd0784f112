"""Every command that runs a user's code or a computation of any size has limits of time and memory, and says so.

Each limit is seen to be kept and, with a larger one, to let the same work pass.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from derive.cli import commands, main
from derive.commands.arguments import processes
from derive.process.isolation import in_child
from derive.process.limits import Limits

PROOF = ("from derive import *\n{first}\n@theorem('t', assumes=[possible(tau)])\n"
         "def t1():\n    return calc(grad(J), by(automata), expect(tau, grad(log(P(tau))) * R(tau)))\n")
ADVANTAGE = ("def centred(rewards):\n    {first}\n    mean = sum(rewards) / len(rewards)\n"
             "    return [r - mean for r in rewards]\n")
NO_PROCESS = {"explain", "lsp"}
"""They read no file of the user, or run each in a child of its own."""
LINUX = pytest.mark.skipif(not sys.platform.startswith(("linux", "freebsd")), reason="no limit on memory elsewhere")


def argued(folder: Path, command: str, first: str) -> list[str]:
    """A command on a file whose first line is ``first``."""
    if command == "estimator":
        (folder / "a.py").write_text(ADVANTAGE.format(first=first), encoding="utf-8")
        return [command, f"{folder / 'a.py'}:centred", "--group", "2", "--rewards", "0,1"]
    (folder / "a.py").write_text(PROOF.format(first=first), encoding="utf-8")
    more = {"report": ["-o", str(folder / "r.tex"), "--samples", "10"], "fuzz": ["--examples", "1"],
            "evaluate": ["bandit"], "probe": ["--shape", "2,2,2", "--points", "1"]}
    return [command, str(folder / "a.py"), *more.get(command, [])]


RUN = ("audit", "show", "evaluate", "fuzz", "probe", "estimator", "report")


@pytest.mark.slow
@pytest.mark.parametrize("command", RUN)
def test_time_is_limited(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow = argued(tmp_path, command, "import time; time.sleep(60)")
    assert main([*slow, "--timeout", "1"]) == 2
    assert capsys.readouterr().err == "error: 1 s were not enough; --timeout SECONDS allows more.\n"
    short = argued(tmp_path, command, "import time; time.sleep(0.01)")
    assert main([*short, "--timeout", "100"]) in (0, 1), capsys.readouterr().err


def test_the_estimator_that_never_ends_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, ended, *options = argued(tmp_path, "estimator", "pass")
    (tmp_path / "b.py").write_text(ADVANTAGE.format(first="while True: pass"), encoding="utf-8")
    endless = f"{tmp_path / 'b.py'}:centred"
    assert main(["estimator", ended, endless, *options, "--timeout", "5"]) == 2
    assert capsys.readouterr().err.endswith(
        f"error: 5 s were not enough for the whole command, which was at {endless}, estimator 2 of 2; "
        "--timeout SECONDS allows more.\n")


@pytest.mark.slow
@LINUX
@pytest.mark.parametrize("command", RUN)
def test_memory_is_limited(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    once = "globals().get('kept') or globals().update(kept=bytearray(1_200_000_000))"  # a function is called often
    eats = argued(tmp_path, command, once)
    assert main(eats) == 2
    said = capsys.readouterr().err
    assert said.rstrip(".\n").endswith("not enough; --memory MB allows more")
    assert main([*eats, "--memory", "1800"]) in (0, 1), capsys.readouterr().err


@LINUX
def test_so_is_that_of_each_worker() -> None:
    assert in_child(_worker_eats, Limits(megabytes=900)) == 2
    assert in_child(_worker_eats, Limits(megabytes=1800)) == 0


def _worker_eats() -> int:
    with processes(2) as pool:
        assert pool is not None
        try:
            return int(pool.submit(_eats).result())
        except MemoryError:
            return 2


def _eats() -> int:
    return 0 if bytearray(1_200_000_000) else 1


@LINUX
def test_what_is_mapped_and_never_written_to_is_not_counted() -> None:
    """As the libraries of PyTorch are; what is written to is the twin."""
    limits = Limits(megabytes=300)
    assert in_child(_maps_to_read, limits) == 0
    with pytest.raises(AssertionError, match="there was no memory"):
        assert in_child(_maps_to_write, limits) == 0, "there was no memory"


def _maps_to_read() -> int:
    import mmap

    with mmap.mmap(-1, 3_000_000_000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ):
        return 0


def _maps_to_write() -> int:
    import mmap

    try:
        with mmap.mmap(-1, 3_000_000_000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS):
            return 0
    except OSError:
        return 1


def test_every_command_has_limits() -> None:
    """Seen to fail for a command that has none."""
    plain = click.Command("plain")
    lacking = [name for name, command in {**commands.commands, "plain": plain}.items()
               if not {"timeout", "memory"} <= {one.name for one in command.params}]
    assert sorted(lacking) == sorted([*NO_PROCESS, "plain"])
    for name in RUN:
        text = CliRunner().invoke(commands, [name, "--help"]).output
        assert "--timeout SECONDS" in text
        assert "--memory MB" in text


@pytest.mark.parametrize("value", ["nan", "-NaN", "inf", "-1", "0"])
@pytest.mark.parametrize("command", ["check", "verify", *RUN])
def test_a_time_that_is_none_is_refused_before_anything_is_run(
        command: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, f"--timeout={value}", "no_such_file.py"]) == 2
    assert "Invalid value for '--timeout'" in capsys.readouterr().err


@LINUX
def test_what_pytorch_says_when_there_is_no_more_is_a_limit_too(tmp_path: Path,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "a.py"
    path.write_text("import torch\n\n\ndef reinforce(log_probs, rewards, mask):\n    torch.ones({many})\n"
                    "    return -(log_probs * mask * rewards.view(-1, 1)).sum(1).mean()\n".replace("{many}", "10**9"))
    arguments = ["estimator", f"{path}:reinforce", "--group", "2"]
    assert main(arguments) == 2
    assert capsys.readouterr().err == "error: 900 MB of memory were not enough; --memory MB allows more.\n"
    path.write_text(path.read_text().replace("10**9", "10**2"))
    assert main(arguments) in (0, 1), capsys.readouterr().err


SEVERAL = """from derive import *
@theorem("one")
def one(): return calc(J, by(regroup), J * 1)
@theorem("two")
def two(): return calc(grad(J), by(automata), expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau)))
"""


@pytest.mark.slow
def test_a_limit_that_is_that_of_several_theorems_says_where_it_was(tmp_path: Path,
                                                                    capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.py"
    file.write_text(SEVERAL, encoding="utf-8")
    assert main(["evaluate", str(file), "lake", "--horizon", "90000", "--timeout", "0.5"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: 0.5 s were not enough for the whole command, which was at theorem ")
    assert " of 2; " in said
    assert main(["evaluate", f"{file}:two", "lake", "--horizon", "90000", "--timeout", "0.5"]) == 2
    assert capsys.readouterr().err == "error: 0.5 s were not enough; --timeout SECONDS allows more.\n"
    assert main(["evaluate", str(file), "bandit", "--timeout", "100"]) == 0


@pytest.mark.parametrize(("arguments", "said"), [
    (["policy_gradient", "reward_to_go", "two-state"], "one THEOREM, or a file of several, and one MODEL"),
    (["FILE", "other.py"], "in this order; these are"), (["FILE", "two"], "two is a theorem and no model: write")])
def test_theorems_where_a_model_belongs_are_answered(arguments: list[str], said: str, tmp_path: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.py"
    file.write_text(SEVERAL, encoding="utf-8")
    assert main(["evaluate", *(str(file) if one == "FILE" else one for one in arguments)]) == 2
    assert said in capsys.readouterr().err
