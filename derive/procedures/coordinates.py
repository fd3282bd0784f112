"""The reward in the coordinates of one policy's values.

For every MDP and policy, with V and A its value and advantage functions,

    r(s, a, x) = V(s) + A(s, a) - gamma V(x) + eps(s, a, x),
    sum_a pi(a|s) A(s, a) = 0,     sum_x P(x|s, a) eps(s, a, x) = 0,

where V, A and eps may depend on the time, and V_{H+1} = 0 at a finite horizon: A + eps is
the temporal-difference error (Sutton and Barto, 6.5), whose mean given s and a is A.
Conversely every V, A, eps with these relations belong to exactly one reward. So V and A
may be taken as free symbols and r replaced everywhere, after gradients have been taken:
a reward does not depend on theta, while each of its coordinates may.
"""

from __future__ import annotations

from fractions import Fraction

from derive.errors import OutsideFragment
from derive.procedures.automata import (
    ONE,
    UNIT,
    Arrows,
    Automaton,
    Letter,
    Monomial,
    Symbol,
    Weight,
    added,
    monomial,
    weighed,
)
from derive.procedures.automata import multiplied as joined

REWARD: Symbol = ("sax", "r", "")
VALUES = ("V", "A")
MOST_FACTORS = 4


def value_symbol(policy: str, *, ahead: bool = False) -> Symbol:
    """V of this state, or of the next."""
    return ("x" if ahead else "s", "V", policy)


def advantage_symbol(policy: str) -> Symbol:
    """A of this state and action."""
    return ("sa", "A", policy)


def policies_valued(one: Automaton) -> set[str]:
    """The policies whose values are symbols of an automaton."""
    letters = [letter for _, letter in one.letters] + list(one.ends)
    return {symbol[2] for letter in letters for symbol, _ in letter if symbol[1] in VALUES}


def in_coordinates(one: Automaton, policy: str) -> Automaton:
    """The automaton with V + A - gamma V(x) + eps for every r.

    Raises:
        OutsideFragment: for a reward or a value in a denominator, or more than ``MOST_FACTORS`` rewards of one step.
    """
    letters: dict[Letter, Arrows] = {}
    for (marks, letter), arrows in one.letters.items():
        for written, factor in _expanded(letter, policy):
            row = letters.setdefault((marks, written), {})
            for place, weight in arrows.items():
                row[place] = added(row.get(place, {}), weighed(weight, factor))
    return Automaton(one.size, one.starts, letters, one.ends, one.marks)


def _expanded(letter: Monomial, policy: str) -> list[tuple[Monomial, Weight]]:
    """A letter with each factor r replaced, as a sum."""
    exponents = dict(letter)
    number = exponents.get(REWARD, 0)
    if any(e < 0 for symbol, e in letter if symbol[1] in VALUES or symbol == REWARD) or number > MOST_FACTORS:
        raise OutsideFragment("a reward or a value that is divided by, or a high power of it, next to values")
    coordinates: list[tuple[Symbol, Weight]] = [
        (value_symbol(policy), ONE), (advantage_symbol(policy), ONE), (("sax", "eps", policy), ONE),
        (value_symbol(policy, ahead=True), {(1, 0): Fraction(-1)})]
    result: dict[Monomial, Weight] = {joined(letter, ((REWARD, -number),) if number else UNIT): ONE}
    for _ in range(number):
        longer: dict[Monomial, Weight] = {}
        for written, weight in result.items():
            for symbol, factor in coordinates:
                product = joined(written, monomial((symbol, 1)))
                longer[product] = added(longer.get(product, {}), weighed(weight, factor))
        result = longer
    return list(result.items())
