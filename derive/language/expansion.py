"""What a defined notion is, and how terms are written out by definitions.

A ``Definition`` is the record of one notion; ``definitions`` holds them all. ``Expansion``
replaces notions by what they stand for, without capture: a record builds its binders with
``each``, and a bound index that is loose in its arguments stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr

from derive.errors import MalformedTerm, NotATerm, WorkLimit
from derive.language.binding import Binder
from derive.language.notation import Notation, arguments_of
from derive.language.terms import Defined, Notion

MOST_NODES = 50_000
"""Nodes that an expansion may have; nested variances triple at every level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a definition may depend on besides its arguments: the kind of return, and of horizon."""

    additive: bool
    infinite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One defined notion.

    ``sorts`` are those of its arguments, of a binder those of index, domain and body; ``says``
    is one sentence for the reader; ``example`` are arguments of a use. ``stands_for`` takes a
    situation and the arguments; it gives None where the notion is primitive there, and raises
    MalformedTerm where it has no meaning. ``node`` is the class of its terms, None for a notion
    that is written out at once.
    """

    name: str
    says: str
    sorts: tuple[str, ...]
    example: tuple[Expr, ...]
    stands_for: Callable[..., Expr | None]
    notation: Notation | None = None
    node: type[Expr] | None = Defined
    infinite: bool = False
    """Whether the notion speaks of an infinite horizon, whatever else is said."""

    def __call__(self, *arguments: Any) -> Expr:
        """The notion of these arguments, as a term."""
        if self.node is Defined:
            term: Expr = Defined(Notion(self), *arguments)
            return term
        if self.node is not None:
            return self.node(*arguments)
        meaning = self.stands_for(Situation(additive=True, infinite=False), *arguments)
        if meaning is None:
            raise NotATerm(f"{self.name} has no terms of its own and stands for nothing.")
        return meaning


class Expansion:
    """Terms written out by the records of their classes and of ``Defined`` nodes, in one situation.

    Equal subterms are written out once.
    """

    def __init__(self, situation: Situation, of_class: Mapping[type, Definition]) -> None:
        self.situation, self.of_class = situation, of_class
        self._known: dict[Expr, Expr | None] = {}  # None: stays as it is
        self._sizes: dict[Expr, int] = {}

    def of(self, term: Expr) -> Expr:
        """The term with every notion replaced, and the notions in what they stand for.

        Raises:
            MalformedTerm: for a notion without a meaning in this situation.
            WorkLimit: for more than ``MOST_NODES`` nodes, or a term that nests too deeply.
        """
        try:
            return self._of(term)
        except NotATerm as deep:
            raise WorkLimit(f"Written out by the definitions, the term is too large: {deep}") from None

    def meaning(self, term: Expr) -> Expr | None:
        """What the outermost node stands for, one definition unfolded; None for a primitive node.

        Raises:
            MalformedTerm: where it has no meaning in this situation, or its definition brings
                in a letter that is none of its arguments.
        """
        record = record_of(term, self.of_class)
        meaning = None if record is None else record.stands_for(self.situation, *arguments_of(term))
        if meaning is not None and (brought := meaning.free_symbols - term.free_symbols):
            letters = ", ".join(sorted(map(str, brought)))
            raise MalformedTerm(f"The definition of {term} speaks of {letters}, which is none of its arguments.", term)
        return meaning

    def _of(self, term: Expr) -> Expr:
        if not term.args:
            return term
        if term not in self._known:
            result = self._replaced(term)
            self._known[term] = None if result is term else result
        found = self._known[term]
        return term if found is None else found

    def _replaced(self, term: Expr) -> Expr:
        meaning = self.meaning(term)
        if meaning is not None:
            return self._of(meaning)
        kept = term.args[:1] if isinstance(term, Binder) else ()
        arguments = kept + tuple(self._of(argument) for argument in term.args[len(kept):])
        if all(new is old for new, old in zip(arguments, term.args, strict=True)):
            return term
        if sum(map(self._size, arguments)) > MOST_NODES:
            raise WorkLimit(f"Written out by the definitions, the term has more than {MOST_NODES:,} nodes.")
        return term.func(*arguments)

    def _size(self, term: Expr) -> int:
        if term not in self._sizes:
            self._sizes[term] = 1 + sum(map(self._size, term.args))
        return self._sizes[term]


def record_of(term: Expr, of_class: Mapping[type, Definition]) -> Definition | None:
    """The record that a ``Defined`` node carries, or that of the term's class."""
    if isinstance(term, Defined):
        carried: Definition = term.record
        return carried
    return of_class.get(type(term))
