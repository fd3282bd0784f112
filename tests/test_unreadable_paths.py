"""Files and folders that may not be read: the rest is checked, and each is told of with the words of the system."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from derive.cli import main

TRUE = "from derive import *\n@theorem('a')\ndef a():\n    return calc(grad(J), by(regroup), grad(J) * 1)\n"
DENIED = "cannot be read (Permission denied)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Proofs in a folder and in one below it, ``shut``, which denies what mode 000 denies to all but root."""
    (tmp_path / "shut").mkdir()
    for name in ("a.py", "shut/b.py", "shut.py"):
        (tmp_path / name).write_text(TRUE, encoding="utf-8")

    def inside(path: Any) -> bool:
        return str(path).startswith(str(tmp_path / "shut") + os.sep)

    def denying(function: Callable[..., Any], denied: Callable[[Any], bool]) -> Callable[..., Any]:
        def asked(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            if denied(path):
                raise PermissionError(13, "Permission denied", str(path))
            return function(path, *arguments, **options)

        return asked

    monkeypatch.setattr(os, "stat", denying(os.stat, inside))
    monkeypatch.setattr(os, "lstat", denying(os.lstat, inside))
    monkeypatch.setattr(os, "scandir", denying(os.scandir, lambda path: Path(path) == tmp_path / "shut"))
    monkeypatch.setattr(Path, "open", denying(
        Path.open, lambda path: inside(path) or path == tmp_path / "shut.py"))
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **options: (
        Path(path) != tmp_path / "shut.py" and access(path, mode, **options)))
    return tmp_path


def test_beside_a_folder_that_is_shut_the_rest_is_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "shut.py").unlink()
    assert main(["check", str(folder)]) == 2
    printed = capsys.readouterr()
    assert "1 of 1 theorem as claimed" in printed.out
    assert f"{folder / 'shut'}: this folder {DENIED}" in printed.err


def test_beside_a_file_that_is_shut_the_rest_is_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--format", "json", str(folder / "a.py"), str(folder / "shut.py")]) == 2
    found = json.loads(capsys.readouterr().out)
    assert [theorem["name"] for theorem in found["theorems"]] == ["a"]
    assert [(one["code"], one["message"]) for one in found["diagnostics"]] == [("D011", f"{DENIED}.")]


def test_a_file_in_a_folder_that_is_shut_is_not_called_missing(folder: Path,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    for options in ([], ["--if-any"]):
        assert main(["check", *options, str(folder / "shut" / "b.py")]) == 2
        assert f"b.py: {DENIED}" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["show", "audit", "verify"])
def test_where_one_file_is_asked_for_it_is_one_error(command: str, folder: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(folder / "shut.py")]) == 2
    assert capsys.readouterr().err.startswith(f"error: {folder / 'shut.py'}: {DENIED}")
