"""Finding and loading proof files. A ``.py`` proof is code and is executed, nothing else is.

A folder's files are executed only if their syntax tree mentions ``theorem``. A file is loaded
as a module of the package it lies in, so that proofs may import each other. Whatever could hold
a theorem and is not read, and every theorem that a file declares and then loses, is an error.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.util import decode_source, module_from_spec, spec_from_file_location
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any

from derive.errors import BadInput, DeriveError, said
from derive.files.folders import Walk, is_test
from derive.files.mentions import mentions_theorem
from derive.files.overlay import Tried, content, tried, without_bytecode
from derive.process.interrupts import interrupt_passes

if TYPE_CHECKING:
    from derive.checking.derivation import Event
    from derive.checking.theorems import Theorem

STAMP = "__derive_modified__"
EVENTS = "__derive_events__"
MISDECLARED = "__derive_misdeclared__"
LARGEST = 1_000_000
"""Bytes that a proof file may have; a page of a textbook has a few thousand."""

_EXECUTING = RLock()
"""Modules are global in Python: one thread at a time executes a file, and no other sees half of it."""


def bundled() -> Path:
    """The folder of the bundled proofs: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent.parent
    installed = here / "_proofs"
    return installed if installed.is_dir() else here.parent / "proofs"


def is_bundled(file: Path) -> bool:
    """Whether a file is one of the library's own, which declare theorems and do nothing else."""
    return file.resolve().is_relative_to(bundled())


# -- finding ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Search:
    """The proof files below a path, what could not be looked at, one line each, and what was passed over."""

    files: tuple[Path, ...] = ()
    errors: tuple[str, ...] = ()
    skipped: tuple[Path, ...] = ()
    empty: bool = False
    """Whether all that is wrong is that no file of the folder defines a theorem."""


def search(path: Path, *, exclude: Iterable[str] = ()) -> Search:
    """The proof file ``path``; or of a folder, the files that mention ``theorem``. Never raises.

    Of a folder, virtual environments and tests are passed over, and what matches a pattern of ``exclude``: a name,
    or a path below the folder.
    """
    files: list[Path] = []
    walk = Walk(path, tuple(exclude))
    try:
        folder = path.is_dir()
        listed = sorted(walk.python_files()) if folder else [_named(path)]
    except BadInput as error:
        return Search(errors=(said(error),))
    except PermissionError as error:  # of a folder above it
        return Search(errors=(f"{path}: cannot be read ({error.strerror}).",))
    except (OSError, ValueError):
        return Search(errors=(f"{path}: no such file or folder.",))
    for file in listed:
        try:
            if _mentions(file, parsed(file)):
                files.append(file)
            elif not folder:
                raise BadInput(f"{file}: defines no theorem. A proof has a function decorated with @theorem(...).")
        except BadInput as error:
            walk.errors.append(str(error))
    empty = folder and not files and not walk.errors
    if empty:
        walk.errors.append(f"{path}: no Python file in this folder defines a theorem. "
                           "A proof has a function decorated with @theorem(...).")
    return Search(tuple(files), tuple(walk.errors), tuple(walk.skipped), empty)


def proof_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The proof files named by ``paths``; of a folder, those that mention ``theorem``.

    Raises:
        BadInput: for a path that does not exist, is no Python file, or holds no theorem; and for
            a folder with a Python file or a folder in it that cannot be looked at.
    """
    for path in paths:
        found = search(path)
        if found.errors:
            raise BadInput(found.errors[0])
        yield from found.files


def _named(path: Path) -> Path:
    if not path.exists():
        raise BadInput(f"{path}: no such file or folder.")
    if path.suffix != ".py":
        raise BadInput(f"{path}: not a Python file. Proofs are .py files with a @theorem.")
    return path


def _mentions(file: Path, tree: ast.Module) -> bool:
    if not mentions_theorem(tree):
        return False
    if file.suffix != ".py":
        raise BadInput(f"{file}: mentions theorem, but is not read: its name does not end in .py. Rename it.")
    return True


def may_be_proof(file: Path) -> bool:
    """Whether a search of a folder would find a file in it, or complain of it."""
    if file.suffix.lower() != ".py" or is_test(file.name):
        return False
    try:
        return _mentions(file, parsed(file))
    except BadInput:
        return True


def parsed(file: Path) -> ast.Module:
    """The syntax tree of a regular file of at most ``LARGEST`` bytes.

    Raises:
        BadInput: otherwise, with the line if it is not valid Python.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise BadInput(f"{file}: not a regular file.")
        source = content(file, LARGEST + 1)  # a link into /proc has 0 bytes, so what is read is what counts
        if len(source) > LARGEST:
            raise BadInput(f"{file}: {max(file.stat().st_size, len(source)):,} bytes; "
                           f"a proof file has at most {LARGEST:,}.")
        decode_source(source)  # strictly, as Python reads a file: its parser alone forgives bytes in comments
        return ast.parse(source, filename=str(file))
    except OSError as error:
        raise BadInput(f"{file}: cannot be read ({error.strerror}).") from None
    except SyntaxError as error:
        if error.msg.startswith("invalid or missing encoding"):
            raise BadInput(_undecodable(file, source, "UTF-8")) from None
        place = f"{file}:{error.lineno}" if error.lineno else str(file)
        raise BadInput(f"{place}: not valid Python: {error.msg.rstrip('.?!')}.") from None
    except (RecursionError, MemoryError):
        raise BadInput(f"{file}: not valid Python: too many operators or brackets inside one another.") from None
    except UnicodeDecodeError as error:
        raise BadInput(_undecodable(file, source, error.encoding)) from None
    except ValueError as error:
        raise BadInput(f"{file}: not valid Python: {said(error)}.") from None


def _undecodable(file: Path, source: bytes, encoding: str) -> str:
    try:
        source.decode(encoding)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        return (f"{file}:{line}: not valid Python: the byte 0x{source[error.start]:02x} is not {encoding.upper()}. "
                "Save the file as UTF-8.")
    return f"{file}: not valid Python: it declares an encoding that it does not have."


# -- loading ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loaded:
    """The theorems of a file in the order of its lines, and what it declares and does not hold, one line each."""

    theorems: tuple[Theorem, ...]
    lost: tuple[str, ...]


def load(file: Path) -> list[Theorem]:
    """The theorems that a proof file defines, in the order of its lines.

    Raises:
        BadInput: if executing it fails, with the line where it does; if it declares a theorem
            that is then lost, or under a name that another has; if it has none.
    """
    found = loaded(file)
    if found.lost:
        more = len(found.lost) - 1
        raise BadInput(found.lost[0] + (f" (The file has {more} more such faults.)" if more else ""), kind="lost")
    return list(found.theorems)


def loaded(file: Path) -> Loaded:
    """The theorems that a proof file defines, and those that it loses.

    Raises:
        BadInput: if executing it fails, with the line where it does; if it has no theorem and loses none.
    """
    from derive.checking.lost import lost_theorems, theorems_among  # SymPy is loaded with the first proof, not before

    tree = parsed(file)
    with _EXECUTING:
        names = vars(_executed(file.resolve()))
    wrong = names.get(MISDECLARED, ())
    tree.body = [node for node in tree.body if not any(_declares(node, theorem) for theorem in wrong)]
    lost = lost_theorems(file, tree, names[EVENTS], names)
    own = [theorem for theorem in theorems_among({**names, **{f"{MISDECLARED}{n}": one for n, one in enumerate(wrong)}})
           if Path(theorem.file).resolve() == file.resolve()]
    if not own and not lost:
        raise BadInput(f"{file}: mentions theorem, but no theorem is found in it. "
                       "A proof has a function decorated with @theorem(...) at its top level.", kind="lost")
    return Loaded(tuple(own), tuple(lost))


def _declares(node: ast.stmt, theorem: Theorem) -> bool:
    decorators = getattr(node, "decorator_list", ())
    return bool(decorators) and min(one.lineno for one in decorators) == theorem.line


def _executed(file: Path) -> ModuleType:
    package = _package_of(file)
    name = f"{package}.{file.stem}" if package else f"_derive_proof_{file.stem}"
    known, text = sys.modules.get(name), tried(file)
    if isinstance(known, ModuleType) and text is None and _is_current(known, file):
        return known
    # never from bytecode: Python takes it for current by the second and the size of the file, and 2 is as long as 1
    source = file.read_bytes() if text is None else text
    stamp, wrong = file.stat().st_mtime_ns if text is None else None, list[Any]()
    while True:
        try:
            return _once(file, name, source, {STAMP: stamp, MISDECLARED: tuple(wrong)})
        except BadInput as error:
            from derive.checking.misdeclared import misdeclared

            found = misdeclared(error.__cause__, file, source)
            if found is None:
                raise
            wrong.append(found[0])
            source = found[1]


def _once(file: Path, name: str, source: bytes, known: dict[str, Any]) -> ModuleType:
    """The module of a text, executed, with some names known beforehand, those of misdeclared theorems among them."""
    spec = spec_from_file_location(name, file, loader=Tried(str(file), source))
    if spec is None or spec.loader is None:
        raise BadInput(f"{file}: cannot be loaded as a Python module.")
    module = module_from_spec(spec)
    module.__dict__.update({one.name: one for one in known[MISDECLARED]} | known)
    before = set(sys.modules)
    sys.modules[name] = module
    from derive.checking.derivation import recorded

    with recorded() as events, without_bytecode():
        try:
            spec.loader.exec_module(module)
        except BaseException as error:  # SystemExit too: a proof file must not end the run
            sys.modules.pop(name, None)
            interrupt_passes(error)
            kind = "" if isinstance(error, DeriveError) else f"{type(error).__name__}: "
            raise BadInput(f"{place_of(error, file)}: {kind}{said(error)}", kind="not executed") from error
        finally:
            _keep(events, module, before)
    return module


def _keep(events: list[Event], executed: ModuleType, before: set[str]) -> None:
    """Each module that was executed keeps what it declared: a file that another imports is not executed again.

    What belongs to no module (code of ``exec`` and the like) is put down to the file that was executed.
    """
    fresh = [(name, module) for name, module in sys.modules.items()
             if name not in before and name.startswith("_derive_") and isinstance(module, ModuleType)]
    for name, module in fresh:
        module.__dict__[EVENTS] = tuple(event for event in events if event.module == name)
        if module.__file__ is not None:
            module.__dict__.setdefault(STAMP, Path(module.__file__).stat().st_mtime_ns)
    executed.__dict__[EVENTS] = tuple(
        event for event in events if event.module == executed.__name__ or event.module not in sys.modules)


def _is_current(module: ModuleType, file: Path) -> bool:
    """Whether a module is this file as it is now, loaded here or imported by another proof."""
    same = module.__file__ is not None and Path(module.__file__).resolve() == file
    return same and module.__dict__.get(STAMP) == file.stat().st_mtime_ns and EVENTS in module.__dict__


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
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:12]


def place_of(error: BaseException, file: Path) -> str:
    """``file:line`` of the innermost frame of an error that lies in ``file``."""
    from derive.checking.derivation import line_of

    line = line_of(error, str(file))
    return f"{file}:{line}" if line else str(file)
