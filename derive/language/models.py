"""Finite MDPs as plain data: shapes, and concrete models with exact rational numbers.

A ``Model`` is what a witness is made of and what both exact evaluators read. No
arithmetic of the kernel is used here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

from derive.errors import InvalidModel

Table = tuple[tuple[Fraction, ...], ...]
HELD = "@pi"
"""The policy that has the values of pi and does not move with theta."""
Path = tuple[int, ...]
"""A trajectory as numbers: (s_0, a_0, s_1, a_1, ..., s_{H+1})."""


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """|S|, |A|, H, and the number m of sampled trajectories."""

    states: int
    actions: int
    horizon: int
    samples: int = 1

    def __str__(self) -> str:
        text = f"({self.states},{self.actions},{self.horizon})"
        return text if self.samples == 1 else f"{text} m={self.samples}"

    def shown(self, *, endless: bool) -> str:
        """As text; where there is no last decision the horizon is not read."""
        return f"({self.states},{self.actions},∞)" if endless else str(self)

    @property
    def trajectories(self) -> int:
        """The number of trajectories, |S| (|A| |S|)^(H+1)."""
        return int(self.states * (self.actions * self.states) ** (self.horizon + 1))

    def paths(self) -> Iterator[Path]:
        """All trajectories, in lexicographic order."""
        step = range(self.actions), range(self.states)
        return product(range(self.states), *(step * (self.horizon + 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A concrete finite MDP, its policies and a direction in parameter space.

    Shapes: ``mu`` (S,), ``P[s][a][x]`` (S, A, S), ``r[s][a][x]`` (S, A, S), ``policies``
    name -> (S, A), ``scores`` (S, A): the derivative of the logits of ``pi`` along the
    direction, so D pi(a|s) = pi(a|s) (scores[s][a] - sum_b pi(b|s) scores[s][b]).
    ``returns`` gives R of each trajectory, 0 of those left out; ``None`` means the additive
    return.
    """

    shape: Shape
    mu: tuple[Fraction, ...]
    P: tuple[Table, ...]
    r: tuple[Table, ...]
    gamma: Fraction
    policies: Mapping[str, Table]
    scores: Table
    returns: Mapping[Path, Fraction] | None = None
    functions: Mapping[str, Mapping[tuple[int, ...], Fraction]] = field(default_factory=dict)

    def validate(self) -> Model:
        """The model itself, if its rows are probabilities.

        Raises:
            InvalidModel: with the row, its sum and the next move.
        """
        n, k = self.shape.states, self.shape.actions
        _row("mu", self.mu, n)
        for s, a in product(range(n), range(k)):
            _row(f"P(·|s={s}, a={a})", self.P[s][a], n)
        for name, table in self.policies.items():
            for s in range(n):
                _row(f"{name}(·|s={s})", table[s], k)
        return self

    def policy(self, name: str) -> Table:
        """The rows of a policy; the one that is held at theta has those of pi."""
        return self.policies["pi" if name == HELD else name]

    def reward_of(self, path: Path) -> Fraction:
        """R(tau): the table's entry, or sum_t gamma^t r(s_t, a_t, s_{t+1})."""
        if self.returns is not None:
            return self.returns.get(path, Fraction(0))
        steps = (path[2 * t : 2 * t + 3] for t in range(self.shape.horizon + 1))
        return sum((self.gamma**t * self.r[s][a][x] for t, (s, a, x) in enumerate(steps)), Fraction(0))

    def feasible_paths(self, policies: Collection[str] = ()) -> Iterator[Path]:
        """The trajectories along which mu and P are not 0, in lexicographic order.

        Each other one has probability 0 under every policy. Where ``policies`` are named, those along which none of
        them takes some action are left out too: they have probability 0 under each of these.
        """
        after = self._after(policies)

        def continued(path: Path, steps: int) -> Iterator[Path]:
            if not steps:
                yield path
                return
            for a, x in after[path[-1]]:
                yield from continued((*path, a, x), steps - 1)

        for s, p in enumerate(self.mu):
            if p:
                yield from continued((s,), self.shape.horizon + 1)

    def feasible(self, policies: Collection[str] = ()) -> int:
        """How many there are, without listing them."""
        after = self._after(policies)
        ways = [1 for _ in after]
        for _ in range(self.shape.horizon + 1):
            ways = [sum(ways[x] for _, x in listed) for listed in after]
        return sum(number for number, p in zip(ways, self.mu, strict=True) if p)

    def _after(self, policies: Collection[str]) -> list[list[tuple[int, int]]]:
        """By state, the actions and next states that may follow."""
        tables = [self.policy(name) for name in policies]
        return [[(a, x) for a, row in enumerate(table) if not tables or any(rows[s][a] for rows in tables)
                 for x, p in enumerate(row) if p] for s, table in enumerate(self.P)]

    def probability_of(self, path: Path, policy: str = "pi") -> Fraction:
        """P(tau; theta)."""
        weight = self.mu[path[0]]
        for t in range(self.shape.horizon + 1):
            s, a, x = path[2 * t : 2 * t + 3]
            weight *= self.P[s][a][x] * self.policy(policy)[s][a]
        return weight


def _row(name: str, row: Sequence[Fraction], size: int) -> None:
    if len(row) != size:
        raise InvalidModel(f"{name} has {len(row)} entries, expected {size}.")
    if any(isinstance(entry, float) for entry in row):
        raise InvalidModel(f"{name} holds a float; exact models take ints and Fractions.")
    if any(entry < 0 for entry in row):
        raise InvalidModel(f"{name} has the negative entry {min(row)}; probabilities are at least 0.")
    if sum(row) != 1:
        raise InvalidModel(
            f"{name} sums to {sum(row)}, expected 1. Give the last probability as None to have it filled in.")


def filled(row: Sequence[Any]) -> tuple[Fraction, ...]:
    """A row of probabilities; a last entry ``None`` becomes one minus the others."""
    if row and row[-1] is None:
        known = tuple(Fraction(entry) for entry in row[:-1])
        return (*known, 1 - sum(known, Fraction(0)))
    return tuple(Fraction(entry) for entry in row)
