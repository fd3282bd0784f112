"""Which Python files of a folder are looked at: all visible ones, but for environments, tests and what is excluded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ENVIRONMENT = "pyvenv.cfg"
"""The file that makes a folder a virtual environment."""
PASSED_OVER = ("__pycache__", "node_modules", "site-packages")
TESTS = ("test_*.py", "*_test.py", "conftest.py")
TEST_FOLDERS = ("tests", "test")


def is_test(name: str) -> bool:
    """Whether pytest takes a file of this name for tests, or their configuration."""
    return any(fnmatch(name, pattern) for pattern in TESTS)


@dataclass(slots=True)
class Walk:
    """A search below a folder, with a line for each folder that is not entered and ought to be."""

    root: Path
    exclude: tuple[str, ...] = ()
    errors: list[str] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    """Virtual environments and tests: what a reader may miss."""

    def python_files(self) -> Iterator[Path]:
        """The files, in no order."""

        def unreadable(error: OSError) -> None:
            self.errors.append(f"{error.filename}: this folder cannot be read ({error.strerror}).")

        for place, folders, names in os.walk(self.root, onerror=unreadable):
            here = Path(place)
            folders[:] = sorted(name for name in folders if self._is_entered(here / name))
            for name in folders:
                if _answers((here / name).is_symlink) and not self._is_searched(here / name):
                    self.errors.append(f"{here / name}: a link to a folder is not followed. Name the folder itself.")
            for name in names:
                if name.lower().endswith(".py") and not name.startswith(".") and not self._is_excluded(here / name):
                    if is_test(name):
                        self.skipped.append(here / name)
                    else:
                        yield here / name

    def _is_entered(self, folder: Path) -> bool:
        if folder.name.startswith(".") or folder.name in PASSED_OVER or self._is_excluded(folder):
            return False
        if folder.name in TEST_FOLDERS or _answers((folder / ENVIRONMENT).is_file):
            self.skipped.append(folder)
            return False
        return True

    def _is_excluded(self, path: Path) -> bool:
        below = path.relative_to(self.root).as_posix()
        return any(fnmatch(path.name, pattern) or fnmatch(below, pattern.rstrip("/")) for pattern in self.exclude)

    def _is_searched(self, link: Path) -> bool:
        """Whether a link leads to a folder that is searched anyway."""
        target, top = link.resolve(), self.root.resolve()
        return target.is_relative_to(top) and not any(
            part.startswith(".") or part in PASSED_OVER for part in target.relative_to(top).parts)


def _answers(question: Callable[[], bool]) -> bool:
    """What a question to the system answers; no, where it is refused: what cannot be looked at is told when entered."""
    try:
        return question()
    except PermissionError:
        return False
