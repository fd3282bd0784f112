"""MDPs that failed, as data in Hypothesis's example database.

Hypothesis itself keeps nothing of a run with a seed, and what it keeps is read by its own
version and the same strategy alone. An MDP in JSON outlives both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis.database import DirectoryBasedExampleDatabase

from derive.checking.theorems import Theorem
from derive.errors import InvalidModel
from derive.language.assumptions import additive_return
from derive.language.model_class import admits
from derive.language.models import Model, Shape
from derive.language.signature import signature


class KeptModels:
    """The MDPs of a folder, by the names of theorems. A folder that cannot be read or written keeps none."""

    def __init__(self, folder: Path) -> None:
        self._database = DirectoryBasedExampleDatabase(folder)

    def of(self, theorem: Theorem) -> Iterator[Model]:
        """Those that are of the theorem's class still, and have all that it speaks of; smallest first."""
        parts, known = signature(*theorem.chain.terms), theorem.assumes
        for text in sorted(self._database.fetch(_key(theorem)), key=lambda text: (len(text), text)):
            model = _read(text)
            if model is not None and admits(known, model, {}, infinite=theorem.endless) and (
                    additive_return not in known or model.returns is None) and (
                    parts.policies <= {*model.policies} and dict(parts.functions).keys() <= model.functions.keys()):
                yield model

    def keep(self, theorem: Theorem, model: Model) -> None:
        """Keep an MDP that failed."""
        with suppress(OSError):  # as older versions of Hypothesis raise it
            self._database.save(_key(theorem), _written(model))

    def drop(self, theorem: Theorem, model: Model) -> None:
        """Forget one that no longer does."""
        with suppress(OSError):
            self._database.delete(_key(theorem), _written(model))


def _key(theorem: Theorem) -> bytes:
    return f"derive fuzz {theorem.name}".encode()


def _written(model: Model) -> bytes:
    def pairs(table: Mapping[Any, Fraction]) -> list[Any]:
        return sorted(table.items())

    data = {
        "shape": astuple(model.shape),
        **{name: getattr(model, name) for name in ("mu", "P", "r", "gamma", "scores", "policies")},
        "returns": None if model.returns is None else pairs(model.returns),
        "functions": {name: pairs(table) for name, table in model.functions.items()},
    }
    return json.dumps(data, default=str, sort_keys=True).encode()


def _read(text: bytes) -> Model | None:
    """The model, unless it is none, as what another program or version wrote under the same name may be."""
    def table(pairs: list[Any]) -> dict[tuple[int, ...], Fraction]:
        return {tuple(places): Fraction(value) for places, value in pairs}

    try:
        data = json.loads(text)
        parts = {name: _fractions(data[name]) for name in ("mu", "P", "r", "gamma", "scores")}
        return Model(
            shape=Shape(*data["shape"]), **parts,
            policies={name: _fractions(rows) for name, rows in data["policies"].items()},
            returns=None if data["returns"] is None else table(data["returns"]),
            functions={name: table(pairs) for name, pairs in data["functions"].items()}).validate()
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, InvalidModel):
        return None


def _fractions(data: Any) -> Any:
    return tuple(map(_fractions, data)) if isinstance(data, list) else Fraction(data)
