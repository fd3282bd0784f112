"""Functions of a trajectory as weighted automata over its steps.

An automaton reads the steps t = 0..H of a trajectory. Its letters are monomials in
symbols of the step, functions of (s_t, a_t, s_{t+1}) such as P, pi, pi', r, b; its value
on a trajectory is the sum over runs of the products of weights and letters:

    sum over words w of length H + 1 and ends c of (u M_w E_c) mu(s_0)^e w_0 w_1 ... w_H c(s_{H+1})

A free time index is a *mark* that the automaton puts on exactly one step. Products run
two automata side by side and put shared marks on the same step; summing over a time
forgets its mark. So nothing here depends on H, on the number of states, or of actions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from derive.errors import WorkLimit

MOST_STATES = 400
MOST_PRODUCTS = 20_000
ZERO = Fraction(0)

Symbol = tuple[str, ...]
"""(place, what, name): place is "s", "sa", "sax" or "x", what it is a function of."""

Monomial = tuple[tuple[Symbol, int], ...]
"""((symbol, exponent), ...), sorted, exponents not 0."""

Weight = dict[tuple[int, int], Fraction]
"""A polynomial in gamma and m: {(exponent of gamma, exponent of m): coefficient}."""

Marks = frozenset[Any]
Letter = tuple[Marks, Monomial]
Arrows = dict[tuple[int, int], Weight]

ONE: Weight = {(0, 0): Fraction(1)}
UNIT: Monomial = ()
NOTHING_READ: Mapping[Letter, Arrows] = {(frozenset(), UNIT): {(0, 0): ONE}}


def monomial(*factors: tuple[Symbol, int]) -> Monomial:
    """A monomial from (symbol, exponent) pairs."""
    return multiplied(UNIT, factors)


def multiplied(left: Iterable[tuple[Symbol, int]], right: Iterable[tuple[Symbol, int]]) -> Monomial:
    """The product of two monomials."""
    exponents: dict[Symbol, int] = {}
    for symbol, exponent in (*left, *right):
        exponents[symbol] = exponents.get(symbol, 0) + exponent
    return tuple(sorted((symbol, exponent) for symbol, exponent in exponents.items() if exponent))


def inverse(one: Monomial) -> Monomial:
    """One over a monomial."""
    return tuple((symbol, -exponent) for symbol, exponent in one)


def added(left: Weight, right: Weight) -> Weight:
    """The sum of two weights."""
    if not left:
        return {key: value for key, value in right.items() if value}
    result = dict(left)
    for key, value in right.items():
        value = result[key] + value if key in result else value
        if value:
            result[key] = value
        else:
            result.pop(key, None)
    return result


def weighed(left: Weight, right: Weight) -> Weight:
    """The product of two weights."""
    if left is ONE:
        return right
    if right is ONE:
        return left
    if len(left) * len(right) > MOST_PRODUCTS:
        raise WorkLimit(f"a weight of more than {MOST_PRODUCTS} terms")
    result: Weight = {}
    for (g, m), one in left.items():
        for (h, n), two in right.items():
            key = (g + h, m + n)
            result[key] = result.get(key, ZERO) + one * two
    return {key: value for key, value in result.items() if value}


@dataclass(frozen=True, slots=True)
class Automaton:
    """``starts[e]`` is the row u for mu(s_0)^e; ``ends[c]`` the column E_c; ``marks`` the free times."""

    size: int
    starts: Mapping[int, Mapping[int, Weight]]
    letters: Mapping[Letter, Arrows]
    ends: Mapping[Monomial, Mapping[int, Weight]]
    marks: Marks = frozenset()


def simple(arrows: Iterable[tuple[int, int, Iterable[Any], Monomial, Weight]], *, size: int, accept: Iterable[int],
           marks: Iterable[Any] = (), start: int = 0) -> Automaton:
    """An automaton from a list of (from, to, marks, letter, weight); it starts in 0 and ends in ``accept``."""
    letters: dict[Letter, Arrows] = {}
    for source, target, marked, letter, weight in arrows:
        row = letters.setdefault((frozenset(marked), letter), {})
        row[source, target] = added(row.get((source, target), {}), weight)
    return Automaton(size, {start: {0: ONE}}, letters, {UNIT: dict.fromkeys(accept, ONE)}, frozenset(marks))


def constant(weight: Weight) -> Automaton:
    """The number ``weight`` on every trajectory."""
    everywhere = simple([(0, 0, (), UNIT, ONE)], size=1, accept=[0])
    return scaled(everywhere, {power: value for power, value in weight.items() if value})


def along(letter: Monomial, *, start: int = 0) -> Automaton:
    """The product over all steps of one letter, times mu(s_0)^start."""
    return simple([(0, 0, (), letter, ONE)], size=1, accept=[0], start=start)


def local(letter: Monomial, time: Any) -> Automaton:
    """A letter at the step of a free time."""
    rest = [(0, 0, (), UNIT, ONE), (1, 1, (), UNIT, ONE)]
    return simple([*rest, (0, 1, (time,), letter, ONE)], size=2, accept=[1], marks=[time])


def final(letter: Monomial, *, after: int | None = None) -> Automaton:
    """A function of the last state s_{H+1}, given as a monomial in symbols of place "s"; 0 unless H + 1 = ``after``."""
    if after is None:
        return Automaton(1, {0: {0: ONE}}, along(UNIT).letters, {letter: {0: ONE}})
    steps = {(k, k + 1): ONE for k in range(after)}
    return Automaton(after + 1, {0: {0: ONE}}, {(frozenset(), UNIT): steps}, {letter: {after: ONE}})


def scaled(one: Automaton, weight: Weight) -> Automaton:
    """A weight times an automaton."""
    starts = {e: {q: weighed(w, weight) for q, w in row.items()} for e, row in one.starts.items()}
    return Automaton(one.size, starts, one.letters, one.ends, one.marks)


def total(parts: Iterable[Automaton]) -> Automaton:
    """The sum of automata, side by side; a time that is free in one is anywhere in the others."""
    listed = list(parts)
    marks: Marks = frozenset().union(*(part.marks for part in listed))
    starts: dict[int, dict[int, Weight]] = {}
    letters: dict[Letter, Arrows] = {}
    ends: dict[Monomial, dict[int, Weight]] = {}
    size = 0
    for part in listed:
        for time in sorted(marks - part.marks, key=str):
            part = times(part, local(UNIT, time))
        for e, row in part.starts.items():
            starts.setdefault(e, {}).update({q + size: w for q, w in row.items()})
        for letter, arrows in part.letters.items():
            letters.setdefault(letter, {}).update({(p + size, q + size): w for (p, q), w in arrows.items()})
        for c, column in part.ends.items():
            ends.setdefault(c, {}).update({q + size: w for q, w in column.items()})
        size += part.size
    return Automaton(size, starts, letters, ends, marks)


def times(left: Automaton, right: Automaton) -> Automaton:
    """The product: both read the same steps and put shared marks on the same one.

    Raises:
        WorkLimit: for more than ``MOST_STATES`` states.
    """
    for factor, rest in ((left, right), (right, left)):
        if (number_only := _number(factor)) is not None:
            return scaled(rest, number_only)
    shared = left.marks & right.marks
    numbers: dict[tuple[int, int], int] = {}
    queue: list[tuple[int, int]] = []

    def number(pair: tuple[int, int]) -> int:
        if pair not in numbers:
            numbers[pair] = len(numbers)
            queue.append(pair)
            if len(numbers) > MOST_STATES:
                raise WorkLimit(f"an automaton of more than {MOST_STATES} states")
        return numbers[pair]

    starts: dict[int, dict[int, Weight]] = {}
    for e, mine in left.starts.items():
        for f, theirs in right.starts.items():
            row = starts.setdefault(e + f, {})
            for p, one in mine.items():
                for q, two in theirs.items():
                    place = number((p, q))
                    row[place] = added(row.get(place, {}), weighed(one, two))
    outgoing = [_outgoing(left), _outgoing(right)]
    letters: dict[Letter, Arrows] = {}
    while queue:
        pair = queue.pop()
        source = numbers[pair]
        for marks, letter, target, one in outgoing[0].get(pair[0], ()):
            for others, second, other, two in outgoing[1].get(pair[1], ()):
                if marks & shared != others & shared:
                    continue
                product = multiplied(letter, second) if letter and second else letter or second
                arrows = letters.setdefault((marks | others, product), {})
                arrow = (source, number((target, other)))
                arrows[arrow] = added(arrows.get(arrow, {}), weighed(one, two))
    ends: dict[Monomial, dict[int, Weight]] = {}
    for c, mine in left.ends.items():
        for d, theirs in right.ends.items():
            column = ends.setdefault(multiplied(c, d), {})
            for (p, q), place in numbers.items():
                if p in mine and q in theirs:
                    column[place] = added(column.get(place, {}), weighed(mine[p], theirs[q]))
    return trimmed(Automaton(len(numbers), starts, letters, ends, left.marks | right.marks))


def _number(one: Automaton) -> Weight | None:
    """The weight of an automaton that is a constant, as ``constant`` makes it."""
    plain = one.size == 1 and one.letters == NOTHING_READ and one.ends == {UNIT: {0: ONE}} and one.starts.keys() == {0}
    return one.starts[0].get(0) if plain else None


def _outgoing(one: Automaton) -> dict[int, list[tuple[Marks, Monomial, int, Weight]]]:
    found: dict[int, list[tuple[Marks, Monomial, int, Weight]]] = {}
    for (marks, letter), arrows in one.letters.items():
        for (source, target), weight in arrows.items():
            found.setdefault(source, []).append((marks, letter, target, weight))
    return found


def forgotten(one: Automaton, time: Any) -> Automaton:
    """The sum over a free time: its mark is no longer shown."""
    letters: dict[Letter, Arrows] = {}
    for (marks, letter), arrows in one.letters.items():
        row = letters.setdefault((marks - {time}, letter), {})
        for place, weight in arrows.items():
            row[place] = added(row.get(place, {}), weight)
    return Automaton(one.size, one.starts, letters, one.ends, one.marks - {time})


def derived(one: Automaton, derivative: Callable[[Monomial], Iterable[tuple[Monomial, int]]],
            fixed: Collection[int] = ()) -> Automaton:
    """The derivative: one step is differentiated, whichever it is, but none from the states ``fixed``."""
    letters: dict[Letter, Arrows] = {}
    n = one.size
    for (marks, letter), arrows in one.letters.items():
        row = letters.setdefault((marks, letter), {})
        for (p, q), weight in arrows.items():
            row[p, q] = added(row.get((p, q), {}), weight)
            row[p + n, q + n] = added(row.get((p + n, q + n), {}), weight)
        for changed, factor in derivative(letter):
            row = letters.setdefault((marks, changed), {})
            for (p, q), weight in arrows.items():
                if p in fixed:
                    continue
                row[p, q + n] = added(row.get((p, q + n), {}), weighed(weight, {(0, 0): Fraction(factor)}))
    ends = {c: {q + n: w for q, w in column.items()} for c, column in one.ends.items()}
    return trimmed(Automaton(2 * n, one.starts, letters, ends, one.marks))


def pushed(one: Automaton) -> Automaton:
    """Functions of s_{t+1} alone move to the next letter, or to the end after the last.

    Without this two letters f(s_{t+1}) at t and f(s_t) at t + 1 would look different
    although they are the same function: a false "no".
    """
    numbers: dict[tuple[int, Monomial], int] = {}
    queue: list[tuple[int, Monomial]] = []

    def number(pair: tuple[int, Monomial]) -> int:
        if pair not in numbers:
            numbers[pair] = len(numbers)
            queue.append(pair)
            if len(numbers) > MOST_STATES:
                raise WorkLimit(f"an automaton of more than {MOST_STATES} states")
        return numbers[pair]

    starts = {e: {number((q, UNIT)): w for q, w in row.items()} for e, row in one.starts.items()}
    outgoing = _outgoing(one)
    letters: dict[Letter, Arrows] = {}
    while queue:
        state, pending = pair = queue.pop()
        for marks, letter, target, weight in outgoing.get(state, ()):
            kept = multiplied(pending, (factor for factor in letter if factor[0][0] != "x"))
            ahead = [(("s", *symbol[1:]), e) for symbol, e in letter if symbol[0] == "x"]
            arrows = letters.setdefault((marks, kept), {})
            place = (numbers[pair], number((target, tuple(sorted(ahead)))))
            arrows[place] = added(arrows.get(place, {}), weight)
    ends: dict[Monomial, dict[int, Weight]] = {}
    for c, column in one.ends.items():
        for (state, pending), source in numbers.items():
            if state in column:
                row = ends.setdefault(multiplied(pending, c), {})
                row[source] = added(row.get(source, {}), column[state])
    return trimmed(Automaton(len(numbers), starts, letters, ends, one.marks))


def trimmed(one: Automaton) -> Automaton:
    """Only states on a way from a start to an end, renumbered; zero weights left out."""
    forward: dict[int, set[int]] = {}
    backward: dict[int, set[int]] = {}
    for arrows in one.letters.values():
        for (p, q), weight in arrows.items():
            if weight:
                forward.setdefault(p, set()).add(q)
                backward.setdefault(q, set()).add(p)
    reached = _closure((q for row in one.starts.values() for q, w in row.items() if w), forward)
    useful = _closure((q for column in one.ends.values() for q, w in column.items() if w), backward)
    new = {state: place for place, state in enumerate(sorted(reached & useful))}
    starts = {e: {new[q]: w for q, w in row.items() if w and q in new} for e, row in one.starts.items()}
    letters = {
        letter: kept for letter, arrows in one.letters.items()
        if (kept := {(new[p], new[q]): w for (p, q), w in arrows.items() if w and p in new and q in new})
    }
    ends = {c: column for c, old in one.ends.items()
            if (column := {new[q]: w for q, w in old.items() if w and q in new})}
    return Automaton(len(new), {e: row for e, row in starts.items() if row}, letters, ends, one.marks)


def _closure(seeds: Iterable[int], arrows: Mapping[int, set[int]]) -> set[int]:
    found = set(seeds)
    queue = list(found)
    while queue:
        for target in arrows.get(queue.pop(), ()):
            if target not in found:
                found.add(target)
                queue.append(target)
    return found
