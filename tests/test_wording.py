"""How the command line says what it says: one theorem of a file, numbers of files, errors and their counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from derive.cli import main

TRUE = "@theorem('{0}')\ndef {0}():\n    return calc(grad(J), by(regroup), grad(J) * 1)\n"
BASELINE = ("from derive import *\nb = function('b')\n@theorem('x')\ndef x():\n"
            "    return calc(expect(tau, b(tau.s[0])), by(regroup), expect(tau, b(tau.s[0]) * 1))\n")
MODEL = {"mu": [1, 0], "P": [[[0.5, 0.5], [0, 1]], [[0, 1], [1, 0]]], "r": [[1, 2], [0, 3]], "gamma": 0.5, "horizon": 2}


def written(folder: Path, *names: str) -> str:
    path = folder / "multi.py"
    path.write_text("from derive import *\n" + "".join(TRUE.format(name) for name in names), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("command", ["evaluate", "show", "audit"])
def test_one_theorem_of_a_file_is_asked_for_by_its_name(command: str, tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "first", "second")
    assert main([command, f"{path}:second"]) == 0
    alone = capsys.readouterr().out
    assert main([command, path]) == 0
    both = capsys.readouterr().out
    assert [name in alone for name in ("first", "second")] == [False, True]
    assert [name in both for name in ("first", "second")] == [True, True]
    assert main([command, f"{path}:third"]) == 2
    assert capsys.readouterr().err == f"error: {path} has no theorem third; it has first, second.\n"


def test_one_theorem_is_no_theorems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", written(tmp_path, "first"), "--examples", "1"]) == 0
    assert "no step of 1 theorem is other than declared" in capsys.readouterr().out


def test_of_a_file_that_is_not_read_no_theorems_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "first")
    Path(path).write_text("1/0\n" + Path(path).read_text(), encoding="utf-8")
    assert main(["check", path]) == 2
    assert "\nno theorem was checked, 1 unreadable, " in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["check", "--timeout", "x"], ["--nothing"], ["nothing"], ["show"]])
def test_every_error_begins_alike(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "\nerror: " in said
    assert "Error: " not in said


@pytest.mark.parametrize(("changes", "said"), [
    ({"horizon": 2.0}, ""), ({"horizon": 2.5}, "horizon is 2.5"), ({"horizon": True}, "horizon is true, not a number"),
    ({"gamma": True}, "gamma is true, not a number")])
def test_a_model_is_spoken_of_in_json(changes: dict[str, object], said: str, tmp_path: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "m.json"
    model.write_text(json.dumps(MODEL | changes), encoding="utf-8")
    assert main(["evaluate", written(tmp_path, "first"), str(model), "--samples", "1000"]) == (2 if said else 0)
    assert said in capsys.readouterr().err


def test_a_table_that_is_an_object_is_called_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.py").write_text(BASELINE, encoding="utf-8")
    (tmp_path / "b.json").write_text('{"s0": 1}', encoding="utf-8")
    assert main(["evaluate", str(tmp_path / "b.py"), "--function", f"b={tmp_path / 'b.json'}"]) == 2
    said = 'error: theorem x: b is {"s0": 1} in its file. Give nested lists of numbers'
    assert capsys.readouterr().err.startswith(said)
