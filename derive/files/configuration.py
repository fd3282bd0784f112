"""``[tool.derive]`` of the nearest ``pyproject.toml``: what is checked, and what is reported, unless told otherwise."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from derive.diagnostics import visible
from derive.errors import BadInput

FILE = "pyproject.toml"
LARGEST = 1_000_000
_LISTS = ("paths", "exclude", "select", "ignore")
_KEYS = (*_LISTS, "strict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """``paths`` are absolute; ``exclude`` are patterns of names, or of paths below a folder that is searched."""

    file: Path | None = None
    paths: tuple[Path, ...] = ()
    exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False


def configuration(start: Path | None = None) -> Configuration:
    """That of the first folder whose file has a ``[tool.derive]``; empty if there is none.

    Folders are looked at from ``start`` upwards, by default from the current one, if it still exists.

    Raises:
        BadInput: for a file that cannot be read, and a key or a value that means nothing.
    """
    try:
        start = start or Path.cwd()
    except OSError:
        return Configuration()
    for folder in (start, *start.parents):
        file = folder / FILE
        try:
            found = _table(file) if file.is_file() else None
        except OSError as error:
            raise BadInput(f"{file}: cannot be read ({error.strerror}).") from None
        if found is not None:
            return _checked(found, file)
    return Configuration()


def project() -> Path | None:
    """The nearest folder, from the current one upwards, that has a pyproject.toml."""
    try:
        start = Path.cwd()
    except OSError:
        return None
    return next((folder for folder in (start, *start.parents) if (folder / FILE).is_file()), None)


def _table(file: Path) -> dict[str, Any] | None:
    if file.stat().st_size > LARGEST:
        raise BadInput(f"{file}: {file.stat().st_size:,} bytes; at most {LARGEST:,} are read.")
    try:
        data = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{file}: not valid TOML: {visible(error)}.") from None
    tool = data.get("tool", {})
    found = tool.get("derive") if isinstance(tool, dict) else None
    if found is not None and not isinstance(found, dict):
        raise BadInput(f"{file}: tool.derive is a table, [tool.derive].")
    return found


def _checked(table: dict[str, Any], file: Path) -> Configuration:
    for key, value in table.items():
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(_KEYS)}."
            raise BadInput(f"{file}: [tool.derive] has no key {visible(key)}; {hint}")
        if key in _LISTS and not (isinstance(value, list) and all(isinstance(one, str) and one for one in value)):
            raise BadInput(f"{file}: {key} in [tool.derive] is a list of strings.")
        if key == "paths" and not value:
            raise BadInput(f"{file}: paths in [tool.derive] is empty; name the files and folders, or leave it out.")
        if key == "strict" and not isinstance(value, bool):
            raise BadInput(f"{file}: strict in [tool.derive] is true or false.")
    lists = {key: tuple(table.get(key, ())) for key in _LISTS if key != "paths"}
    paths = tuple(file.parent / path for path in table.get("paths", ()))
    return Configuration(file=file, paths=paths, strict=table.get("strict", False), **lists)
