"""``%%derive``: a cell is run, its theorems are checked and shown, and they are reasons for later cells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import derive
from derive.checking.verdict import Proved, Refuted
from derive.integrations.notebook import checked_cell

TRUE = '''from derive import *
@theorem("unfolding")
def unfolding():
    return calc(grad(J), by(definition(J)), grad(total(tau, P(tau) * R(tau))))
'''
FALSE = '''@theorem("later")
def later():
    return calc(
        grad(J),
        by(unfolding),
        grad(total(tau, P(tau) * R(tau))),
        by(),
        grad(total(tau, P(tau) * 2 * R(tau))),
    )
'''


@pytest.fixture
def shell() -> Iterator[Any]:
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    capture = pytest.importorskip("IPython.utils.capture")
    threads, main = threading.active_count(), sys.modules["__main__"]
    interactive.InteractiveShell.clear_instance()
    made = interactive.InteractiveShell.instance(config=quiet())
    made.extension_manager.load_extension("derive")
    made.captured = capture.capture_output
    yield made
    made.extension_manager.loaded.discard("derive")
    interactive.InteractiveShell.clear_instance()
    sys.modules["__main__"] = main  # a shell puts its own there
    assert threading.active_count() == threads  # or no later test could fork


def quiet() -> Any:
    """Settings without a history, which has a thread."""
    from traitlets.config import Config

    return Config({"HistoryManager": {"enabled": False}})


def test_cells_are_checked_in_a_real_shell(shell: Any) -> None:
    with shell.captured() as first:
        assert shell.run_cell(f"%%derive\n{TRUE}").success
    assert "<table>" in first.outputs[0].data["text/html"]
    assert first.outputs[0].data["text/plain"].startswith("✓ unfolding  <cell>:2")
    assert len(first.outputs) == 1
    with shell.captured() as second:
        assert not shell.run_cell(f"%%derive\n{FALSE}").success
    assert second.stdout == "derive: not as claimed: later\n"
    plain = second.outputs[0].data["text/plain"]
    assert "error[D001]: the step is false" in plain
    assert "8 |         grad(total(tau, P(tau) * 2 * R(tau)))," in plain
    assert f"\n      | {' ' * 33}^\n" in plain  # below the 2
    assert "<pre>" in second.outputs[0].data["text/html"]


def test_what_goes_wrong_is_said(shell: Any) -> None:
    with shell.captured() as out:
        assert not shell.run_cell("%%derive\nx = 1").success
    assert "declares no theorem" in out.stdout
    for wrong, said in (("1/0", "ZeroDivisionError"), ("def f(:", "SyntaxError")):
        with shell.captured() as out:
            assert not shell.run_cell(f"%%derive\n{wrong}").success
        assert said in out.stdout
    with shell.captured() as out:
        shell.run_cell(TRUE)
        assert not shell.run_cell(f"%%derive\n{FALSE.replace('total(', 'totl(')}").success
    assert "did you mean total?" in out.outputs[0].data["text/plain"]
    assert "derive: not checked: later" in out.stdout
    with shell.captured() as out:
        assert not shell.run_cell(f"%%derive --nonsense\n{TRUE}").success
    assert "no option --nonsense" in out.stdout


def test_without_the_magic_nothing_is_checked(shell: Any) -> None:
    """The twin: the cell without its first line shows nothing."""
    with shell.captured() as out:
        shell.run_cell(TRUE + "None")
    assert not out.outputs


class Shell:
    """What is used of IPython, so that the magic is tried where that is not installed."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.shown: list[dict[str, str]] = []
        self.display_pub = self
        self.magics: dict[str, Any] = {}

    def register_magic_function(self, function: Any, kind: str, name: str) -> None:
        self.magics[f"{kind} {name}"] = function

    def run_cell(self, cell: str, *, store_history: bool) -> Any:
        exec(compile(cell, "/nowhere/cell.py", "exec"), self.names)
        return type("Result", (), {"success": True})

    def publish(self, data: dict[str, str]) -> None:
        self.shown.append(data)


def test_the_magic_by_itself() -> None:
    shell = Shell()
    derive.load_ipython_extension(shell)
    magic = shell.magics["cell derive"]
    magic("-v", TRUE)
    assert "every step is proved" in shell.shown[0]["text/plain"]
    found = checked_cell(shell, "", FALSE)
    assert [type(step.verdict) for one in found for step in one.steps] == [Proved, Refuted]
    assert "8 |         grad(total(tau, P(tau) * 2 * R(tau)))," in shell.shown[1]["text/plain"]
    hostile = TRUE.replace('"unfolding"', '"<script>alert(1)</script> \\x1b[2K"').replace("def unfolding", "def other")
    checked_cell(shell, "", hostile)
    assert not {"<script>", "\x1b"} & set(shell.shown[2]["text/html"].split(" "))
    assert "<script" not in shell.shown[2]["text/html"]
    assert "\x1b" not in shell.shown[2]["text/plain"]


JUPYTER = """
import json, sys
import nbclient, nbformat
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in json.load(sys.stdin)])
try:
    nbclient.NotebookClient(book, timeout=60, kernel_name="python3").execute()
except nbclient.exceptions.CellExecutionError as error:
    sys.stderr.write(str(error))
print(json.dumps([output["data"] for cell in book.cells for output in cell.outputs if "data" in output]))
"""


@pytest.mark.slow
def test_a_notebook_runs_in_jupyter(tmp_path: Path) -> None:
    """The whole way: a kernel of its own, and what a browser would be sent."""
    for name in ("nbclient", "nbformat", "ipykernel"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    cells = json.dumps(["%load_ext derive", f"%%derive\n{TRUE}", f"%%derive\n{FALSE}"])
    root = Path(derive.__file__).resolve().parent.parent
    found = subprocess.run([sys.executable, "-c", JUPYTER], input=cells, cwd=tmp_path, text=True, capture_output=True,
                           env={**os.environ, "PYTHONPATH": str(root)}, timeout=120, check=True)
    shown = json.loads(found.stdout)
    assert "derive: not as claimed: later" in found.stderr
    assert [data["text/plain"][0] for data in shown] == ["✓", "✗"]
    assert all("<table>" in data["text/html"] for data in shown)
