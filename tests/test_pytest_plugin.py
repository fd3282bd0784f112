"""The pytest plugin, run as a user runs it: in a session of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import conftest
import pytest

ROOT = Path(__file__).resolve().parent.parent
TRUE = "@theorem('true')\ndef true():\n    return calc(J, by(regroup), J * 1)\n"
FALSE = "@theorem('false')\ndef false():\n    return calc(J, by('words'), 2 * J)\n"
HOLE = "@theorem('hole')\ndef hole():\n    return calc(J, by(), 1 * J)\n"


def write(folder: Path, name: str, *theorems: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("from derive import *\n" + "".join(theorems), encoding="utf-8")
    return path


def session(folder: Path, *arguments: str) -> tuple[int, dict[str, int], str]:
    """The exit status of pytest, its counts, and all that it printed."""
    given = () if _is_registered() else ("-p", "derive.integrations.pytest_plugin")
    run = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *given, *arguments], cwd=folder,
                         capture_output=True, text=True, timeout=120,
                         env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""})
    counts = {kind: int(number) for number, kind in re.findall(r"(\d+) (passed|failed|error)", run.stdout)}
    return run.returncode, counts, run.stdout + run.stderr


def _is_registered() -> bool:
    from importlib.metadata import entry_points

    return any(one.value == "derive.integrations.pytest_plugin" for one in entry_points(group="pytest11"))


def test_the_entry_point_names_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["pytest11"] == {"derive": "derive.integrations.pytest_plugin"}


@pytest.mark.slow
def test_a_named_file_is_one_test_a_theorem_and_fails_with_our_diagnostics(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", TRUE, FALSE, HOLE)
    status, counts, printed = session(tmp_path, "mine.py")
    assert (status, counts) == (1, {"passed": 3, "failed": 1})
    assert "error[D001]: the step is false" in printed
    assert "^^^^^" in printed
    assert "Traceback" not in printed
    write(tmp_path, "mine.py", TRUE)
    assert session(tmp_path, "mine.py")[:2] == (0, {"passed": 2})


@pytest.mark.slow
def test_a_proof_is_not_imported_into_the_session(tmp_path: Path) -> None:
    write(tmp_path, "proof_ends.py", TRUE, "import os\nos._exit(0)\n")
    write(tmp_path, "test_plain.py", "def test_plain():\n    import sys\n    assert 'proof_ends' not in sys.modules\n")
    status, counts, printed = session(tmp_path)
    assert (status, counts) == (1, {"failed": 2, "passed": 1})
    assert "error[D016]" in printed


@pytest.mark.slow
def test_one_bad_theorem_fails_alone_and_a_lost_one_fails_the_file(tmp_path: Path) -> None:
    write(tmp_path, "proof_x.py", TRUE, FALSE.replace("2 * J", "totl"))
    status, counts, printed = session(tmp_path)
    assert (status, counts) == (1, {"failed": 1, "passed": 2})
    assert "did you mean total?" in printed
    write(tmp_path, "proof_x.py", TRUE, FALSE, "del false\n")
    assert session(tmp_path)[:2] == (1, {"failed": 2, "passed": 1})
    write(tmp_path, "proof_x.py", "def f(:\n")
    assert session(tmp_path, "proof_x.py")[0] != 0


@pytest.mark.slow
def test_the_configured_paths_are_collected_and_other_files_are_not(tmp_path: Path) -> None:
    write(tmp_path, "library/one.py", TRUE)
    write(tmp_path, "elsewhere/two.py", FALSE)
    assert session(tmp_path)[0] == 5  # nothing is collected, as pytest says it
    (tmp_path / "pyproject.toml").write_text('[tool.derive]\npaths = ["library"]\n')
    assert session(tmp_path)[:2] == (0, {"passed": 2})
    assert session(tmp_path, "elsewhere/two.py")[:2] == (1, {"failed": 1, "passed": 1})


@pytest.mark.slow
def test_a_file_of_tests_stays_one(tmp_path: Path) -> None:
    write(tmp_path, "test_mine.py", TRUE, "def test_it(): assert True\n")
    assert session(tmp_path, "test_mine.py")[:2] == (0, {"passed": 1})


@pytest.mark.slow
@pytest.mark.parametrize(("name", "loaded"), [("test_plain.py", False), ("proof_it.py", True)])
def test_nothing_of_derive_is_imported_in_other_sessions(name: str, loaded: bool, tmp_path: Path) -> None:
    if loaded:
        write(tmp_path, "proof_it.py", TRUE)
    (tmp_path / "letters.py").write_text("theorem = 'a word'\n")
    (tmp_path / "test_plain.py").write_text("def test_plain(): pass\n")
    (tmp_path / "conftest.py").write_text(
        "import sys\ndef pytest_unconfigure():\n    print('LOADED', bool("
        "{m for m in sys.modules if m.startswith('derive.')}"
        " - {'derive.integrations', 'derive.integrations.pytest_plugin'}))\n")
    status, _, printed = session(tmp_path, name)
    assert status == 0
    assert f"LOADED {loaded}" in printed


def test_a_configuration_that_means_nothing_is_one_line_and_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.derive]\npaths = "proofs"\n', encoding="utf-8")
    (tmp_path / "other.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
    status, counts, printed = session(tmp_path)
    assert (status, counts) == (4, {})
    assert printed.strip() == f"ERROR: {tmp_path / 'pyproject.toml'}: paths in [tool.derive] is a list of strings."


@pytest.mark.slow
def test_a_file_in_a_clone_is_a_test_without_xdist() -> None:
    """The options of a plugin stood in ``addopts``, and plain pytest refused them."""
    status, counts, printed = session(ROOT, "-p", "no:xdist", "proofs/policy_gradient.py")
    assert (status, counts) == (0, {"passed": 2}), printed


@pytest.mark.parametrize(("given", "found"), [
    ({"numprocesses": 2, "dist": "no"}, "worksteal"), ({"numprocesses": 2, "dist": "loadfile"}, "loadfile"),
    ({"numprocesses": None, "dist": "no"}, "no")])
def test_neighbours_go_to_one_worker_where_there_are_workers(given: dict[str, Any], found: str) -> None:
    config: Any = SimpleNamespace(option=SimpleNamespace(**given))
    conftest.pytest_cmdline_main(config)
    assert config.option.dist == found
    without: Any = SimpleNamespace(option=SimpleNamespace())  # xdist is not installed
    conftest.pytest_cmdline_main(without)
    assert vars(without.option) == {}
