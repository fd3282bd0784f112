"""What has no meaning, and what is owed, is spoken of in the letters that its author wrote.

A term forgets the letters of its sums: ``total(y, mu(y) * Q[l](y, y))`` is printed with an x, and an error that says
"x is a state" speaks of nothing in the file. The operand is found in the file, made again by itself, where its
letters are free and have their names, and asked once more what is wrong with it. Where that cannot be done, the
terms that are named are written with the letters of the file, and so are the conditions of a step.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr

from derive.checking.judgement import Judgement
from derive.checking.positions import Places, negated, places_of
from derive.checking.theorems import Theorem
from derive.checking.verdict import Malformed, NeedsCondition, Undecided, Unjustified, Verdict
from derive.errors import DeriveError
from derive.language.alphabets import UNICODE
from derive.language.assumptions import check_step
from derive.language.binding import Binder, Index
from derive.language.expression import Power, Ratio, Term, negative, subterms
from derive.language.spoken import Letters
from derive.language.terms import Log
from derive.procedures.obligations import spoken

_BINDING = tuple(UNICODE.signs[sign] for sign in ("sum", "prod", "E", "Var"))
"""What a sum or a mean is printed with."""


def in_the_authors_letters(theorem: Theorem, steps: tuple[Judgement, ...]) -> tuple[Judgement, ...]:
    """The steps, and what is said of those without a meaning, owing or undecided in the letters of the file."""
    if not any(isinstance(step.verdict, (Malformed, NeedsCondition, Undecided, Unjustified)) for step in steps):
        return steps
    places = places_of(theorem)
    if places is None:
        return steps
    return tuple(replace(step, verdict=_spoken(step, places, number, theorem)) for number, step in enumerate(steps, 1))


def as_written(theorem: Theorem) -> tuple[str, ...]:
    """The terms of a chain as text, in the letters of the file where they are known."""
    places = places_of(theorem)
    if places is None:
        return tuple(map(str, theorem.chain.terms))
    return tuple(places.letters(number).written(term) for number, term in enumerate(theorem.chain.terms))


def _spoken(step: Judgement, places: Places, number: int, theorem: Theorem) -> Verdict:
    verdict, sides = step.verdict, (step.before, step.after)

    def owed(letters: Letters) -> tuple[str, ...]:
        return spoken(sides, theorem.assumes, letters, endless=theorem.endless)

    match verdict:
        case NeedsCondition() if step.owed:
            return replace(verdict, conditions=owed(places.letters(number - 1, number)))
        case Malformed():
            again = _said_again(verdict, places, number, theorem)
            return again if again != verdict else replace(verdict, why=_in_letters(verdict.why, sides, places, number))
        case Undecided() | Unjustified():
            why = _in_letters(verdict.why, sides, places, number)
            if step.owed:
                usual, own = (", ".join(owed(one)) for one in (Letters({}), places.letters(number - 1, number)))
                why = why.replace(f"it owes {usual} besides", f"it owes {own} besides")
            return replace(verdict, why=why)
    return verdict


def _in_letters(text: str, sides: tuple[Expr, Expr], places: Places, number: int) -> str:
    """A message in which sums and means of the sides, and the sides, are named as the file names their letters."""
    if not any(sign in text for sign in _BINDING):  # it names none
        return text
    for side, at in zip(sides, (number - 1, number), strict=True):
        letters = places.letters(at)
        for part in (side, *(node for node in subterms(side) if isinstance(node, Binder))) if letters.given else ():
            if not any(isinstance(one, Index) and one.is_bound for one in part.free_symbols):
                text = text.replace(str(part), letters.written(part))
    return text


def _said_again(verdict: Malformed, places: Places, number: int, theorem: Theorem) -> Malformed:
    whole = verdict.where if verdict.within is None else verdict.within
    if not isinstance(whole, Term):
        return verdict
    named = isinstance(whole, (Ratio, Power, Log)) and str(whole) in verdict.why  # n/n was said to be t/t
    if not named and _wrong_with(whole, theorem) != verdict.why:  # what is said is of more than it
        return verdict
    for side in (number - 1, number):
        node = places.narrowed(side, [whole])
        value = None if node is None else places.value(node)
        if isinstance(value, Term) and negated(whole) is not None and negated(value) is None:
            value = negative(value)
        if isinstance(value, Term) and (again := _wrong_with(value, theorem)):
            return replace(verdict, why=again)
        if isinstance(value, Term) and named:
            return replace(verdict, why=verdict.why.replace(str(whole), str(value)))
    return verdict


def _wrong_with(term: Term, theorem: Theorem) -> str:
    """Why a term by itself has no meaning; empty if it has one."""
    try:
        check_step(term, term, theorem.assumes, endless=theorem.endless)
    except DeriveError as error:
        return str(error)
    return ""
