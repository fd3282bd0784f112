"""MDPs in files: JSON and NPZ, with the same fields.

==========  =======================  ==========================================================
field       shape                    meaning
==========  =======================  ==========================================================
mu          (S,)                     initial distribution
P           (S, A, S)                P[s][a][x], the probability of the next state x
r           (S, A, S) or (S, A)      reward r(s, a, x), or r(s, a) whatever the next state
gamma       number                   discount
horizon     integer >= 0             H, the time of the last decision; there are H + 1
theta       (S, A), optional         the softmax logits at which to look
name        text, optional           shown in the report
==========  =======================  ==========================================================
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from derive.errors import BadInput, InvalidModel
from derive.numeric.tabular import FloatArray, TabularMDP, checked_theta

LARGEST_FILE = 64 * 2**20
REQUIRED = ("mu", "P", "r", "gamma", "horizon")
OPTIONAL = ("theta", "name")


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """What a file held: the MDP, and theta (S, A) if it was given."""

    mdp: TabularMDP
    theta: FloatArray | None


def load(path: str | Path) -> Loaded:
    """The MDP in a ``.json`` or ``.npz`` file.

    Raises:
        BadInput: if there is no such file, it is a folder, empty, larger than 64 MB, of
            another kind, damaged, or has a field too many or too few.
        InvalidModel: if the numbers do not make an MDP.
    """
    file = Path(path)
    readers = {".json": from_json, ".npz": from_npz}
    if file.suffix.lower() not in readers:
        _check(file)
        raise BadInput(f"{file} ends in {file.suffix or 'no suffix'!r}. Give a .json or .npz file.")
    return readers[file.suffix.lower()](file)


def from_json(path: str | Path) -> Loaded:
    """The MDP in a JSON file: one object with the fields of the table above. Raises as ``load`` does."""
    fields = read_json(path)
    if not isinstance(fields, dict):
        raise BadInput(f"{path} holds a {type(fields).__name__}. Give an object with the fields {', '.join(REQUIRED)}.")
    return _loaded(Path(path), fields)


def read_json(path: str | Path, **wanted: str) -> Any:
    """What is in a JSON file, each field of an object given once; ``wanted`` says what an empty one lacks.

    Raises:
        BadInput: if there is no such file, or it is a folder, empty, too large, or no JSON.
    """
    file = _check(Path(path), **wanted)
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"), object_pairs_hook=_without_repetition)
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not text (byte {error.start} is no UTF-8). Give a JSON file.") from error
    except RecursionError as error:
        raise BadInput(f"{file} nests its lists too deeply. Give one level for each axis of a table.") from error
    except json.JSONDecodeError as error:
        place = f"{file}, line {error.lineno}, column {error.colno}"
        raise BadInput(f"{place}: not JSON ({error.msg}). Correct that place.") from error
    except ValueError as error:
        raise BadInput(f"{file}: {error}") from error
    except OSError as error:
        raise BadInput(f"{file} cannot be read ({error.strerror}). Check its permissions.") from error


def from_npz(path: str | Path) -> Loaded:
    """The MDP in an NPZ file (``numpy.savez``): one array per field, none pickled. Raises as ``load`` does."""
    file = _check(Path(path))
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > LARGEST_FILE:
            raise BadInput(f"{file} unpacks to {unpacked:,} bytes; at most {LARGEST_FILE:,} are read. "
                           "Give a smaller MDP.")
        with np.load(file, allow_pickle=False) as stored:
            fields = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, KeyError, TypeError, EOFError, SyntaxError, MemoryError, NotImplementedError,
            RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        reason = "it holds pickled objects" if "pickle" in str(error) else "it is not an NPZ archive of plain arrays"
        raise BadInput(f"{file} cannot be read: {reason}. Write it with numpy.savez(file, mu=..., P=..., r=..., "
                       "gamma=..., horizon=...).") from error
    return _loaded(file, {name: _plain(array) for name, array in fields.items()})


def _check(file: Path, wanted: str = f"the fields {', '.join(REQUIRED)}") -> Path:
    """The file, if it is one that may be read at all."""
    try:
        if file.is_dir():
            raise BadInput(f"{file} is a folder. Give a .json or .npz file.")
        if not file.exists():
            raise BadInput(f"{file} does not exist. Check the path.")
        if not file.is_file():
            raise BadInput(f"{file} is not a regular file. Give a .json or .npz file.")
        size = file.stat().st_size
    except (OSError, ValueError) as error:
        raise BadInput(f"{str(file)!r} cannot be opened ({error}). Check the path.") from error
    if size == 0:
        raise BadInput(f"{file} is empty. Give {wanted}.")
    if size > LARGEST_FILE:
        raise BadInput(f"{file} has {size:,} bytes; at most {LARGEST_FILE:,} are read. Give a smaller MDP.")
    return file


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice!r} is given twice. Keep one.")
    return fields


def _plain(array: Any) -> Any:
    """A 0-dimensional array as its Python value."""
    return array.item() if isinstance(array, np.ndarray) and array.ndim == 0 else array


def _number(name: str, fields: Mapping[str, Any]) -> Any:
    """A field that is one number: a whole one may have been written as 5.0, as other programs write it.

    Raises:
        InvalidModel: for true and false, which Python takes for numbers.
    """
    value = fields[name]
    if isinstance(value, bool):
        raise InvalidModel(f"{name} is {json.dumps(value)}, not a number. Give one.")
    return int(value) if isinstance(value, float) and value.is_integer() and name == "horizon" else value


def _loaded(file: Path, fields: Mapping[str, Any]) -> Loaded:
    known = ", ".join((*REQUIRED, *OPTIONAL))
    for name in fields:
        if name not in REQUIRED and name not in OPTIONAL:
            raise BadInput(f"{file} has the unknown field {name!r}. The fields are {known}.")
    for name in REQUIRED:
        if name not in fields:
            raise BadInput(f"{file} has no field {name!r}. The fields are {known} (the last two optional).")
    arrays = {name: _numbers(file, name, fields[name]) for name in ("mu", "P", "r")}
    if arrays["r"].ndim == 2 and arrays["P"].ndim == 3 and arrays["r"].shape == arrays["P"].shape[:2]:
        arrays["r"] = np.repeat(arrays["r"][:, :, None], arrays["P"].shape[2], axis=2)
    try:
        name = str(fields.get("name", file.stem))
        mdp = TabularMDP(**arrays, gamma=_number("gamma", fields), horizon=_number("horizon", fields), name=name)
        theta = None if fields.get("theta") is None else checked_theta(mdp, _numbers(file, "theta", fields["theta"]))
    except InvalidModel as error:
        raise InvalidModel(f"{file}: {error}") from error
    return Loaded(mdp, theta)


def _numbers(file: Path, name: str, values: Any) -> FloatArray:
    """An array of real numbers; texts, truth values and ragged lists are none."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise BadInput(f"{file}: the rows of {name} differ in length. Make them equal.") from error
    if array.dtype.kind not in "iuf":
        raise BadInput(f"{file}: {name} holds something that is not a real number. Give nested lists of numbers.")
    numbers: FloatArray = array.astype(np.float64)
    return numbers
