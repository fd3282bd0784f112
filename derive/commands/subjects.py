"""The theorems that the names on a command line stand for, and what becomes of those that cannot be had.

What is wrong with one file hides no other: it is an error on stderr, and the rest goes on. That holds for a file that
ends its process too, which is seen in a child before it is executed here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from derive.diagnostics import NOT_CHECKED, visible
from derive.errors import BadInput, DeriveError

if TYPE_CHECKING:
    from derive.checking.theorems import Theorem

Source = tuple[Path, str]
"""A proof file, and the name of the theorem that is meant; "" for all of them."""


def named(names: Sequence[str]) -> list[Theorem]:
    """The theorems of files, one of a file as FILE.py:THEOREM, or bundled ones by name; all of those for no name.

    Raises:
        BadInput: for the first thing that is wrong with one of them.
    """
    sources, wrong = _sources(names)
    if wrong:
        raise BadInput(wrong[0])
    return [theorem for source in sources for theorem in _theorems(source)]


def built(names: Sequence[str]) -> tuple[list[Theorem], int]:
    """The theorems of ``named`` that have a chain, and the exit status that what has none asks for.

    Each of these is an error on stderr, with what to write instead where that is known; the others go on.

    Raises:
        BadInput: if none has a chain.
    """
    sources, said = _sources(names)
    theorems: list[Theorem] = []
    for source, ending in zip(sources, _endings(sources), strict=True):
        if ending:
            said.append(ending)
            continue
        try:
            listed = _theorems(source)
        except BadInput as error:
            said.append(str(error))
            continue
        for theorem in listed:
            wrong = _without_chain(theorem)
            if wrong:
                said.append(wrong)
            else:
                theorems.append(theorem)
    for line in said if theorems else said[:-1]:
        click.echo(f"error: {visible(line)}", err=True)
    if said and not theorems:
        raise BadInput(said[-1])
    return theorems, NOT_CHECKED if said else 0


def _sources(names: Sequence[str]) -> tuple[list[Source], list[str]]:
    """The files that the names stand for, and what is wrong with the others, one line each."""
    from derive.checking.proof_files import bundled, search

    found: list[Source] = []
    wrong: list[str] = []
    for name in names or [str(bundled())]:
        file, colon, wanted = name.rpartition(":")
        if colon and file.endswith(".py") and not Path(name).exists():
            listed = search(Path(file))
            found += [(one, wanted or "(no name)") for one in listed.files]
            wrong += listed.errors
        elif name.endswith(".py") or Path(name).exists():
            listed = search(Path(name))
            found += [(one, "") for one in listed.files]
            wrong += listed.errors
        else:
            matches = [one for path in sorted(bundled().rglob("*.py")) if path.stem == name
                       for one in search(path).files]
            found += [(one, "") for one in matches]
            wrong += [] if matches else [_unknown(name)]
    return found, wrong


def _unknown(name: str) -> str:
    from derive.checking.proof_files import bundled, search

    known = [file.stem for file in search(bundled()).files]
    near = get_close_matches(name, known, 1)
    hint = f"Did you mean {near[0]}?" if near else (
        f"The {len(known)} bundled ones, such as policy_gradient, are listed in {bundled() / 'README.md'}.")
    return f"{visible(name)}: no such file, and no bundled theorem of that name. {hint}"


def _theorems(source: Source) -> list[Theorem]:
    """Those of a file, or the one that is meant.

    Raises:
        BadInput: if the file cannot be loaded, loses a theorem, or has none of the name.
    """
    from derive.checking.proof_files import load

    file, wanted = source
    listed = load(file)
    chosen = [theorem for theorem in listed if wanted in ("", theorem.name)]
    if not chosen:
        known = ", ".join(visible(theorem.name) for theorem in listed)
        raise BadInput(f"{visible(file)} has no theorem {visible(wanted)}; it has {known}.")
    return chosen


def _without_chain(theorem: Theorem) -> str:
    """What is wrong with a theorem that cannot be built; empty if it can."""
    from derive.report.trouble import trouble
    from derive.runs.campaign import built as build

    try:
        build(theorem)
    except DeriveError as error:
        found = trouble(error, theorem.file, theorem)
        return found.line + (f"; {found.diagnostic.hint}" if found.diagnostic.hint else "")
    return ""


# -- files that end their process ----------------------------------------------------------------------


def _endings(sources: Sequence[Source]) -> Iterator[str]:
    """Of each file how its process ends when it is executed; empty if it goes on.

    A file alone is not tried, for there is nothing to go on with, and a bundled one is no stranger.
    """
    from derive.checking.proof_files import bundled
    from derive.process.isolation import ENDED, isolated
    from derive.process.limits import Limits
    from derive.report.trouble import unfinished

    strange = [source for source in sources if not source[0].resolve().is_relative_to(bundled().resolve())]
    tried = isolated(_executed, strange if len(sources) > 1 else [])
    for source in sources:
        result = next(tried) if len(sources) > 1 and source in strange else None
        ended = result is not None and result.ending == ENDED
        yield unfinished(result, str(source[0]), Limits()).line if result is not None and ended else ""


def _executed(source: Source) -> Iterator[None]:
    """Execute a file and read its chains, in silence: what it prints is printed when it is executed again."""
    import sys

    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stdout = sys.stderr = nowhere
        try:
            for theorem in _theorems(source):
                _without_chain(theorem)
        except BadInput:
            return
    yield from ()
