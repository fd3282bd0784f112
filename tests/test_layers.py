"""The architecture, checked: imports point down, and evidence has one maker."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "derive"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "codes", "verify"),
    ("language.alphabets",),
    ("language.notation",),
    ("language.expression",),
    ("language.binding",),
    ("language.terms",),
    ("language.horizons",),
    ("language.vocabulary", "language.typing"),
    ("language.source", "language.signature"),
    ("assumptions", "models"),
    ("procedures", "enumerate", "stationary", "numeric"),
    ("rules",),
    ("claim",),
    ("shrinking",),
    ("witness",),
    ("unfolded",),
    ("verdict",),
    ("derivation", "evidence"),
    ("chain", "certificate"),
    ("mutants",),
    ("strategies", "fuzz"),
    ("proof_files",),
    ("report",),
    ("campaign",),
    ("cli",),
    ("__main__",),
)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _layer(module: str) -> int:
    for number, names in enumerate(LAYERS):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return number
    raise AssertionError(f"{module} has no layer")


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("derive."):
            base = node.module.removeprefix("derive.")
            found |= {f"{base}.{alias.name}" if (ROOT / base.replace(".", "/") / f"{alias.name}.py").exists() else base
                      for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("derive.") for alias in node.names if alias.name.startswith("derive.")}
    return found


def _sources() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.py")) if ("_proofs" not in path.parts and path.parent != ROOT)
            or path.name not in ("__init__.py",)]


@pytest.mark.parametrize("path", _sources(), ids=lambda path: _module(path))
def test_imports_point_down(path: Path) -> None:
    module = _module(path)
    if not module or module == "language":
        return
    for imported in _imports(path):
        same_room = imported.split(".")[0] == module.split(".")[0] and imported.split(".")[0] != "language"
        assert same_room or _layer(imported) < _layer(module) or imported == module, f"{module} imports {imported}"


@pytest.mark.parametrize("room", ["procedures", "enumerate", "stationary", "numeric"])
def test_the_oracles_share_no_code(room: str) -> None:
    others = {"procedures", "enumerate", "stationary", "numeric"} - {room}
    for path in _sources():
        if _module(path).split(".")[0] == room:
            assert not {name.split(".")[0] for name in _imports(path)} & others


def _made(pattern: str) -> set[str]:
    found = set()
    for path in _sources():
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(pattern, line) and not re.search(r"class |case |isinstance", line):
                found.add(_module(path))
    return found


def test_equal_and_proved_have_one_maker() -> None:
    assert _made(r"\bEqual\(") == {"procedures.decide"}
    assert _made(r"\bProved\(") == {"chain"}


def test_the_certificate_checker_needs_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "verify.py").read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert modules <= {"__future__", "json", "pathlib", "typing"}
    assert not _loaded("import derive.verify") & {"sympy", "flint", "numpy", "click"}


def test_no_text_is_ever_evaluated() -> None:
    for path in _sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        names = {call.id for call in calls if isinstance(call, ast.Name)}
        names |= {call.attr for call in calls if isinstance(call, ast.Attribute)} & {"sympify", "parse_latex"}
        assert not names & {"eval", "exec", "sympify", "parse_latex"}, _module(path)


def _loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_help_loads_neither_sympy_nor_flint() -> None:
    loaded = _loaded("import derive.cli")
    assert not loaded & {"sympy", "flint", "numpy", "hypothesis", "rich"}
    assert "click" in loaded


def test_checking_does_not_load_hypothesis() -> None:
    loaded = _loaded("import derive.chain, derive.report.terminal, derive.proof_files")
    assert "hypothesis" not in loaded
    assert "sympy" in loaded


def test_no_file_is_two_ideas() -> None:
    long = {_module(path): count for path in _sources()
            if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long
