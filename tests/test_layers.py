"""The architecture, checked: imports point down, and evidence has one maker."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import derive

ROOT = Path(__file__).resolve().parent.parent / "derive"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "codes", "diagnostics"),
    ("display",),
    ("process", "files"),
    ("kernel",),
    ("certificates",),
    ("language",),
    ("semantics", "stationary", "numeric"),
    ("procedures",),
    ("transfer",),
    ("rules",),
    ("counterexample",),
    ("checking",),
    ("evaluation", "fixing", "proofs", "testing"),
    ("report",),
    ("runs",),
    ("estimators",),
    ("integrations",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
"""The rooms, from the ground up: a module imports from its own room and from lower floors."""


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _floor(module: str) -> int:
    (floor,) = [number for number, rooms in enumerate(FLOORS) if module.split(".")[0] in rooms]
    return floor


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _imports(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("derive."):
            base = node.module.removeprefix("derive.")
            found |= {f"{base}.{alias.name}" if (ROOT / base.replace(".", "/") / f"{alias.name}.py").exists() else base
                      for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("derive.") for alias in node.names if alias.name.startswith("derive.")}
    return frozenset(found)


def _sources() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.py")) if ("_proofs" not in path.parts and path.parent != ROOT)
            or path.name not in ("__init__.py",)]


@pytest.mark.parametrize("path", _sources(), ids=lambda path: _module(path))
def test_imports_point_down(path: Path) -> None:
    module = _module(path)
    for imported in _imports(path):
        same_room = imported.split(".")[0] == module.split(".")[0]
        assert same_room or _floor(imported) < _floor(module), f"{module} imports {imported}"


def _circle(arrows: dict[str, set[str]]) -> list[str]:
    """Nodes that lie on circles of arrows or lead to one: what is left when ends are taken away again and again."""
    left = dict(arrows)
    while ends := [node for node, reached in left.items() if not reached & left.keys()]:
        for node in ends:
            del left[node]
    return sorted(left)


@pytest.mark.slow
def test_imports_inside_a_room_make_no_circle() -> None:
    arrows = {_module(path): set(_imports(path)) for path in _sources()}
    arrows["kernel.samples"] -= {"kernel.reading"}  # the type of an argument, and nothing else
    assert not _circle(arrows)
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]


ORACLES = ({"semantics", "procedures"}, {"counterexample.enumerate"}, {"stationary"}, {"numeric"})


@pytest.mark.parametrize("oracle", ORACLES, ids=min)
def test_the_oracles_share_no_code(oracle: set[str]) -> None:
    def of(module: str, names: set[str]) -> bool:
        return any(module == name or module.startswith(f"{name}.") for name in names)

    sources = [path for path in _sources() if of(_module(path), oracle)]
    assert sources
    others = set().union(*ORACLES) - oracle
    for path in sources:
        assert not [imported for imported in _imports(path) if of(imported, others)], _module(path)


def _made(pattern: str) -> set[str]:
    found = set()
    for path in _sources():
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(pattern, line) and not re.search(r"class |case |isinstance", line):
                found.add(_module(path))
    return found


def test_equal_and_proved_have_one_maker() -> None:
    assert _made(r"\bEqual\(") == {"procedures.decide"}
    assert _made(r"\bProved\(") == {"checking.judging"}
    assert _made(r"\bEquation\(") == {"kernel.equations"}


@pytest.mark.slow
def test_the_kernel_needs_the_standard_library_and_itself_only() -> None:
    for path in sorted((ROOT / "kernel").glob("*.py")):
        tree = _tree(path)
        names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        outside = {name for name in names if not name.startswith("derive.kernel")}
        assert outside <= {"__future__", "collections.abc", "dataclasses", "fractions", "itertools", "types", "typing"}
    assert not _loaded("import derive.kernel.equations") & {"sympy", "flint", "numpy", "click"}


def test_the_certificate_checker_needs_the_standard_library_and_the_kernel_only() -> None:
    for name in ("verify.py", "statements.py", "multiplying.py", "names.py"):
        tree = ast.parse((ROOT / "certificates" / name).read_text(encoding="utf-8"))
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        outside = {module for module in modules if not module.startswith(("derive.kernel", "derive.certificates"))}
        assert outside <= {"__future__", "collections.abc", "dataclasses", "functools", "json", "math", "pathlib", "re",
                           "stat", "typing", "unicodedata"}
    loaded = _loaded("import derive.certificates.verify, derive.certificates.statements")
    assert not loaded & {"sympy", "flint", "numpy", "click"}


@pytest.mark.slow
def test_no_text_is_ever_evaluated() -> None:
    for path in _sources():
        tree = _tree(path)
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        names = {call.id for call in calls if isinstance(call, ast.Name)}
        names |= {call.attr for call in calls if isinstance(call, ast.Attribute)} & {"sympify", "parse_latex"}
        assert not names & {"eval", "exec", "sympify", "parse_latex"}, _module(path)


PYTHON_ITSELF = {"__code__", "__globals__", "_getframe", "f_code", "f_back", "f_globals", "f_lineno", "tb_frame",
                 "tb_next", "currentframe", "co_firstlineno", "co_filename"}


@pytest.mark.slow
def test_only_the_python_front_end_looks_at_functions_and_frames() -> None:
    looking = {_module(path) for path in _sources() for node in ast.walk(_tree(path))
               if isinstance(node, ast.Attribute) and node.attr in PYTHON_ITSELF}
    at_the_users_own = {"estimators.detaching", "estimators.keeping"}  # where an operation stands, what outlives a call
    assert looking - at_the_users_own == {"checking.derivation"}


def test_no_module_hides_a_public_name() -> None:
    """Once it is imported, ``derive/theorem.py`` would stand where the function ``theorem`` is looked up."""
    modules = {_module(path).split(".")[0] for path in _sources()}
    assert not modules & set(derive.__all__)


def _loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_help_loads_neither_sympy_nor_flint() -> None:
    loaded = _loaded("import derive.cli")
    assert not loaded & {"sympy", "flint", "numpy", "hypothesis", "rich"}
    assert "click" in loaded


@pytest.mark.slow
def test_checking_does_not_load_hypothesis() -> None:
    loaded = _loaded("import derive.checking.examine, derive.report.terminal, derive.checking.proof_files")
    assert "hypothesis" not in loaded
    assert "sympy" in loaded


def test_no_file_is_two_ideas() -> None:
    long = {_module(path): count for path in _sources()
            if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long
