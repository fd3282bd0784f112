"""Where ``derive check`` takes its files from (configuration, folders, names, standard input), and where it writes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from derive.checking.proof_files import search
from derive.cli import main
from derive.numeric.files import from_json

TRUE = "from derive import *\n@theorem('true')\ndef true():\n    return calc(J, by(regroup), J * 1)\n"
FALSE = "from derive import *\n@theorem('false')\ndef false():\n    return calc(J, by('words'), 2 * J)\n"
IDLE = TRUE.replace("'true')", "'true', assumes=[policy_positive])")


def write(path: Path, text: str = TRUE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def names(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [Path(theorem["file"]).name for theorem in json.loads(capsys.readouterr().out)["theorems"]]


# -- [tool.derive] ---------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "proofs" / "good.py")
    write(tmp_path / "proofs" / "draft.py", FALSE)
    write(tmp_path / "proofs" / "old" / "worse.py", FALSE)
    write(tmp_path / "elsewhere.py", FALSE)
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    return tmp_path


def configured(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text, encoding="utf-8")


def test_the_configuration_says_what_is_checked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(project, '[tool.derive]\npaths = ["proofs"]\nexclude = ["draft.py", "old/*"]\n')
    assert main(["check", "--format", "json"]) == 0
    assert names(capsys) == ["good.py"]
    configured(project, '[tool.derive]\npaths = ["proofs"]\n')
    assert main(["check", "--format", "json"]) == 1
    assert names(capsys) == ["draft.py", "good.py", "worse.py"]
    assert main(["check", "--format", "json", str(project / "elsewhere.py")]) == 1  # what is named comes first
    assert names(capsys) == ["elsewhere.py"]


def test_the_configuration_says_what_is_reported(project: Path) -> None:
    write(project / "proofs" / "good.py", IDLE)
    for line, status in (("", 0), ("strict = true", 1), ('strict = true\nignore = ["D010"]', 0),
                         ('strict = true\nselect = ["D001"]', 0)):
        configured(project, f'[tool.derive]\npaths = ["proofs/good.py"]\n{line}\n')
        assert main(["check"]) == status, line


@pytest.mark.parametrize(("text", "said"), [
    ("[tool.derive]\npats = []\n", "no key pats; did you mean paths?"),
    ("[tool.derive]\nstrict = 1\n", "true or false"),
    ("[tool.derive]\npaths = 'x'\n", "a list of strings"), ("[tool.derive\n", "not valid TOML"),
    ("[tool]\nderive = 3\n", "a table"), ('[tool.derive]\nignore = ["X1"]\n', "no code begins so"),
    ('[tool.derive]\npaths = ["nowhere"]\n', "no such file or folder"),
    ("[tool.derive]\npaths = []\n", "paths in [tool.derive] is empty")])
def test_a_configuration_that_means_nothing_is_an_error(text: str, said: str, project: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    configured(project, text)
    assert main(["check"]) == 2
    assert said in capsys.readouterr().err


def test_a_project_without_our_table_changes_nothing(project: Path) -> None:
    configured(project, "[project]\nname = 'x'\n")
    assert main(["check", str(project / "proofs" / "good.py")]) == 0


# -- folders ---------------------------------------------------------------------------------------


def test_environments_and_tests_are_passed_over_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In this repository ``derive check .`` executed the tests, and whatever stood in ``venv``."""
    write(tmp_path / "good.py")
    bad = "raise RuntimeError('must not be executed')\n" + FALSE
    for name in ("venv/lib/bad.py", "env/bad.py", ".hidden/bad.py", "node_modules/bad.py", "x/site-packages/bad.py",
                 "test_bad.py", "bad_test.py", "conftest.py", "tests/bad.py", "sub/test/bad.py"):
        write(tmp_path / name, bad)
    for name in ("venv", "env"):
        (tmp_path / name / "pyvenv.cfg").touch()
    assert main(["check", str(tmp_path)]) == 0
    assert "1 of 1 theorem as claimed, 1 step, 7 skipped (tests, virtual environments)" in capsys.readouterr().out
    (tmp_path / "env" / "pyvenv.cfg").unlink()  # the twin: now it is a folder like others
    assert main(["check", str(tmp_path)]) == 2
    assert main(["check", str(tmp_path / "test_bad.py")]) == 2  # what is named is read
    assert main(["check", str(tmp_path / "tests")]) == 2


def test_exclude_takes_names_and_paths(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "deep/a.py", "deep/c.py"):
        write(tmp_path / name)
    found = {exclude: [str(file.relative_to(tmp_path)) for file in search(tmp_path, exclude=[exclude]).files]
             for exclude in ("a.py", "deep", "deep/", "deep/c.py", "*.py", "nothing")}
    everything = ["a.py", "b.py", "deep/a.py", "deep/c.py"]
    assert found == {"a.py": ["b.py", "deep/c.py"], "deep": ["a.py", "b.py"], "deep/": ["a.py", "b.py"],
                     "deep/c.py": everything[:3], "*.py": [], "nothing": everything}


def test_a_bundled_theorem_may_be_named(capsys: pytest.CaptureFixture[str], tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["check", "--format", "json", "score_squared"]) == 0
    assert names(capsys) == ["score_squared.py"]
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "score_squared" / "mine.py")
    assert main(["check", "--format", "json", "score_squared"]) == 0
    assert names(capsys) == ["mine.py"]
    assert main(["check", "score_sqared"]) == 2


def test_a_file_that_is_named_twice_is_checked_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.py")
    assert main(["check", "--format", "json", str(path), str(tmp_path), str(path)]) == 0
    assert names(capsys) == ["a.py"]


# -- standard input --------------------------------------------------------------------------------


def test_a_proof_on_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for text, status, said in ((TRUE, 0, "✓ true  <stdin>:2"), (FALSE, 1, "--> <stdin>:4:33"),
                               ("def f(:\n", 2, "<stdin>:1"), ("1/0\n" + TRUE, 2, "<stdin>:1")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert main(["check", "-"]) == status
        printed = capsys.readouterr()
        assert said in printed.out
        assert "derive-" not in printed.out + printed.err


@pytest.mark.slow
def test_standard_input_that_is_closed_is_an_error() -> None:
    run = subprocess.run(["bash", "-c", f"{sys.executable} -m derive check - <&-"], capture_output=True, timeout=60)
    assert (run.returncode, b"Traceback" in run.stderr) == (2, False)


# -- what is written -------------------------------------------------------------------------------


def test_an_input_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "mine.py")
    os.link(path, tmp_path / "same.txt")
    (tmp_path / "link.txt").symlink_to(path)
    for option in ("-o", "--certificate"):
        for name in ("mine.py", "same.txt", "link.txt", "other.py"):
            assert main(["check", str(path), option, str(tmp_path / name)]) == 2
            assert "not overwritten" in (err := capsys.readouterr().err) or "the name of a Python file" in err
    assert path.read_text(encoding="utf-8") == TRUE
    assert main(["check", str(path), "-o", str(tmp_path / "out.txt")]) == 0


def test_nothing_does_not_replace_a_good_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = write(tmp_path / "out.txt", "yesterday\n")
    assert main(["check", str(tmp_path / "nowhere.py"), "-o", str(output)]) == 2
    assert output.read_text() == "yesterday\n"
    assert "is left as it was" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "nowhere.py"), "-o", str(output), "--format", "json"]) == 2
    assert json.loads(output.read_text())["ok"] is False  # a program is told that it failed


LONG = {"a path": ["check", "a" * 5000], "a name": ["check", "a" * 300], "an output": ["check", "-o", "a" * 300],
        "a number": ["probe", "policy_gradient", "--shape", "1" * 60 + ",1,1"], "nothing": ["check", ""],
        "a show": ["show", "a" * 5000], "a nul": ["check", "a\0b"],
        "a model": ["evaluate", "J", "random:" + "1" * 5000]}


@pytest.mark.parametrize("name", LONG)
def test_arguments_that_no_system_takes_are_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(LONG[name]) == 2
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert len(err) < 6000


@pytest.mark.slow
def test_a_working_folder_that_is_gone(tmp_path: Path) -> None:
    path, gone = write(tmp_path / "a.py"), tmp_path / "gone"
    gone.mkdir()
    line = f"cd {gone} && rmdir {gone} && {sys.executable} -m derive check {path}"
    run = subprocess.run(["bash", "-c", line], capture_output=True, timeout=60,
                         env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert (run.returncode, run.stderr) == (0, b"")


def test_a_file_that_is_not_utf_8_is_refused_as_python_refuses_it(tmp_path: Path,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes(TRUE.encode() + b"# caf\xe9\n")
    assert main(["check", str(path)]) == 2
    assert "not valid Python" in capsys.readouterr().err
    path.write_bytes(b"# coding: latin-1\n" + TRUE.encode() + b"# caf\xe9\n")
    assert main(["check", str(path)]) == 0
    path.write_bytes(b"\xef\xbb\xbf" + TRUE.encode())
    assert main(["check", str(path)]) == 0


@pytest.mark.parametrize("command", [("check",), ("show",), ("show", "--latex"), ("fuzz",)])
def test_a_number_of_five_thousand_digits_is_no_defect_of_ours(
        command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "large.py"
    path.write_text(TRUE.replace("J * 1", "J * 10**5000"), encoding="utf-8")
    assert main([*command, str(path)]) == 2
    assert "a number " in capsys.readouterr().err
    path.write_text(TRUE.replace("J * 1", "J * 10**2000"), encoding="utf-8")
    assert main(["probe", str(path)]) == 0
    assert "not probed, a number of more than a thousand digits" in capsys.readouterr().out


def test_a_model_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    fields = '{"mu": [1], "P": [[[1], [1]]], "r": [[1, 0]], "gamma": 0.5, "horizon": 1}'
    for name, mark in (("plain", b""), ("marked", b"\xef\xbb\xbf")):
        (tmp_path / f"{name}.json").write_bytes(mark + fields.encode())
    plain, marked = (repr(from_json(tmp_path / f"{name}.json")) for name in ("plain", "marked"))
    assert plain.replace("plain", "marked") == marked
