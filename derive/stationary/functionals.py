"""Functions of trajectories that never end, as trees.

A functional is built over the states and actions of one or more *chains*, independent
trajectories that all begin now. A time is a ``Moment``: a number of steps from now, or the
letter of a sum plus a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property
from math import prod

from derive.errors import OutsideFragment, Undefined
from derive.stationary.systems import F0, F1

MOST_INSTANCES = 200
"""Instances that a finite sum or product may have."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A number of steps from now, plus multiples of the letters of sums over times."""

    number: int
    letters: tuple[tuple[int, int], ...] = ()

    def plus(self, other: Moment, times: int = 1) -> Moment:
        """The sum; the other is taken ``times`` times."""
        letters = dict(self.letters)
        for letter, count in other.letters:
            letters[letter] = letters.get(letter, 0) + count * times
        return Moment(self.number + other.number * times, tuple(sorted((x, c) for x, c in letters.items() if c)))

    def at(self, letter: int, value: Moment) -> Moment:
        """With a value in the place of a letter."""
        count = dict(self.letters).get(letter, 0)
        if not count:
            return self
        return Moment(self.number, tuple(one for one in self.letters if one[0] != letter)).plus(value, count)

    @property
    def earlier(self) -> Moment:
        """Counted from the next step; a letter counts from there by itself."""
        return self if self.letters else Moment(self.number - 1)


@dataclass(frozen=True, slots=True)
class At:
    """The state ("s") or action ("a") of a chain at a moment."""

    kind: str
    chain: int
    moment: Moment


Place = At | int


@dataclass(frozen=True)
class Tree:
    """A functional; equal trees are the same functional. Hashes are computed once: they are asked for all the time."""

    @cached_property
    def _hash(self) -> int:
        return hash((type(self), *(getattr(self, one.name) for one in fields(self))))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def chains(self) -> frozenset[int]:
        """The trajectories that it still asks for."""
        return frozenset().union(*(part.chains for part in self.children))

    @cached_property
    def letters(self) -> frozenset[int]:
        """The letters of sums around it that it has."""
        return frozenset().union(*(part.letters for part in self.children))

    @property
    def children(self) -> tuple[Tree, ...]:
        """What it is made of."""
        return ()


@dataclass(frozen=True)
class Number(Tree):
    """A number."""

    value: Fraction
    __hash__ = Tree.__hash__


@dataclass(frozen=True)
class Entry(Tree):
    """An entry of a table of the model."""

    table: tuple[object, ...]
    places: tuple[Place, ...]
    __hash__ = Tree.__hash__

    @cached_property
    def chains(self) -> frozenset[int]:
        return frozenset(place.chain for place in self.places if isinstance(place, At))

    @cached_property
    def letters(self) -> frozenset[int]:
        return frozenset(x for place in self.places if isinstance(place, At) for x, _ in place.moment.letters)


@dataclass(frozen=True)
class Of(Tree):
    """A function of one number, such as 1/x; not split, so it waits until its argument is known."""

    function: Callable[[Fraction], Fraction]
    inside: Tree
    __hash__ = Tree.__hash__

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.inside,)


@dataclass(frozen=True)
class Added(Tree):
    """A sum."""

    parts: tuple[Tree, ...]
    __hash__ = Tree.__hash__

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.parts


@dataclass(frozen=True)
class Multiplied(Tree):
    """A product."""

    parts: tuple[Tree, ...]
    __hash__ = Tree.__hash__

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.parts


@dataclass(frozen=True)
class Geometric(Tree):
    """base ** moment."""

    base: Fraction
    moment: Moment
    __hash__ = Tree.__hash__

    @cached_property
    def letters(self) -> frozenset[int]:
        return frozenset(x for x, _ in self.moment.letters)


@dataclass(frozen=True)
class Clock(Tree):
    """A time as a number."""

    moment: Moment
    __hash__ = Tree.__hash__

    @cached_property
    def letters(self) -> frozenset[int]:
        return frozenset(x for x, _ in self.moment.letters)


@dataclass(frozen=True)
class Looped(Tree):
    """The sum, or the product, of the body over first <= letter <= last; ``None``: for ever."""

    letter: int
    first: Moment
    last: Moment | None
    body: Tree
    multiplies: bool
    __hash__ = Tree.__hash__

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.body,)

    @cached_property
    def letters(self) -> frozenset[int]:
        limits = [x for limit in (self.first, self.last) if limit is not None for x, _ in limit.letters]
        return (self.body.letters - {self.letter}) | frozenset(limits)

    @property
    def empty(self) -> Number:
        """What a sum or product over nothing is."""
        return Number(F1 if self.multiplies else F0)

    def combined(self, parts: Iterable[Tree]) -> Tree:
        """The sum or product of some functionals."""
        return Multiplied(tuple(parts)) if self.multiplies else Added(tuple(parts))


# -- one functional for another ----------------------------------------------------------------------


def geometric(base: Fraction, moment: Moment) -> Tree:
    """base ** moment, the number in it apart."""
    if base == 0 and moment.number < 0:
        raise OutsideFragment("0 to a power that is counted back from a later time")
    number = Number(base**moment.number)
    return Multiplied((number, Geometric(base, Moment(0, moment.letters)))) if moment.letters else number


def looped(one: Looped) -> Tree:
    """The loop itself, or where both its ends are known relative to each other, its instances."""
    gap = None if one.last is None else one.last.plus(one.first, -1)
    if gap is None or gap.letters:
        return one
    if gap.number < 0:
        return one.empty
    if gap.number >= MOST_INSTANCES:
        raise OutsideFragment(f"more than {MOST_INSTANCES} instances of a sum or product")
    return one.combined(instance(one.body, one.letter, one.first.plus(Moment(n))) for n in range(gap.number + 1))


def instance(tree: Tree, letter: int, value: Moment) -> Tree:
    """With a moment in the place of a letter."""
    if letter not in tree.letters:
        return tree
    match tree:
        case Entry(table, places):
            return Entry(table, tuple(replace(place, moment=place.moment.at(letter, value))
                                      if isinstance(place, At) else place for place in places))
        case Geometric(base, moment):
            return geometric(base, moment.at(letter, value))
        case Clock(moment):
            return clock(moment.at(letter, value))
        case Looped(first=first, last=last, body=body):
            inner = body if tree.letter == letter else instance(body, letter, value)
            return looped(replace(tree, first=first.at(letter, value), body=inner,
                                  last=None if last is None else last.at(letter, value)))
    return rebuilt(tree, lambda part: instance(part, letter, value))


def clock(moment: Moment) -> Tree:
    """A time as a number."""
    return Clock(moment) if moment.letters else Number(Fraction(moment.number))


def rebuilt(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """The same operator on changed parts."""
    match tree:
        case Added(parts):
            return _folded(Added(tuple(map(change, parts))))
        case Multiplied(parts):
            return _folded(Multiplied(tuple(map(change, parts))))
        case Of(function, inside):
            changed = change(inside)
            return Number(function(changed.value)) if isinstance(changed, Number) else Of(function, changed)
        case Looped(body=body):
            return replace(tree, body=change(body))
    return tree


def _folded(tree: Added | Multiplied) -> Tree:
    """A number where all parts are numbers."""
    values = [part.value for part in tree.parts if isinstance(part, Number)]
    if len(values) < len(tree.parts):
        return tree
    return Number(sum(values, F0) if isinstance(tree, Added) else prod(values, start=F1))


def reciprocal(says: str) -> Callable[[Fraction], Fraction]:
    """1/x, which ``says`` what x is where it is 0."""
    def inverted(value: Fraction) -> Fraction:
        if value == 0:
            raise Undefined(f"{says} is 0 here, and a term divides by it")
        return 1 / value

    return inverted
