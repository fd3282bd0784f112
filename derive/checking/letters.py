"""What has no meaning is spoken of in the letters that its author wrote.

A term forgets the letters of its sums: ``total(y, mu(y) * Q[l](y, y))`` is printed with an x, and an error that says
"x is a state" speaks of nothing in the file. The operand is found in the file, made again by itself, where its
letters are free and have their names, and asked once more what is wrong with it.
"""

from __future__ import annotations

from dataclasses import replace

from derive.checking.judgement import Judgement
from derive.checking.positions import Places, negated, places_of
from derive.checking.theorems import Theorem
from derive.checking.verdict import Malformed
from derive.errors import DeriveError
from derive.language.assumptions import check_step
from derive.language.expression import Term, negative


def in_the_authors_letters(theorem: Theorem, steps: tuple[Judgement, ...]) -> tuple[Judgement, ...]:
    """The steps, and those without a meaning with what is said of them in the letters of the file."""
    if not any(isinstance(step.verdict, Malformed) and step.verdict.where is not None for step in steps):
        return steps
    places = places_of(theorem)
    if places is None:
        return steps
    return tuple(replace(step, verdict=_said_again(step.verdict, places, number, theorem))
                 if isinstance(step.verdict, Malformed) else step for number, step in enumerate(steps, 1))


def _said_again(verdict: Malformed, places: Places, number: int, theorem: Theorem) -> Malformed:
    whole = verdict.where if verdict.within is None else verdict.within
    if not isinstance(whole, Term) or _wrong_with(whole, theorem) != verdict.why:  # what is said is of more than it
        return verdict
    for side in (number - 1, number):
        node = places.narrowed(side, [whole])
        value = None if node is None else places.value(node)
        if isinstance(value, Term) and negated(whole) is not None and negated(value) is None:
            value = negative(value)
        if isinstance(value, Term) and (again := _wrong_with(value, theorem)):
            return replace(verdict, why=again)
    return verdict


def _wrong_with(term: Term, theorem: Theorem) -> str:
    """Why a term by itself has no meaning; empty if it has one."""
    try:
        check_step(term, term, theorem.assumes, endless=theorem.endless)
    except DeriveError as error:
        return str(error)
    return ""
