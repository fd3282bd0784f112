"""An error names its theorem, is said once in one place, and calls a file by one name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_diagnostics import told

SLIP = "from derive import *\n@theorem('a title')\ndef wrong(): return calc(J, by(), totl)\n"
SLOW = """from derive import *
@theorem('soon there')
def soon(): return calc(J, by(regroup), J * 1)
@theorem('never there')
def never():
    while True: pass
"""
HIDING = """from derive import *
@theorem('a long title')
def s(): return calc(J, by(regroup), J * 1)
@theorem('the user')
def user(): return calc({})
"""


def derive(folder: Path, *arguments: str, together: bool) -> tuple[str, str]:
    """What a command prints in a folder, on standard output and beside it; together as ``2>&1`` does."""
    done = subprocess.run([sys.executable, "-m", "derive", *arguments], cwd=folder, text=True, encoding="utf-8",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT if together else subprocess.PIPE)
    return done.stdout, done.stderr or ""


@pytest.mark.parametrize(("together", "times"), [(True, 0), (False, 1)])
def test_what_goes_to_one_place_is_said_once(together: bool, times: int, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SLIP, encoding="utf-8")
    out, err = derive(tmp_path, "check", "a.py", together=together)
    assert "error[D012]: totl is not defined" in out
    assert f"{out}{err}".count("error: ") == times


def test_a_file_has_one_name(tmp_path: Path) -> None:
    """The line on standard error had the whole path, and the diagnostic what was asked for."""
    (tmp_path / "a.py").write_text(SLIP.replace("calc(J, by(), totl)", "calc(J, by(bad), J)").replace(
        "\n@", "\nfrom .b import bad\n@", 1), encoding="utf-8")
    (tmp_path / "b.py").write_text(SLIP.replace("wrong", "bad"), encoding="utf-8")
    out, err = derive(tmp_path, "check", "a.py", "b.py", together=False)
    assert str(tmp_path) not in out + err
    assert err.startswith("error: a.py:3: theorem wrong: b.py:3: theorem bad: NameError")


def test_the_theorem_for_which_there_was_no_time_is_named(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    out, err = derive(tmp_path, "check", "--timeout", "3", "slow.py", together=False)
    assert "✓ soon there" in out
    assert "--> slow.py:4:1, theorem never" in out
    assert err == "error: slow.py:4: theorem never: undecided: 3 s were not enough; 1 result was there before\n"


@pytest.mark.parametrize(("chain", "at"), [
    ("J, by(), total(s, J)", "s"), ("J, by(), mu(s)", "s"), ("J, by(), J * s", "s"), ("J, by(), s", "s"),
    ("J, by(definition(s)), J", "s"), ("J, s, J", "s"),
])
def test_a_name_that_is_hidden_is_called_by_its_name(chain: str, at: str, tmp_path: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, HIDING.format(chain), capsys)
    assert (one["code"], one["at"], one["theorem"]) == ("D012", at, "user")
    assert "a long title" not in one["message"]
    assert one["hint"] == "the theorem s has taken the name that derive gives s: call it otherwise"


def test_a_theorem_without_by(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, HIDING.replace("def s()", "def mine()").format("J, mine, J"), capsys)
    assert (one["at"], one["hint"]) == ("mine", "write by(mine)")


@pytest.mark.parametrize("text", [SLIP, HIDING.format("J, by(), 2 * J")])
def test_standard_input_has_one_name_wherever_its_file_lies(text: str, tmp_path: Path) -> None:
    """It lies in the folder for temporary files, which may be the current one; then its path is a short one."""
    done = subprocess.run([sys.executable, "-m", "derive", "check", "-"], cwd=tmp_path, input=text, text=True,
                          encoding="utf-8", capture_output=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert "stdin.py" not in done.stdout + done.stderr
    assert "--> <stdin>:" in done.stdout
    assert "replay" not in done.stdout
