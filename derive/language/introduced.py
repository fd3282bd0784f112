"""Names that an author introduces: ``A := Q - V``, a notion like the others, defined where it is used.

A name stands for nothing before it is introduced, so what it is defined as cannot speak of it, and the definition
claims nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sympy import Expr

from derive.errors import InvalidChain
from derive.language.binding import Index, substitute
from derive.language.expansion import Definition, Situation
from derive.language.expression import MOST_PARTS, as_term, subterms
from derive.language.horizons import is_endless
from derive.language.notation import Notation
from derive.language.terms import TIME, Defined
from derive.language.typing import admit, check
from derive.language.vocabulary import Letter


@dataclass(frozen=True, slots=True)
class Introduced:
    """What an introduced name stands for: a body, in which arguments are put in for letters."""

    letters: tuple[Index, ...]
    body: Expr
    parts: int
    """Those of the body where the names in it are written out too."""

    def __call__(self, situation: Situation, *arguments: Expr) -> Expr:
        """The body at these arguments."""
        return substitute(self.body, dict(zip(self.letters, arguments, strict=True)), loose=True)


def define(name: str, letters: Sequence[Any], body: Any) -> Letter:
    """``define("Adv", [t, s, a], Q[t](s, a) - V[t](s))``, written ``Adv[t](s, a)`` from then on.

    A time that comes first is a subscript. ``definition(Adv)`` is the rule that puts the body in its place.

    Raises:
        InvalidChain: for letters that are none, or not different, a body that speaks of others, and no name.
        MalformedTerm: for a body without a meaning.
    """
    if type(name) is not str:
        raise InvalidChain(f"define({name!r}, ...): a name is a string.")
    if isinstance(letters, (str, Expr)) or not all(
            isinstance(one, Index) for one in letters):
        raise InvalidChain(f"define({name!r}, ...): the letters are a list, such as [s, a] or [t, tau].")
    own, term = tuple(letters), check(admit(as_term(body)))
    if not own:
        raise InvalidChain(f"define({name!r}, ...): it has no letters. Write scalar({name!r}) for a number.")
    if len(set(own)) < len(own):
        raise InvalidChain(f"define({name!r}, ...): the letters are not different from each other.")
    if others := sorted(map(str, term.free_symbols - set(own))):
        raise InvalidChain(f"define({name!r}, ...): the body speaks of {', '.join(others)}. Name what it depends on.")
    if (parts := _parts(term)) > MOST_PARTS:
        raise InvalidChain(f"define({name!r}, ...): written out, the body has {parts:,} parts; at most {MOST_PARTS:,} "
                           "are read.")
    timed = own[0].sort == TIME
    notation = Notation(letter=name, python=name, inside=tuple(range(timed, len(own))), below=0 if timed else None)
    record = Definition(name=name, says=f"{name} stands for {term}, by definition.",
                        sorts=tuple(one.sort for one in own), example=own,
                        stands_for=Introduced(own, term, parts), notation=notation, infinite=is_endless(term))
    return Letter(record, notation)


def _parts(term: Expr) -> int:
    meanings = (node.record.stands_for if isinstance(node, Defined) else None for node in subterms(term))
    return sum(meaning.parts if isinstance(meaning, Introduced) else 1 for meaning in meanings)


class Name(NamedTuple):
    """An introduced name: its record, the term that says it at its own letters, and what it stands for."""

    record: Definition
    term: Expr
    body: Expr


def introduced(terms: Iterable[Expr]) -> tuple[Name, ...]:
    """The names that were introduced, in the order in which they occur, those inside bodies first."""
    found: dict[Definition, Name] = {}
    for term in terms:
        for node in subterms(term):
            meaning = node.record.stands_for if isinstance(node, Defined) else None
            if isinstance(meaning, Introduced) and node.record not in found:
                inner = {one.record: one for one in introduced([meaning.body])}
                found |= inner | {node.record: Name(node.record, node.record(*meaning.letters), meaning.body)}
    return tuple(found.values())
