"""How pieces of a formula are fenced, marked and named; what each node is made of, ``notation`` says.

Bound names are chosen here, given the names in scope; a name hint stored on a node would depend on the process's
history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from derive.errors import NotATerm
from derive.language.alphabets import Alphabet

_LETTERS = {
    "state": ("s", "x", "y", "z"), "action": ("a", "b", "c"), "time": ("t", "k", "j", "l"), "draw": ("i", "j"),
    "trajectory": ("tau",), "batch": ("tau",),
}


def loose(index: Any) -> str:
    """A letter for an index seen without its binder, as in a message about a part of a term."""
    letters = _LETTERS[index.sort]
    return str(letters[(index.label - 1) % len(letters)])


@dataclass(slots=True)
class Pieces:
    """A term in one alphabet, piece by piece; ``names`` are those in scope, ``mark`` a subterm to underline."""

    alphabet: Alphabet
    names: dict[Any, str]
    mark: Any = None
    letters: Callable[[Any, dict[Any, str]], str | None] | None = None
    """The letter that a binder has where it was written, if that is known."""
    taken: set[str] = field(init=False)

    def __post_init__(self) -> None:
        known = set(self.names.values())
        self.taken = known | {name.rstrip("'").partition("_")[2] for name in known}  # in Σ_t r_t, r_t is read as bound

    def piece(self, term: Any) -> tuple[str, int]:
        text, level = self._dispatch(term)
        return self.marked(term, text), level

    def marked(self, term: Any, text: str) -> str:
        return self.alphabet.mark(text) if self.mark is not None and term == self.mark else text

    def _dispatch(self, term: Any) -> tuple[str, int]:
        """By the name of the class itself: a foreign class does not pass for what it inherits from."""
        kind = "Rational" if getattr(term, "is_Rational", False) else type(term).__name__
        method = getattr(self, f"write_{kind}", None)
        if method is None:
            raise NotATerm(f"{type(term).__name__} is not of this language, so it has no notation. "
                           "Build terms from the names that `derive` exports.")
        found: tuple[str, int] = method(term)
        return found

    def text(self, term: Any) -> str:
        return self.piece(term)[0]

    def script(self, term: Any) -> str:
        """What stands in a subscript or an exponent, without the spaces around its signs."""
        text = self.text(term).replace(" + ", "+").replace(" - ", "-")
        return text if self.alphabet.stacked else text.replace(" ", "")

    def fenced(self, piece: tuple[str, int], level: int) -> str:
        return piece[0] if piece[1] >= level else self.alphabet.bracket("(", piece[0], ")")

    def at(self, term: Any, level: int) -> str:
        return self.fenced(self.piece(term), level)

    def _spelled(self, name: str) -> str:
        return self.alphabet.letters.get(name) or self.alphabet.word(name)

    def symbol(self, name: str) -> str:
        """A letter, primed or with a subscript: tau', pi_old."""
        stem, _, below = name.rstrip("'").partition("_")
        primes = "'" * (len(name) - len(name.rstrip("'")))
        spelled = self._spelled(stem)
        if stem and below:
            spelled = self.alphabet.subscript(spelled, self._spelled(below))
        elif below:
            spelled = self.alphabet.word(name.rstrip("'"))
        return spelled + primes

    def letter(self, sort: str) -> str:
        """A letter for a bound index that no name in scope has."""
        first = _LETTERS[sort][0]
        primed = (first + "'" * number for number in count(1))
        return next(name for name in chain(_LETTERS[sort], primed) if name not in self.taken)

    def scoped(self, binder: Any, write: Callable[[str], tuple[str, int]]) -> tuple[str, int]:
        index = binder.index
        outer = self.names.get(index)
        own = None if self.letters is None else self.letters(binder, self.names)
        letter = self.letter(index.sort) if own is None or own in self.taken else own
        self.names[index] = letter
        self.taken.add(letter)
        try:
            return write(letter)
        finally:
            self.taken.remove(letter)
            if outer is None:
                del self.names[index]
            else:
                self.names[index] = outer
