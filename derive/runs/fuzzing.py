"""A campaign of ``derive fuzz``, in this process or on an executor, that may go on from a journal.

A unit of work is one theorem, whose MDPs depend on the seed, its own name and its own part
of the database only, so the results are the same for any executor and any number of workers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from derive.checking.proof_files import load
from derive.checking.theorems import Theorem
from derive.runs.campaign import as_they_come
from derive.runs.journal import Journal, say_taken, unchanged
from derive.testing.fuzz import FuzzResult, fuzz
from derive.testing.kept import KeptModels
from derive.testing.subjects import subjects_of

FUZZ = "derive fuzz"
KEPT = ("examples", "seed", "steps", "shapes", "comparisons", "separated", "replayed")
"""What a journal holds of a result beside the steps that were never compared."""

Place = tuple[str, str]
"""The file and the name of a theorem."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a campaign asks of every theorem: so many MDPs, from a seed, and those kept in a database first."""

    examples: int
    seed: int
    database: Path | None = None

    def journal(self, path: Path) -> Journal:
        """The journal of campaigns that ask the same, whatever is kept.

        Raises:
            BadInput: for a file that is no such journal, and one that cannot be read or written.
        """
        return Journal(path, FUZZ, {"examples": self.examples, "seed": self.seed})


def fuzz_theorem(place: Place, *, asked: Asked) -> FuzzResult:
    """The campaign of one theorem, named by its file and its name."""
    file, name = place
    return fuzz([theorem for theorem in load(Path(file)) if theorem.name == name], examples=asked.examples,
                seed=asked.seed, database=asked.database)


def campaign(theorems: Sequence[Theorem], asked: Asked, *, executor: Executor | None = None,
             journal: Journal | None = None, read: dict[str, str] | None = None) -> Iterator[FuzzResult]:
    """The results theorem by theorem, in order; on ``executor`` if one is given.

    What the journal has is taken from it, and what it has not is written down as soon as it is there, if it passed.
    ``read`` are the files that were read for the theorems, with digests; None if one has changed meanwhile.
    """
    places = [(theorem.file, theorem.name) for theorem in theorems]
    known = {} if journal is None else {
        place: result for place, theorem in zip(places, theorems, strict=True)
        if (result := _known(theorem, _line(place), journal, asked)) is not None}
    say_taken(len(known), len(theorems), "theorems")
    left, work = [place for place in places if place not in known], partial(_placed, asked=asked)

    def kept(found: tuple[Place, FuzzResult]) -> FuzzResult:
        place, result = found
        if journal is not None and read is not None and result.failure is None and unchanged(read):
            journal.add(_line(place), _data(result), read)
        return result

    fresh = (kept(work(place)) for place in left) if executor is None else as_they_come(executor, work, left, kept)
    for place in places:
        yield known.get(place) or next(fresh)


def _placed(place: Place, asked: Asked) -> tuple[Place, FuzzResult]:
    return place, fuzz_theorem(place, asked=asked)


def _line(place: Place) -> str:
    return json.dumps(place)


def _known(theorem: Theorem, line: str, journal: Journal, asked: Asked) -> FuzzResult | None:
    """What came of it, unless an MDP that failed is kept by now, as a run with another seed may have done."""
    if asked.database is not None and any(KeptModels(asked.database).of(theorem)):
        return None
    return _result(journal.known(line, Path(theorem.file)), theorem)


def _data(result: FuzzResult) -> dict[str, Any]:
    """A result without a failure as data; of a step the number, for its terms are in the proof."""
    data = {name: getattr(result, name) for name in KEPT}
    return {**data, "uncompared": [step.step for step in result.uncompared]}


def _result(data: Any, theorem: Theorem) -> FuzzResult | None:
    """The result that ``_data`` made data of; None for other data."""
    try:
        if data.keys() != {*KEPT, "uncompared"}:
            return None
        steps = subjects_of(theorem)
        return FuzzResult(**{**data, "failure": None, "uncompared": tuple(steps[n] for n in data["uncompared"])})
    except (TypeError, LookupError, AttributeError, ValueError):
        return None
