"""In which order the times of a summand can come: one letter after another, step by step.

What is left of the sum at a step depends on how long ago each letter was placed, its *age*;
ages are counted up to where no function, bound or run asks for them any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import NamedTuple

from derive.errors import NotApplicable, OutsideFragment
from derive.language.terms import Time
from derive.semantics.summands import Moment, Summand

MOST_LETTERS = 6

Ages = tuple[int | None, ...]
"""How many steps ago each letter was placed, and at 0 the beginning; None: not yet."""


class Turn(NamedTuple):
    """One way that a step can go: the ages after it, what is multiplied, and which letters still wait."""

    after: Ages
    functions: frozenset[int]
    runs: frozenset[int]
    waiting: tuple[int, ...]


class Timeline:
    """The ages that a summand can have, and how they go on. Letters are numbers; 0 is the beginning."""

    def __init__(self, summand: Summand) -> None:
        if len(summand.letters) > MOST_LETTERS:
            raise OutsideFragment(f"a product of sums over more than {MOST_LETTERS} times")
        numbers: dict[Time | None, int] = {None: 0} | {x: n for n, x in enumerate(summand.letters, 1)}
        steps = [function.step for function in summand.functions]
        runs = [(_moved(run.first, run.function.step.number), _moved(run.last, run.function.step.number))
                for run in summand.runs]
        gaps = _longest([(numbers[one.earlier], numbers[one.later], one.gap) for one in summand.bounds], len(numbers))
        early = [min([0, *(step.number for step in steps if numbers[step.letter] == n)]) for n in range(len(numbers))]
        if any(gaps[0][n] + early[n] < 0 for n in range(len(numbers))):
            raise NotApplicable("a time below 0")
        # letters are counted from their earliest function
        self.offset = early
        self.steps = [(numbers[step.letter], step.number - early[numbers[step.letter]]) for step in steps]
        self.runs = [tuple((numbers[limit.letter], limit.number - early[numbers[limit.letter]]) for limit in run)
                     for run in runs]
        self.bounds = [(numbers[one.earlier], numbers[one.later],
                        one.gap + early[numbers[one.later]] - early[numbers[one.earlier]]) for one in summand.bounds]
        if any((first[0] and first[1] < 0) or (last[0] and last[1] < -1) for first, last in self.runs):
            raise OutsideFragment("a product over times whose end is not yet known when it is reached")
        asked = [(n, c) for n, c in self.steps] + [limit for run in self.runs for limit in run]
        asked += [(n, abs(gap)) for earlier, later, gap in self.bounds for n in (earlier, later)]
        self.oldest = [1 + max([0, *(c for n, c in asked if n == letter)]) for letter in range(len(numbers))]
        self._alive: dict[Ages, bool] = {}

    @property
    def start(self) -> Ages:
        """Nothing but the beginning is placed."""
        return (0, *(None for _ in self.oldest[1:]))

    def over(self, ages: Ages) -> bool:
        """Whether all letters are placed and nothing is asked for any more."""
        if None in ages:
            return False
        asked = [*self.steps, *(last for _, last in self.runs)]
        return all(_age(ages, n) > c for n, c in asked)

    def alive(self, ages: Ages) -> bool:
        """Whether the letters that are not placed can still be."""
        if ages not in self._alive:
            self._alive[ages] = self.over(ages) or any(
                self.alive(turn.after) for turn in self.turns(ages) if turn.after != ages)
        return self._alive[ages]

    def turns(self, ages: Ages) -> Iterator[Turn]:
        """The ways that a step can go."""
        free = [n for n, age in enumerate(ages) if age is None]
        for size in range(len(free) + 1):
            for placed in combinations(free, size):
                now = tuple(0 if n in placed else age for n, age in enumerate(ages))
                if self._allowed(now, placed):
                    yield Turn(
                        tuple(None if age is None else min(age + 1, self.oldest[n]) for n, age in enumerate(now)),
                        frozenset(i for i, (n, c) in enumerate(self.steps) if now[n] == c),
                        frozenset(i for i, run in enumerate(self.runs) if self._runs(now, *run)),
                        tuple(n for n, age in enumerate(now) if age is None))

    def _allowed(self, now: Ages, placed: tuple[int, ...]) -> bool:
        for earlier, later, gap in self.bounds:
            known = now[earlier] is not None and now[later] is not None
            if known and (earlier in placed or later in placed) and _age(now, earlier) - _age(now, later) < gap:
                return False
        return True

    def _runs(self, now: Ages, first: tuple[int, int], last: tuple[int, int]) -> bool:
        begun = now[first[0]] is not None and _age(now, first[0]) >= first[1]
        return begun and (now[last[0]] is None or _age(now, last[0]) <= last[1])


def _age(ages: Ages, letter: int) -> int:
    age = ages[letter]
    assert age is not None
    return age


def _moved(limit: Moment, number: int) -> Moment:
    return Moment(limit.letter, limit.number + number)


def _longest(bounds: list[tuple[int, int, int]], size: int) -> list[list[int]]:
    """The least distance that the bounds imply between any two letters (Floyd and Warshall).

    Raises:
        OutsideFragment: if they contradict each other; nothing is summed then.
    """
    never = -10**9
    gaps = [[0 if n == m else never for m in range(size)] for n in range(size)]
    for earlier, later, gap in bounds:
        gaps[earlier][later] = max(gaps[earlier][later], gap)
    for middle, one, two in product(range(size), repeat=3):
        gaps[one][two] = max(gaps[one][two], gaps[one][middle] + gaps[middle][two])
    if any(gaps[n][n] > 0 for n in range(size)):
        raise OutsideFragment("a sum over times that contradict each other")
    return gaps
