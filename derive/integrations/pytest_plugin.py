"""The pytest plugin of derive: a proof file is collected as one test a theorem, and checked in a process of its own.

Collected are a ``.py`` named on the command line that defines theorems, what lies below ``[tool.derive] paths``, and
``proof_*.py``. Files that pytest takes for tests stay tests. Nothing else of derive is imported before such a
file is met.
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

PATTERN = "proof_*.py"
LARGEST = 1_000_000
_PATHS = pytest.StashKey[tuple[Path, ...]]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Read the configuration: what is wrong with it concerns the whole session, and is no failure of a file.

    Raises:
        pytest.UsageError: for a key or a value that means nothing.
    """
    _configured(session.config)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, Any, Any]:
    """A proof is ours alone: pytest would import it into its own process."""
    found = yield
    return [ProofFile.from_parent(parent, path=file_path)] if _is_proof(file_path, parent) else found


def _is_proof(path: Path, parent: pytest.Collector) -> bool:
    if path.suffix != ".py" or any(fnmatch(path.name, pattern) for pattern in parent.config.getini("python_files")):
        return False
    asked = parent.session.isinitpath(path) or fnmatch(path.name, PATTERN)
    if not asked and not any(path.is_relative_to(folder) for folder in _configured(parent.config)):
        return False
    return _theorems(path) is not None


def _configured(config: pytest.Config) -> tuple[Path, ...]:
    """``[tool.derive] paths``, read once."""
    if _PATHS not in config.stash:
        file = config.rootpath / "pyproject.toml"
        paths: tuple[Path, ...] = ()
        if file.is_file() and b"tool.derive" in file.read_bytes():
            from derive.errors import BadInput
            from derive.files.configuration import configuration

            try:
                paths = tuple(path.resolve() for path in configuration(config.rootpath).paths)
            except BadInput as error:
                raise pytest.UsageError(str(error)) from None
        config.stash[_PATHS] = paths
    return config.stash[_PATHS]


def _theorems(path: Path) -> list[str] | None:
    """The functions under a decorator that speaks of theorems; None for a file that does not mention them."""
    if not path.is_file() or path.stat().st_size > LARGEST or b"theorem" not in (text := path.read_bytes()):
        return None
    from derive.files.mentions import mentions_theorem

    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    if not mentions_theorem(tree):
        return None
    return list(dict.fromkeys(node.name for node in tree.body
                              if isinstance(node, ast.FunctionDef) and node.decorator_list))


class ProofFile(pytest.File):
    """A file of theorems, checked when the first of its tests is run."""

    _parts: list[Any] | None = None

    def collect(self) -> Iterator[Theorem]:
        """One test a theorem, and one for the file itself: what is wrong with it concerns no theorem alone."""
        names = _theorems(self.path) or []
        for name in (*names, self.path.name):
            yield Theorem.from_parent(self, name=name)

    def parts(self) -> list[Any]:
        """The results of its theorems, by ``derive.runs.campaign``."""
        if self._parts is None:
            from derive.process.limits import Limits
            from derive.runs.campaign import Look, isolated_parts

            (found,) = isolated_parts([self.path], look=Look(), limits=Limits(seconds=300, megabytes=1000))
            self._parts = found
        return self._parts


class NotAsClaimed(Exception):
    """Holds the diagnostics as text."""


class Theorem(pytest.Item):
    """A theorem: it passes if everything is as claimed, warnings allowed."""

    def runtest(self) -> None:
        """Raise if something is not as claimed."""
        assert isinstance(self.parent, ProofFile)
        parts = self.parent.parts()
        whole = self.name == self.path.name
        known = {item.name for item in self.parent.collect()} - {self.path.name}
        own = [part for part in parts if (_theorem_of(part) not in known if whole else _theorem_of(part) == self.name)]
        text = "".join(part.text for part in own)
        if any(part.status() for part in own):
            raise NotAsClaimed(text.rstrip())
        if not whole and not own:
            ended = next((f": {part.diagnostics[0].message}" for part in parts[-1:] if part.status()), "")
            raise NotAsClaimed(f"{self.name} was not checked{ended}; see {self.path.name}")
        if any(part.diagnostics for part in own):
            self.add_report_section("call", "derive", text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Our diagnostics, without a traceback."""
        if isinstance(excinfo.value, NotAsClaimed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The place of the theorem."""
        return self.path, 0, self.name


def _theorem_of(part: Any) -> str:
    names = [theorem["name"] for theorem in part.payload["theorems"]]
    names += [found.theorem for found in part.diagnostics if found.theorem]
    return names[0] if names else ""
