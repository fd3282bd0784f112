"""Values as the rewards to go, on the same trajectory.

Where nothing but unit letters follows, V_t(s_t) times a function of the past has the mean
of the rewards to go in its place,

    V_t(s_t) = E[sum_{k >= t} gamma^(k-t) r(s_k, a_k, s_{k+1}) | s_t]     under the law of its policy,

by the tower property: the trajectory may go on by that law, since units of any law sum to
1. In the same way A(s_t, a_t) = r + gamma V(s_{t+1}) - V(s_t) in the mean. Rewards do not
depend on theta, so a value can be differentiated after this, and the value of a second
policy needs no coordinates of its own. Where more than units follows, or another function
of the action stands beside V, it would take two trajectories: such letters stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from derive.procedures import automata
from derive.procedures.automata import Arrows, Automaton, Letter, Marks, Monomial, Weight, added, weighed
from derive.procedures.coordinates import REWARD, VALUES, advantage_symbol, value_symbol
from derive.procedures.paths import DYNAMICS

GAMMA: Weight = {(1, 0): Fraction(1)}
MINUS: Weight = {(0, 0): Fraction(-1)}


def unrolled(one: Automaton, policies: Collection[str], over: Collection[int]) -> Automaton:
    """A pushed automaton with the values of these policies unrolled; after the states ``over`` only units follow."""
    letters: dict[Letter, Arrows] = {}
    collecting: dict[tuple[str, int], int] = {}

    def put(key: Letter, p: int, q: int, weight: Weight) -> None:
        row = letters.setdefault(key, {})
        row[p, q] = added(row.get((p, q), {}), weight)

    def ahead(policy: str, q: int) -> int:
        """The state that stands for V of the next state, with q after the reward that is picked."""
        if (policy, q) not in collecting:
            state = collecting[policy, q] = one.size + len(collecting)
            put((frozenset(), _unit(policy)), state, state, GAMMA)
            put((frozenset(), automata.multiplied(_unit(policy), ((REWARD, 1),))), state, q, automata.ONE)
        return collecting[policy, q]

    def start(marks: Marks, law: str, policy: str, beside: Monomial, p: int, q: int, weight: Weight) -> None:
        """r + gamma V(x) under a law's letter, V of a policy."""
        letter = automata.multiplied(_unit(law), beside)
        put((marks, automata.multiplied(letter, ((REWARD, 1),))), p, q, weight)
        put((marks, letter), p, ahead(policy, q), weighed(weight, GAMMA))

    for (marks, letter), arrows in one.letters.items():
        found = _valued(letter, policies)
        for (p, q), weight in arrows.items():
            if found is None or q not in over:
                put((marks, letter), p, q, weight)
                continue
            what, policy, law, beside = found
            if what == "A":
                start(marks, law, policy, beside, p, q, weight)
                weight = weighed(weight, MINUS)
            start(marks, policy, policy, beside, p, q, weight)
    return Automaton(one.size + len(collecting), one.starts, letters, one.ends, one.marks)


def _unit(policy: str) -> Monomial:
    return automata.monomial((("sa", "pi", policy), 1), (DYNAMICS, 1))


def _valued(letter: Monomial, policies: Collection[str]) -> tuple[str, str, str, Monomial] | None:
    """("V" or "A", its policy, the law, the functions of the state beside) of a letter P pi V c or P pi A c."""
    values = [(symbol, e) for symbol, e in letter if symbol[1] in VALUES and symbol[2] in policies]
    if len(values) != 1 or values[0][1] != 1:
        return None
    (symbol, _), = values
    if symbol not in (value_symbol(symbol[2]), advantage_symbol(symbol[2])):
        return None
    rest = [(other, e) for other, e in letter if other != symbol]
    laws = [other for other, e in rest if other[0] == "sa" and other[1] == "pi" and e == 1]
    beside = tuple((other, e) for other, e in rest if other[0] == "s")
    if len(laws) != 1 or (DYNAMICS, 1) not in rest or len(rest) != 2 + len(beside):
        return None
    return symbol[1], symbol[2], laws[0][2], beside
