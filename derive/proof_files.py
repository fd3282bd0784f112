"""Finding and loading proof files. A ``.py`` proof is code and is executed, nothing else is.

A folder's files are executed only if their syntax tree defines a theorem. A file is loaded
as a module of the package it lies in, so that proofs may import each other.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from derive.errors import BadInput

if TYPE_CHECKING:
    from derive.derivation import Theorem

STAMP = "__derive_modified__"
LARGEST = 1_000_000
"""Bytes that a proof file may have; a page of a textbook has a few thousand."""


def bundled() -> Path:
    """The folder of the bundled proofs: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "_proofs"
    return installed if installed.is_dir() else here.parent / "proofs"


def proof_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The proof files named by ``paths``; of a folder, those that define a theorem.

    Raises:
        BadInput: for a path that does not exist, is no Python file, or holds no theorem.
    """
    for path in paths:
        if path.is_dir():
            found = [file for file in sorted(path.rglob("*.py")) if _is_visible(file, path) and _defines_theorem(file)]
            if not found:
                raise BadInput(f"{path}: no Python file in this folder defines a theorem. "
                               "A proof has a function decorated with @theorem(...).")
            yield from found
        elif not path.exists():
            raise BadInput(f"{path}: no such file or folder.")
        elif path.suffix != ".py":
            raise BadInput(f"{path}: not a Python file. Proofs are .py files with a @theorem.")
        else:
            if not _defines_theorem(path, strict=True):
                raise BadInput(f"{path}: defines no theorem. A proof has a function decorated with @theorem(...).")
            yield path


def _is_visible(file: Path, root: Path) -> bool:
    return not any(part.startswith(".") or part == "__pycache__" for part in file.relative_to(root).parts)


def _defines_theorem(file: Path, *, strict: bool = False) -> bool:
    """Whether the syntax tree has a function under ``@theorem``; unreadable files raise if ``strict``."""
    try:
        tree = _parsed(file)
    except BadInput:
        if strict:
            raise
        return False
    return any(isinstance(node, ast.FunctionDef) and any(map(_is_theorem, node.decorator_list))
               for node in ast.walk(tree))


def _is_theorem(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (isinstance(called, ast.Name) and called.id == "theorem") or (
        isinstance(called, ast.Attribute) and called.attr == "theorem")


def _parsed(file: Path) -> ast.Module:
    try:
        if file.stat().st_size > LARGEST:
            raise BadInput(f"{file}: {file.stat().st_size:,} bytes; a proof file has at most {LARGEST:,}.")
        source = file.read_bytes()
        return ast.parse(source, filename=str(file))
    except OSError as error:
        raise BadInput(f"{file}: cannot be read ({error.strerror}).") from None
    except SyntaxError as error:
        place = f"{file}:{error.lineno}" if error.lineno else str(file)
        raise BadInput(f"{place}: not valid Python: {error.msg}.") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise BadInput(f"{file}: not valid Python: {error}.") from None


def load(file: Path) -> list[Theorem]:
    """The theorems that a proof file defines, in the order of its lines.

    Raises:
        BadInput: if executing it fails, with the line where it does.
    """
    from derive.derivation import Theorem  # SymPy is loaded with the first proof, not before

    module = _executed(file.resolve())
    own = [value for value in vars(module).values()
           if isinstance(value, Theorem) and Path(value.file).resolve() == file.resolve()]
    return sorted(dict.fromkeys(own), key=lambda theorem: theorem.line)


def _executed(file: Path) -> ModuleType:
    package = _package_of(file)
    name = f"{package}.{file.stem}" if package else f"_derive_proof_{file.stem}"
    if name in sys.modules and _is_current(sys.modules[name], file):
        return sys.modules[name]
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise BadInput(f"{file}: cannot be loaded as a Python module.")
    module = module_from_spec(spec)
    module.__dict__[STAMP] = file.stat().st_mtime_ns
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise BadInput(f"{place_of(error, file)}: {type(error).__name__}: {error}") from error
    return module


def _is_current(module: ModuleType, file: Path) -> bool:
    """Whether a module is this file as it is now, loaded here or imported by another proof."""
    same = module.__file__ is not None and Path(module.__file__).resolve() == file
    return same and module.__dict__.get(STAMP, file.stat().st_mtime_ns) == file.stat().st_mtime_ns


def _package_of(file: Path) -> str:
    """A package whose path is the file's folder, so that relative imports between proofs work.

    Its name is private to this process: a folder ``proofs`` of the user's is not confused
    with the bundled one.
    """
    top = file.parent
    inner: list[str] = []
    while (top.parent / "__init__.py").exists() and (top / "__init__.py").exists():
        inner.insert(0, top.name)
        top = top.parent
    name, folder = f"_derive_{_digest(str(top))}_{top.name}", top
    _package(name, folder)
    for part in inner:
        name, folder = f"{name}.{part}", folder / part
        _package(name, folder)
    importlib.invalidate_caches()
    return name


def _package(name: str, folder: Path) -> None:
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = module_from_spec(spec)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def place_of(error: BaseException, file: Path) -> str:
    """``file:line`` of the innermost frame of an error that lies in ``file``."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).resolve() == file.resolve():
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{file}:{line}" if line else str(file)
