"""Whether a sum without end converges absolutely, read off its automaton before any algebra.

A state of which only one thing is asked, to read letters that mean 1, is *over*; what
follows there adds nothing. Free times are given numbers: steps before the last of them are
finitely many. Of all other states the loops must read letters that mean 1, their weights
add up to at most 1 and be nonnegative multiples of positive powers of gamma, and there
must be no longer cycle (``endless`` has the proof).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from derive.errors import OutsideFragment
from derive.procedures.automata import ONE, UNIT, Automaton, Letter, Monomial, Weight, trimmed

Means = Callable[[Monomial], bool]
"""Whether a letter, summed over what may happen, is 1."""


def over(one: Automaton, is_one: Means, *, endless: bool = True) -> frozenset[int]:
    """The states at which a word may end and after which only letters that mean 1 follow, with weight 1.

    At an infinite horizon also those after which nothing follows.
    """
    following: dict[int, list[tuple[Letter, int, Weight]]] = {}
    for letter, arrows in one.letters.items():
        for (p, q), weight in arrows.items():
            following.setdefault(p, []).append((letter, q, weight))

    def is_over(state: int) -> bool:
        match following.get(state, []):
            case []:
                return endless
            case [((marks, letter), target, weight)]:
                return not marks and target == state and is_one(letter) and weight == ONE
        return False

    return frozenset(state for state, weight in one.ends.get(UNIT, {}).items() if weight == ONE and is_over(state))


def check_convergence(one: Automaton, is_one: Means) -> None:
    """That the sum over all words converges absolutely, whatever numbers its free times are.

    Raises:
        OutsideFragment: if it is not known to.
    """
    free = over(one, is_one) | _before_a_mark(one)
    ahead: dict[int, set[int]] = {}
    loops: dict[int, Fraction] = {}
    for (_, letter), arrows in one.letters.items():
        for (p, q), weight in arrows.items():
            if p in free:
                continue
            if p != q:
                ahead.setdefault(p, set()).add(q)
                continue
            if not is_one(letter) or any(g < 1 or m or value < 0 for (g, m), value in weight.items()):
                raise OutsideFragment("a sum without end whose terms are not known to shrink like a power of gamma")
            loops[p] = loops.get(p, Fraction(0)) + sum(weight.values())
    if any(total > 1 for total in loops.values()) or _has_cycle(ahead):
        raise OutsideFragment("a sum without end that is not known to converge")


def vanishes(function: Mapping[int, Automaton]) -> bool:
    """Whether a function of a trajectory is 0 by its form."""
    return not any(trimmed(one).starts for one in function.values())


def refuse_divergent(functions: Iterable[Mapping[int, Automaton]]) -> None:
    """That functions converge on every trajectory: 0 times them, or a gradient, would hide that they do not.

    Raises:
        OutsideFragment: if one is not known to.
    """
    for one in (one for function in functions for one in function.values()):
        check_convergence(one, lambda letter: letter == UNIT)


def _before_a_mark(one: Automaton) -> frozenset[int]:
    """The states after which a free time is still to come."""
    found = {p for (marks, _), arrows in one.letters.items() if marks for p, _ in arrows}
    grew = bool(found)
    while grew:
        more = {p for arrows in one.letters.values() for p, q in arrows if q in found} - found
        found |= more
        grew = bool(more)
    return frozenset(found)


def _has_cycle(ahead: dict[int, set[int]]) -> bool:
    waiting = {target: 0 for targets in ahead.values() for target in targets} | dict.fromkeys(ahead, 0)
    for targets in ahead.values():
        for target in targets:
            waiting[target] += 1
    ready, seen = [state for state, count in waiting.items() if not count], 0
    while ready:
        seen += 1
        for target in ahead.get(ready.pop(), ()):
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return seen < len(waiting)
