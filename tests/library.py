"""The bundled theorems, each examined once in a process, whichever tests ask for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.checking.proof_files import bundled, load, proof_files

SESSION = Session()
FILES = tuple(proof_files([bundled()]))


@cache
def examined(file: Path) -> Examined:
    """The one theorem of a file."""
    (theorem,) = load(file)
    return SESSION.examine(theorem)
