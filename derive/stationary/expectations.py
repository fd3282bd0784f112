"""The mean of a functional of independent trajectories that never end, by one linear system over states.

The unknowns are W(m, s), the mean of a product m of what is still to come where the chains
that it asks for stand in the states s; the equations are those of one step (``steps``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from derive.errors import OutsideFragment
from derive.language.models import Table
from derive.stationary.functionals import At, Entry, Moment, Multiplied, Tree
from derive.stationary.steps import Known, Monomial, Normal, Polynomial, earlier, opened, settled
from derive.stationary.systems import F1, LinearEquation, solved

MOST_UNKNOWNS = 2_000
NOW, NEXT = Moment(0), Moment(1)
States = tuple[tuple[int, int], ...]
"""(chain, its state), for each chain that is asked for."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """Where chains begin and how they go on: mu, P, and the policy of each chain."""

    mu: Sequence[Fraction]
    P: Sequence[Table]
    policies: Mapping[int, Table]
    read: Callable[[Entry], Fraction]

    def mean(self, functional: Tree) -> Fraction:
        """The mean over all chains.

        Raises:
            Diverges: where it is no absolutely convergent sum.
            OutsideFragment: where it takes too many unknowns.
        """
        return _System(self, Normal()).mean(functional)

    def starts(self, chains: Sequence[int]) -> Iterator[tuple[Fraction, States]]:
        """The possible first states, and how likely they are."""
        possible = [(s, weight) for s, weight in enumerate(self.mu) if weight]
        for choice in product(possible, repeat=len(chains)):
            yield prod((weight for _, weight in choice), start=F1), tuple(
                (chain, s) for chain, (s, _) in zip(chains, choice, strict=True))

    def steps(self, states: States) -> Iterator[tuple[Fraction, Known, dict[int, int]]]:
        """The possible steps: how likely, what is known then, and the states after it."""
        ways = [[(chain, s, a, x, p * q) for a, p in enumerate(self.policies[chain][s]) if p
                 for x, q in enumerate(self.P[s][a]) if q] for chain, s in states]
        for choice in product(*ways):
            known: dict[At, int] = {}
            for chain, s, a, x, _ in choice:
                known |= {At("s", chain, NOW): s, At("a", chain, NOW): a, At("s", chain, NEXT): x}
            yield prod((one[-1] for one in choice), start=F1), known, {chain: x for chain, _, _, x, _ in choice}


class _System:
    """The unknowns found so far, and their equations."""

    def __init__(self, law: Expectations, normal: Normal) -> None:
        self.law, self.normal = law, normal
        self._numbers: dict[tuple[Monomial, States], int] = {}
        self._waiting: list[tuple[Monomial, States]] = []
        self._opened: dict[Monomial, Tree] = {}

    def mean(self, functional: Tree) -> Fraction:
        start = LinearEquation()
        for chance, states in self.law.starts(sorted(functional.chains)):
            known = {At("s", chain, NOW): s for chain, s in states}
            self._added(start, chance, self.normal.polynomial(settled(functional, known, self.law.read)), dict(states))
        equations = []
        while self._waiting:
            equations.append(self._stepped(*self._waiting.pop(0)))
            if len(self._numbers) > MOST_UNKNOWNS:
                raise OutsideFragment(f"more than {MOST_UNKNOWNS} values have to be solved for at once")
        return solved([*equations, start])[-1]

    def _stepped(self, monomial: Monomial, states: States) -> LinearEquation:
        if monomial not in self._opened:
            self._opened[monomial] = opened(Multiplied(monomial))
        equation = LinearEquation()
        for chance, known, after in self.law.steps(states):
            left = earlier(settled(self._opened[monomial], known, self.law.read))
            self._added(equation, chance, self.normal.polynomial(left), after)
        return equation

    def _added(self, equation: LinearEquation, chance: Fraction, polynomial: Polynomial,
               states: dict[int, int]) -> None:
        for monomial, (value, size) in polynomial.items():
            weight = chance * value, chance * size
            if not monomial:
                equation.add(None, weight)
                continue
            chains = sorted(frozenset().union(*(factor.chains for factor in monomial)))
            key = monomial, tuple((chain, states[chain]) for chain in chains)
            if key not in self._numbers:
                self._numbers[key] = len(self._numbers)
                self._waiting.append(key)
            equation.add(self._numbers[key], weight)
