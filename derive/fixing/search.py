"""The shortest sequence of rules from one term to another, with the terms between.

Both terms are rewritten, by one rule at a time and everywhere, and so are the terms that come of it; a rule that
gives the step from a term of the first kind to one of the second closes the gap. Shorter sequences are found
first. What is found is a proposal: whether it proves the step is for the checker to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sympy import Expr

from derive.errors import DeriveError, WorkLimit
from derive.language.binding import rewrite_bottom_up
from derive.language.expression import Ratio, Times
from derive.rules import RULES
from derive.rules.algebra import regroup
from derive.rules.ring import ring
from derive.rules.rule import Rule

DEEPEST = 3
"""Rewritings of each side; with the step between, the longest sequence has seven."""
MOST_TERMS = 60
"""Terms of each side."""


@dataclass(frozen=True, slots=True)
class Path:
    """Rules and the terms between them: one term fewer."""

    rules: tuple[Rule, ...]
    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class _Reached:
    """A term that rules lead to: the terms on the way, the outermost first, and the rule of each step."""

    terms: tuple[Expr, ...]
    rules: tuple[Rule, ...]
    depth: int

    @property
    def term(self) -> Expr:
        return self.terms[-1]


def sequences(before: Expr, after: Expr, usable: Callable[[Rule], bool]) -> Iterator[Path]:
    """Sequences of at least two rules, the shortest first, each rule one that may be used here."""
    rules = [rule for rule in RULES if rule is not regroup and usable(rule)]
    one, two = _Side(before, rules), _Side(after, rules)
    for length in range(2, 2 * DEEPEST + 2):
        for left in range(length):
            right = length - 1 - left
            if max(left, right) > DEEPEST:
                continue
            yield from _closed(one.at(left), two.at(right), [*rules, regroup])


def _closed(ones: Sequence[_Reached], twos: Sequence[_Reached], rules: Sequence[Rule]) -> Iterator[Path]:
    normal: dict[Expr, Expr | None] = {}

    def shape(term: Expr) -> Expr | None:
        if term not in normal:
            normal[term] = _ring(term)
        return normal[term]

    for rule in rules:
        meeting: dict[Expr, list[_Reached]] = {}
        for two in twos:
            if (made := _made(rule, two.term)) is not None and (form := shape(made)) is not None:
                meeting.setdefault(form, []).append(two)
        for one in ones:
            made = _made(rule, one.term)
            form = None if made is None else shape(made)
            for two in meeting.get(form, ()) if form is not None else ():
                if (shape(one.term) == shape(two.term)) == (rule is regroup) and one.term != two.term:
                    terms = (*one.terms, *reversed(two.terms))
                    if len(set(terms)) == len(terms):
                        yield Path((*one.rules, rule, *reversed(two.rules)), terms[1:-1])


def _made(rule: Rule, term: Expr) -> Expr | None:
    try:
        return rule.applied(term)[0]
    except WorkLimit:
        return None


def _ring(term: Expr) -> Expr | None:
    try:
        return ring(term)
    except WorkLimit:
        return None


class _Side:
    """What one term becomes, by the number of rewritings."""

    def __init__(self, term: Expr, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._levels = [[_Reached((term,), (), 0)]]
        self._seen = {term}

    def at(self, depth: int) -> list[_Reached]:
        while len(self._levels) <= depth:
            self._levels.append(list(self._next(self._levels[-1])))
        return self._levels[depth]

    def _next(self, reached: Sequence[_Reached]) -> Iterator[_Reached]:
        for one in reached:
            for rule, term in self._moves(one.term):
                if len(self._seen) >= MOST_TERMS:
                    return
                if term not in self._seen:
                    self._seen.add(term)
                    yield _Reached((*one.terms, term), (*one.rules, rule), one.depth + 1)

    def _moves(self, term: Expr) -> Iterator[tuple[Rule, Expr]]:
        for rule in self._rules:
            try:
                made, used = rule.applied(term)
            except (WorkLimit, DeriveError):
                continue
            if used and made != term:
                yield rule, made
        gathered = rewrite_bottom_up(term, _gathered)
        if gathered != term:
            yield regroup, gathered


def _gathered(node: Expr) -> Expr:
    """x (y/x) as (x/x) y: regrouped so that a factor stands over itself."""
    match node:
        case Times(args=factors):
            for place, factor in enumerate(factors):
                if isinstance(factor, Ratio) and factor.args[0] != factor.args[1] and factor.args[1] in factors:
                    above, below = factor.args
                    rest = [one for at, one in enumerate(factors) if at != place]
                    at = rest.index(below)
                    rest[at] = Ratio(below, below)
                    rest.insert(at + 1, above)
                    return Times(*rest)
    return node


def steps(before: Expr, after: Expr, found: Path) -> Iterator[tuple[Expr, Expr]]:
    """The pairs of terms that a sequence puts between two."""
    yield from pairwise((before, *found.terms, after))
