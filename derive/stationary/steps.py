"""What is left of a functional after one step.

Four passes move a functional on by one step:

``opened``   splits the first instances off each sum, so that all other instances are later;
``settled``  puts in what is known of this step and the state after it;
``earlier``  counts times from the next step: what is at 3 is then at 2;
``Normal``   multiplies out, into numbers times products of what is still to come.

Of a discounted sum F = sum_t g^t f(s_t) they make f(s_0) + g F: linear equations in
finitely many products, which ``expectations`` sets up and ``systems`` solves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from derive.errors import NotApplicable, OutsideFragment
from derive.stationary.functionals import (
    Added,
    At,
    Clock,
    Entry,
    Geometric,
    Looped,
    Moment,
    Multiplied,
    Number,
    Of,
    Place,
    Tree,
    geometric,
    instance,
    rebuilt,
)
from derive.stationary.systems import F0, F1, Weight

Known = Mapping[At, int]

MOST_PRODUCTS = 20_000
"""Numbers times products that one system may multiply; usual ones take some hundreds."""


def opened(tree: Tree) -> Tree:
    """All instances of sums and products at times that this step settles stand by themselves."""
    match tree:
        case Looped(letter=letter, first=first, last=last, body=body):
            if first.letters:  # of a later time, so this one too
                over = last is not None and not last.letters and last.number < 1
                return tree.empty if over else replace(tree, body=opened(body))
            later = max(first.number, soonest(letter, body))
            until = later if last is None or last.letters else min(later, last.number + 1)
            parts = [opened(instance(body, letter, Moment(n))) for n in range(first.number, until)]
            if last is None or last.letters or last.number >= later:
                parts.append(replace(tree, first=Moment(later), body=opened(body)))
            return tree.combined(parts) if parts else tree.empty
        case Entry() | Of():
            return tree
    return rebuilt(tree, opened)


def soonest(letter: int, body: Tree) -> int:
    """The least value of a letter, 1 or more, at which all times that are counted from it are 1 or more."""
    if letter not in body.letters:
        return 1
    match body:
        case Entry(places=places):
            return max([1, *(1 - place.moment.number for place in places
                             if isinstance(place, At) and any(x == letter for x, _ in place.moment.letters))])
        case Looped(letter=inner, first=first, last=last):
            needed = [soonest(letter, body.body)] if inner != letter else [1]
            for limit in (first, last):
                if limit is not None and any(x == letter for x, _ in limit.letters):
                    needed.append(soonest(inner, body.body) - limit.number)
            return max(needed)
    return max([1, *(soonest(letter, part) for part in body.children)])


def settled(tree: Tree, known: Known, read: Callable[[Entry], Fraction]) -> Tree:
    """With the states and actions that are known, and the entries and functions of them that are."""
    match tree:
        case Entry(table, places):
            filled = tuple(_found(place, known) if isinstance(place, At) else place for place in places)
            asked = any(isinstance(place, At) for place in filled)
            return Entry(table, filled) if asked else Number(read(Entry(table, filled)))
    return rebuilt(tree, lambda part: settled(part, known, read))


def _found(place: At, known: Known) -> Place:
    if not place.moment.letters and place.moment.number < 0:
        raise NotApplicable(f"{place.kind} at the time {place.moment.number} does not exist")
    return known.get(place, place)


def earlier(tree: Tree) -> Tree:
    """With times counted from the next step."""
    match tree:
        case Entry(table, places):
            return Entry(table, tuple(replace(place, moment=place.moment.earlier) if isinstance(place, At) else place
                                      for place in places))
        case Geometric(base, moment):
            return Multiplied((geometric(base, Moment(sum(c for _, c in moment.letters))), tree))
        case Clock(moment):
            return Added((tree, Number(Fraction(sum(c for _, c in moment.letters)))))
        case Looped(first=first, last=last, body=body):
            return replace(tree, first=first.earlier, last=None if last is None else last.earlier, body=earlier(body))
    return rebuilt(tree, earlier)


Monomial = tuple[Tree, ...]
Polynomial = dict[Monomial, Weight]


class Normal:
    """Functionals multiplied out: numbers times products in one order, factors out of the sums that do not need them.

    Summands with the number 0 stay: 0 times a sum that does not converge has no value.
    """

    def __init__(self) -> None:
        self._order: dict[Tree, int] = {}
        self.work = 0

    def polynomial(self, tree: Tree) -> Polynomial:
        """A functional as numbers times products."""
        match tree:
            case Number(value):
                return {(): (value, abs(value))}
            case Added(parts):
                result: Polynomial = {}
                for part in parts:
                    for monomial, weight in self.polynomial(part).items():
                        _add(result, monomial, weight)
                return result or {(): (F0, F0)}
            case Multiplied(parts):
                result = {(): (F1, F1)}
                for part in parts:
                    result = self._product(result, self.polynomial(part))
                return result
            case Looped(multiplies=False):
                return self._summed(tree)
        return {(tree,): (F1, F1)}

    def _sorted(self, factors: Iterable[Tree]) -> Monomial:
        return tuple(sorted(factors, key=lambda factor: self._order.setdefault(factor, len(self._order))))

    def _product(self, left: Polynomial, right: Polynomial) -> Polynomial:
        if len(left) == 1 and () in left and left[()] == (F1, F1):
            return right
        self.work += len(left) * len(right)
        if self.work > MOST_PRODUCTS:
            raise OutsideFragment(f"more than {MOST_PRODUCTS} products in one system")
        result: Polynomial = {}
        for mine, (value, size) in left.items():
            for theirs, (other, measure) in right.items():
                monomial = self._sorted((*mine, *theirs)) if mine and theirs else mine or theirs
                _add(result, monomial, (value * other, size * measure))
        return result

    def _summed(self, loop: Looped) -> Polynomial:
        result: Polynomial = {}
        for factors, weight in self.polynomial(loop.body).items():
            if weight == (F0, F0):  # 0 at every time, if the rest has a value at one
                for monomial in self.polynomial(instance(Multiplied(factors), loop.letter, loop.first)):
                    _add(result, monomial, weight)
                continue
            inside = tuple(factor for factor in factors if loop.letter in factor.letters)
            outside = tuple(factor for factor in factors if loop.letter not in factor.letters)
            body = inside[0] if len(inside) == 1 else Multiplied(inside)
            _add(result, self._sorted((*outside, replace(loop, body=body))), weight)
        return result


def _add(polynomial: Polynomial, monomial: Monomial, weight: Weight) -> None:
    value, size = polynomial.get(monomial, (F0, F0))
    polynomial[monomial] = value + weight[0], size + weight[1]
