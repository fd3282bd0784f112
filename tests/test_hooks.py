"""What other tools call: the pre-commit hook and the GitHub Action, their command lines run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TRUE = "from derive import *\n@theorem('true')\ndef true():\n    return calc(J, by(regroup), J * 1)\n"
FALSE = TRUE.replace("J * 1", "2 * J").replace("by(regroup)", "by('words')")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with files of every kind, and a ``derive`` on the path that is this one."""
    for name, text in (("good.py", TRUE), ("bad.py", FALSE), ("other.py", "x = 1\n"), ("test_it.py", FALSE),
                       ("broken.py", "def f(:\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    for command in ("bin/derive", "derive/bin/derive"):
        script = tmp_path / "tools" / command
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -m derive "$@"\n')
        script.chmod(0o755)
    return tmp_path


def run(project: Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{project / 'tools' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120, cwd=project,
                          env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **environment})


# -- pre-commit ------------------------------------------------------------------------------------


def entry() -> str:
    found = re.search(r"^  entry: (.*)$", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.slow
@pytest.mark.parametrize(("files", "status"), [
    ("good.py other.py test_it.py", 0), ("other.py", 0), ("good.py bad.py other.py", 1), ("good.py broken.py", 2),
    ("nowhere.py", 2)])
def test_the_hook_looks_at_the_proofs_among_the_changed_files(files: str, status: int, project: Path) -> None:
    found = run(project, f"{entry()} {files}")
    assert found.returncode == status, found.stdout + found.stderr
    assert "test_it.py" not in found.stdout
    if files == "other.py":
        assert found.stdout == ""


@pytest.mark.slow
def test_without_the_option_a_named_file_without_theorems_is_an_error(project: Path) -> None:
    assert run(project, "derive check good.py other.py").returncode == 2


PACKAGE = ("derive", "proofs", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
GIT = ("git", "-c", "user.name=name", "-c", "user.email=name@example.org")


def repository(folder: Path) -> Path:
    """What is installed, in a repository of its own: it is there without a clone, or in one that another user owns."""
    folder.mkdir()
    for name in PACKAGE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    for line in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*GIT, *line], cwd=folder, check=True, timeout=60)
    return folder


def tried(hooks: Path, project: Path) -> subprocess.CompletedProcess[str]:
    """``pre-commit try-repo`` in a project: the environment of the hook is made from the package index."""
    for line in (["init", "-q"], ["add", "."]):
        subprocess.run([*GIT, *line], cwd=project, check=True, timeout=60)
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), "derive", "--all-files", "--color=never"],
        capture_output=True, text=True, timeout=300, cwd=project,
        env={**environment, "PRE_COMMIT_HOME": str(project.parent / "environments")})


@pytest.mark.slow
def test_pre_commit_installs_the_hook_and_runs_it(tmp_path: Path) -> None:
    """One derivation is true and one false: the commit is stopped, and it says where."""
    pytest.importorskip("pre_commit")
    hooks, project = repository(tmp_path / "hooks"), tmp_path / "project"
    project.mkdir()
    (project / "good.py").write_text(TRUE, encoding="utf-8")
    (project / "bad.py").write_text(FALSE.replace("'true'", "'false'"), encoding="utf-8")
    found = tried(hooks, project)
    assert found.returncode == 1, found.stdout + found.stderr
    assert re.search(r"^derive check\.+Failed$", found.stdout, re.MULTILINE)
    assert "✓ true  good.py:2" in found.stdout
    assert "bad.py:4" in found.stdout
    assert "1 of 2 theorems as claimed" in found.stdout


# -- the Action ------------------------------------------------------------------------------------


def step(name: str) -> str:
    """The shell line of a step, as the file has it."""
    text = (ROOT / ".github/actions/derive/action.yml").read_text()
    line = next(line for line in text.split(f"- name: {name}\n")[1].splitlines() if line.strip().startswith("run: "))
    written = line.strip().removeprefix("run: ")
    return written[1:-1] if written.startswith("'") else written


@pytest.mark.slow
@pytest.mark.parametrize(("paths", "arguments", "status", "said"), [
    ("good.py", "", 0, ""), ("good.py bad.py", "", 1, "::error file=bad.py,line=4"),
    ("bad.py", "--exit-zero", 0, "::error file=bad.py"), ("broken.py", "", 2, "::error file=broken.py")])
def test_the_action_annotates(paths: str, arguments: str, status: int, said: str, project: Path) -> None:
    found = run(project, step("check"), RUNNER_TEMP=str(project / "tools"), PATHS=paths, ARGUMENTS=arguments)
    assert found.returncode == status, found.stderr
    assert said in found.stdout


@pytest.mark.slow
def test_the_action_uses_the_configuration_where_no_path_is_given(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.derive]\npaths = ["good.py"]\n')
    found = run(project, step("check"), RUNNER_TEMP=str(project / "tools"), PATHS="", ARGUMENTS="-v")
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.deep
def test_the_action_installs_what_it_is_told(project: Path) -> None:
    """With an empty package, for the network is no part of this test: the virtual environment and pip are."""
    package = project / "package"
    package.mkdir()
    line = step("install").replace("install -q", "install -q --no-index --no-build-isolation --dry-run --no-deps")
    found = run(project, line, RUNNER_TEMP=str(project / "fresh"), PACKAGE="./nothing-here")
    assert found.returncode != 0
    assert (project / "fresh" / "derive" / "bin" / "pip").exists()


def test_the_action_installs_this_project_by_default() -> None:
    """Its own folder, which was the default, has nothing that pip installs."""
    folder = ROOT / ".github/actions/derive"
    text = (folder / "action.yml").read_text()
    (below,) = re.findall(r"inputs\.package \|\| format\('\{0\}([/.]+)', github\.action_path\)", text)
    assert (folder / below.removeprefix("/")).resolve() == ROOT
    assert (ROOT / "pyproject.toml").is_file()
    assert not (folder / "pyproject.toml").exists()
