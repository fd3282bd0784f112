"""The letters that an author gave to sums and means, which a term forgets: for messages about what a file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr

from derive.language.alphabets import UNICODE
from derive.language.binding import Binder, Index, substitute
from derive.language.notation import write


@dataclass(frozen=True, slots=True, eq=False)
class Letters:
    """The letter of each sum or mean as it was written; the letters around it are free in it, by their names."""

    given: Mapping[Expr, str]

    def of(self, binder: Binder, around: Mapping[Any, str]) -> str | None:
        """The letter of a sum inside of others, whose letters are ``around`` it; None where it is not known."""
        loose = {index: type(index)(around[index]) for index in binder.free_symbols
                 if isinstance(index, Index) and index.is_bound and index in around}
        return self.given.get(substitute(binder, loose, loose=True) if loose else binder)

    def written(self, term: Expr, mark: Expr | None = None) -> str:
        """A term as text in these letters."""
        return write(term, UNICODE, mark, self.of)
