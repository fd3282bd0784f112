"""Standard streams that are closed, full, gone, or of an encoding that lacks our signs."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from derive.cli import main

TRUE = "from derive import *\n@theorem('∇ true')\ndef true():\n    return calc(grad(J), by(regroup), grad(J) * 1)\n"
FALSE = TRUE.replace("* 1", "* 2").replace("by(regroup)", "by('words')")
COMMANDS = {"check": "check {}", "json": "check --format json {}", "show": "show {}", "explain": "explain",
            "probe": "probe {} --shape 2,2,2", "version": "--version"}


@pytest.fixture
def proofs(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "true.py").write_text(TRUE, encoding="utf-8")
    (tmp_path / "false.py").write_text(FALSE, encoding="utf-8")
    return tmp_path / "true.py", tmp_path / "false.py"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    line = command.replace("derive", f"{sys.executable} -m derive", 1)
    return subprocess.run(["bash", "-c", line], capture_output=True, timeout=60, env={**os.environ, **environment})


@pytest.mark.slow
@pytest.mark.parametrize("encoding", [
    "ascii", *(pytest.param(one, marks=pytest.mark.deep) for one in ("latin-1", "cp1252", "utf-8"))])
def test_any_encoding_holds_the_output(encoding: str, proofs: tuple[Path, Path]) -> None:
    for path, status in zip(proofs, (0, 1), strict=True):
        run = shell(f"derive check -v {path}", PYTHONIOENCODING=encoding)
        assert (run.returncode, b"Traceback" in run.stderr) == (status, False)
        written = "∇" if encoding == "utf-8" else "\\u2207"
        assert written in run.stdout.decode(encoding)


def test_without_a_locale_the_false_one_is_refuted_too(proofs: tuple[Path, Path]) -> None:
    run = shell(f"derive check {proofs[1]}", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert run.returncode == 1


@pytest.mark.slow
def test_without_a_locale_a_folder_may_have_any_name(proofs: tuple[Path, Path]) -> None:
    for path, status in zip(proofs, (0, 1), strict=True):
        folder = path.parent / "dír"
        folder.mkdir(exist_ok=True)
        run = shell(f"derive check {path.rename(folder / path.name)}", LC_ALL="C", PYTHONCOERCECLOCALE="0",
                    PYTHONUTF8="0")
        assert (run.returncode, run.stderr) == (status, b"")


@pytest.mark.parametrize("options", [
    "check", "check --format sarif", "check --format json", "evaluate", "show", "audit", "probe --points 1",
    pytest.param("report --samples 10 -o {}/r.html", marks=pytest.mark.slow),
    pytest.param("report --samples 10 -o {}/r.tex", marks=pytest.mark.slow)])
def test_a_folder_whose_name_is_no_text_is_a_folder(options: str, proofs: tuple[Path, Path],
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    folder = _without_a_text(proofs[0].parent)
    command, *rest = options.format(folder.parent).split()
    assert main([command, str(proofs[0].rename(folder / "true.py")), *rest]) == 0
    assert "error" not in capsys.readouterr().err  # a report says that the fonts lack the sign


@pytest.mark.parametrize("kind", ["svg", "html", "tex"])
def test_so_it_is_for_the_plot_of_an_estimator(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _without_a_text(tmp_path) / "a.py"
    file.write_text("def plain(rewards):\n    return list(rewards)\n", encoding="utf-8")
    plot = tmp_path / f"p.{kind}"
    assert main(["estimator", f"{file}:plain", "--group", "2", "--rewards", "0,1", "-o", str(plot)]) == 0
    assert "\\udcff" in plot.read_text(encoding="utf-8") or kind == "tex"


def _without_a_text(folder: Path) -> Path:
    """A folder whose name is not UTF-8, where the system has such names."""
    made = folder / os.fsdecode(b"d\xff")
    try:
        made.mkdir()
    except OSError:
        pytest.skip("names of files are UTF-8 here")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(("output", "said"), [(">&-", b"it is closed"), (">/dev/full", b"No space left on device")])
def test_what_cannot_be_written_is_no_success_and_no_traceback(name: str, output: str, said: bytes,
                                                              proofs: tuple[Path, Path]) -> None:
    run = shell(f"derive {COMMANDS[name].format(proofs[0])} {output}")
    assert run.returncode == 2
    assert run.stderr.startswith(b"error: standard output cannot be written: ")
    assert said in run.stderr
    assert run.stderr.count(b"\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("error", ["2>&-", "2>/dev/full"])
def test_errors_that_nobody_can_hear_change_no_status(error: str, proofs: tuple[Path, Path]) -> None:
    assert [shell(f"derive check {path} {error}").returncode for path in proofs] == [0, 1]
    assert shell(f"derive check nowhere.py {error}").returncode == 2


@pytest.mark.slow
def test_a_reader_that_goes_away_takes_nothing_from_the_verdict(proofs: tuple[Path, Path]) -> None:
    for path, status in zip(proofs, (0, 1), strict=True):
        run = shell(f"derive check {path} | head -0; echo ${{PIPESTATUS[0]}}")
        assert (run.stdout, run.stderr) == (f"{status}\n".encode(), b"")
    run = shell("derive explain | head -0; echo ${PIPESTATUS[0]}")
    assert (run.stdout, run.stderr) == (b"141\n", b"")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["show", "probe --shape 2,2,2", "fuzz --examples 1", "report", "evaluate",
                                     "verify --against"])
def test_a_proof_cannot_end_a_command_with_its_own_status(command: str, tmp_path: Path) -> None:
    """``os._exit(0)`` in a proof ended all of them with 0 and nothing said."""
    path = tmp_path / "exits.py"
    path.write_text(f"{TRUE}import os\nos._exit(0)\n", encoding="utf-8")
    if command.startswith("verify"):
        (tmp_path / "c.json").write_text('{"schema": 4, "theorems": []}')
        command = f"verify {tmp_path / 'c.json'} --against"
    run = subprocess.run([sys.executable, "-m", "derive", *command.split(), str(path)], capture_output=True, timeout=60,
                         cwd=tmp_path)
    assert run.returncode == 2
    if not command.startswith("verify"):
        assert b"ended without a result: it ended itself with exit status 0" in run.stderr


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "forkpty"), reason="no pseudo-terminal")
def test_on_a_terminal_an_error_is_said_once(tmp_path: Path) -> None:
    """Beside the diagnostic with its line there was the line for logs, which a screen shows twice."""
    (tmp_path / "a.py").write_text("from derive import *\n@theorem('x')\ndef x(): return calc(J, by(), totl)\n")
    number, terminal = os.forkpty()
    if number == 0:
        os.execv(sys.executable, [sys.executable, "-m", "derive", "check", str(tmp_path / "a.py")])
    said = b""
    with suppress(OSError):  # the end of a terminal is an error
        while read := os.read(terminal, 65536):
            said += read
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 2
    assert (said.count(b"totl is not defined"), said.count(b"NameError")) == (1, 0)
    apart = subprocess.run([sys.executable, "-m", "derive", "check", str(tmp_path / "a.py")], capture_output=True)
    assert b"NameError: name 'totl' is not defined" in apart.stderr  # the twin
