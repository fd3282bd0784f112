"""The shortest sequence of rules from one term to another, with the terms between.

Both terms are rewritten, by one rule at a time, everywhere, once or to a fixed point; and so are the terms that
come of it. A rule that gives the step from a term of the first kind to one of the second closes the gap. Shorter
sequences are found first, and of one length those of short terms. What is found is a proposal: whether it proves
the step is for the checker to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from sympy import Expr

from derive.errors import DeriveError
from derive.language.binding import rewrite_bottom_up
from derive.language.expression import Plus, Ratio, Times, subterms
from derive.rules import RULES
from derive.rules.algebra import regroup
from derive.rules.ring import ring
from derive.rules.rule import Rule

DEEPEST = 4
"""Rewritings of each side; with the step between, the longest sequence has nine."""
MOST_TERMS = 80
"""Terms of each side."""
MOST_PARTS = 200
"""Parts of a term that is followed."""


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
    one, two, closing = _Side(before, rules), _Side(after, rules), _Closing((*rules, regroup))
    for length in range(2, 2 * DEEPEST + 2):
        found = [path for left in range(max(0, length - 1 - DEEPEST), min(length - 1, DEEPEST) + 1)
                 for path in closing.between(one.at(left), two.at(length - 1 - left))]
        yield from sorted(dict.fromkeys(found), key=lambda path: sum(len(str(term)) for term in path.terms))


class _Closing:
    """The rules that lead from one term to another: both become the same by ring laws."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._made: dict[tuple[Rule | None, Expr], Expr | None] = {}

    def between(self, ones: Sequence[_Reached], twos: Sequence[_Reached]) -> Iterator[Path]:
        for rule in self._rules:
            meeting: dict[Expr, list[_Reached]] = {}
            for two in twos:
                if (form := self._form(rule, two.term)) is not None:
                    meeting.setdefault(form, []).append(two)
            for one in ones:
                form = self._form(rule, one.term)
                for two in meeting.get(form, ()) if form is not None else ():
                    alike = self._form(None, one.term) == self._form(None, two.term)
                    terms = (*one.terms, *reversed(two.terms))
                    if alike == (rule is regroup) and len(set(terms)) == len(terms):
                        yield Path((*one.rules, rule, *reversed(two.rules)), terms[1:-1])

    def _form(self, rule: Rule | None, term: Expr) -> Expr | None:
        """The normal form of what a rule makes of a term, of the term itself for no rule."""
        if (rule, term) not in self._made:
            self._made[rule, term] = None
            with suppress(DeriveError):
                self._made[rule, term] = ring(term if rule is None else rule.applied(term)[0])
        return self._made[rule, term]


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
                if term not in self._seen and len(list(islice(subterms(term), MOST_PARTS + 1))) <= MOST_PARTS:
                    self._seen.add(term)
                    yield _Reached((*one.terms, term), (*one.rules, rule), one.depth + 1)

    def _moves(self, term: Expr) -> Iterator[tuple[Rule, Expr]]:
        for rule in self._rules:
            yield from ((rule, made) for made in _rewritten(rule, term) if made != term)
        gathered = rewrite_bottom_up(term, _gathered)
        if gathered != term:
            yield regroup, gathered


def _rewritten(rule: Rule, term: Expr) -> Iterator[Expr]:
    """What the rule makes of a term in one pass, and to a fixed point, as it would be written."""
    with suppress(DeriveError):
        yield rewrite_bottom_up(rewrite_bottom_up(term, lambda node: rule.tidy(rule.rewrite(node))), _plain)
        yield rewrite_bottom_up(rule.applied(term)[0], _plain)


def _plain(node: Expr) -> Expr:
    """Without sums in sums and products in products, 0 as a summand and 1 as a factor."""
    if not isinstance(node, (Plus, Times)):
        return node
    nothing = 0 if isinstance(node, Plus) else 1
    parts = [part for one in node.args for part in (one.args if type(one) is type(node) else (one,))]
    kept = [part for part in parts if part != nothing]
    if len(kept) < 2:
        return kept[0] if kept else node
    return node if tuple(kept) == node.args else node.func(*kept)


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
