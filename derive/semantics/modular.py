"""Generic models at random points modulo random primes: quick, and never a proof.

All trajectories and several (prime, point) pairs are computed at once in arrays of
shape (points, trajectories). Primes have 31 bits, so that a product fits in 64.
A nonzero polynomial of degree D vanishes at a random point modulo a random prime p with
probability at most D/p (Schwartz and Zippel) plus the chance that p divides its content,
so a difference found here is a true difference of the generic field, and "equal" means
no more than "equal at these points".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from math import prod
from random import Random
from typing import Any

import numpy as np
from flint import fmpz

from derive.errors import NotApplicable, OutsideFragment, Undefined
from derive.language.models import Shape
from derive.language.signature import Signature
from derive.semantics.rings import RingModel, Way, policy_jets, score_jets

ONE = np.uint64(1)

POINTS = 6
"""(prime, point) pairs a probe uses; 6 of 31 bits are worth 3 of 61."""


class Residues:
    """An array of residues, one row a prime; columns are trajectories, or one for all."""

    __slots__ = ("_inverse", "primes", "values")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: np.ndarray, primes: np.ndarray) -> None:
        self.values, self.primes = values, primes
        self._inverse: Residues | None = None

    def __add__(self, other: Residues) -> Residues:
        return Residues((self.values + other.values) % self.primes, self.primes)

    def __sub__(self, other: Residues) -> Residues:
        return Residues((self.values + (self.primes - other.values)) % self.primes, self.primes)

    def __mul__(self, other: Residues) -> Residues:
        return Residues(self.values * other.values % self.primes, self.primes)

    def __truediv__(self, other: Residues) -> Residues:
        return self * other.inverse()

    def inverse(self) -> Residues:
        """1/x; found once, since P(tau; theta) is divided by again and again."""
        if self._inverse is None:
            if not self.values.all():
                raise Undefined("division by zero")
            points = len(self.primes)
            inverted = _inverses(self.values.reshape(points, -1), self.primes.reshape(points, 1))
            self._inverse = Residues(inverted.reshape(self.values.shape), self.primes)
        return self._inverse


def _inverses(values: np.ndarray, primes: np.ndarray) -> np.ndarray:
    """The inverses of each row: neighbours are multiplied until one number is left, and only that is inverted.

    Three products an entry, where a power x^(p-2) of each takes sixty.
    """
    width = values.shape[1]
    if width == 1:
        inverted = [[pow(int(x), -1, int(p))] for x, p in zip(values[:, 0], primes[:, 0], strict=True)]
        return np.array(inverted, dtype=np.uint64)
    half = width // 2
    left, right, rest = values[:, :half], values[:, half : 2 * half], values[:, 2 * half :]
    both = _inverses(np.concatenate([left * right % primes, rest], axis=1), primes)
    paired = both[:, :half]
    return np.concatenate([paired * right % primes, paired * left % primes, both[:, half:]], axis=1)


class ResidueRing:
    """Arrays of residues modulo several primes."""

    ordered = False

    def __init__(self, primes: np.ndarray) -> None:
        self.primes = primes
        self.zero, self.one = self.integer(0), self.integer(1)

    def begin(self) -> None:
        """Nothing to count: arrays have a fixed size."""

    def size(self, element: Any) -> int:
        return 0

    def integer(self, number: int) -> Residues:
        values = np.array([[number % int(p)] for p in self.primes[:, 0]], dtype=np.uint64)
        return Residues(values, self.primes)

    def indicator(self, holds: np.ndarray) -> Residues:
        """1 on the trajectories where something holds, 0 on the others."""
        return Residues(np.broadcast_to(holds.astype(np.uint64), (len(self.primes), holds.size)), self.primes)

    def total(self, elements: Iterable[Residues]) -> Residues:
        values = self.zero.values
        for element in elements:
            values = (values + element.values) % self.primes
        return Residues(values, self.primes)

    def is_zero(self, element: Residues) -> bool:
        return not element.values.any()

    def collapse(self, element: Residues, ways: int) -> Residues:
        """The sum over trajectories; a value without columns counts once for each."""
        if element.values.shape[1] == 1:
            return Residues(element.values * np.uint64(ways) % self.primes, self.primes)
        return Residues(element.values.sum(axis=1, keepdims=True, dtype=np.uint64) % self.primes, self.primes)

    def log(self, element: Residues) -> Residues:
        raise OutsideFragment("logarithms have no residues")


class ResidueTable:
    """A table of random residues, indexed by numbers or by arrays of numbers."""

    __slots__ = ("primes", "values")

    def __init__(self, values: np.ndarray, primes: np.ndarray) -> None:
        self.values, self.primes = values, primes

    def __getitem__(self, places: Any) -> Residues:
        places = places if isinstance(places, tuple) else (places,)
        chosen = self.values[(slice(None), *places)]
        return Residues(chosen if chosen.ndim > 1 else chosen[:, None], self.primes)


def residue_model(shape: Shape, signature: Signature, *, additive: bool, seed: int, points: int = POINTS) -> RingModel:
    """The generic model of one shape at random points modulo random primes."""
    ways = [_all_ways(shape)]  # first: where there are too many, as many returns cannot be drawn
    source = Random(f"{seed}/{shape}")
    primes = random_primes(source, points)
    ring = ResidueRing(primes)
    n, k = shape.states, shape.actions

    def draw(*size: int) -> np.ndarray:
        """Numbers from 1 to p - 1, from 64 bits each, so that all are as good as equally likely."""
        words = np.frombuffer(source.randbytes(8 * points * prod(size)), dtype="<u8")
        return words.reshape(points, *size) % (primes.reshape(points, *[1] * len(size)) - ONE) + ONE

    def rows(*size: int) -> np.ndarray:
        table = draw(*size)
        column = primes.reshape(points, *[1] * (len(size) - 1))
        table[..., -1] = (column + ONE - table[..., :-1].sum(axis=-1, dtype=np.uint64) % column) % column
        return table

    tables = {name: _scalars(rows(n, k), primes) for name in sorted(signature.policies | {"pi"})}
    second = signature.order > 1
    phi, psi = _scalars(draw(n, k), primes), _scalars(draw(n, k), primes)
    logits = {key: (phi[key], psi[key]) for key in phi}
    scores = score_jets(ring, logits, shape, tables["pi"], second=second)
    policies = {"pi": _jet_table(policy_jets(tables["pi"], scores, second=second))}
    fixed = {name: {key: (value, ring.zero, ring.zero) for key, value in table.items()}
             for name, table in tables.items() if name != "pi"}
    policies |= {name: _jet_table(table) for name, table in fixed.items()}
    sizes = {"state": n, "action": k}
    functions = {name: ResidueTable(draw(*(sizes[sort] for sort in sorts)), primes)
                 for name, sorts in sorted(signature.functions)}
    rewards = ResidueTable(draw(n, k, n), primes) if signature.rewards or (additive and signature.returns) else None
    arbitrary = None if additive else Residues(draw(shape.trajectories), primes)
    return RingModel(
        ring=ring, shape=shape, mu=ResidueTable(rows(n), primes), P=ResidueTable(rows(n, k, n), primes),
        policies=policies, scores=_jet_table(scores), gamma=Residues(draw(1), primes),
        reward=_rewards(rewards),
        arbitrary_return=None if arbitrary is None else lambda path: arbitrary,
        functions=functions, ways=ways, table=_jet_table,
    )


def random_primes(source: Random, count: int) -> np.ndarray:
    """Random 31-bit primes as a column."""
    return np.array([[_prime(source)] for _ in range(count)], dtype=np.uint64)


def _prime(source: Random) -> int:
    while True:
        candidate = source.randrange(2**30, 2**31) | 1
        if fmpz(candidate).is_prime():
            return candidate


def _scalars(table: np.ndarray, primes: np.ndarray) -> dict[tuple[int, int], Residues]:
    return {(s, a): Residues(table[:, s, a, None], primes)
            for s, a in product(range(table.shape[1]), range(table.shape[2]))}


def _rewards(table: ResidueTable | None) -> Callable[[Any, Any, Any], Any]:
    def reward(s: Any, a: Any, x: Any) -> Any:
        if table is None:
            raise OutsideFragment("rewards are not part of this claim")
        return table[s, a, x]

    return reward


class _JetTable:
    """Jets indexed by states and actions, which may be arrays."""

    __slots__ = ("_columns",)

    def __init__(self, columns: tuple[Any, ...]) -> None:
        self._columns = columns

    def __getitem__(self, places: Any) -> tuple[Any, ...]:
        return tuple(None if column is None else column[places] for column in self._columns)


def _jet_table(jets: Mapping[Any, tuple[Any, ...]]) -> _JetTable:
    """Jets given for each state, or each state and action, in lexicographic order."""
    last = max(jets)
    sizes = tuple(place + 1 for place in last) if isinstance(last, tuple) else (last + 1,)
    columns: list[Any] = []
    for entries in zip(*(jets[key] for key in sorted(jets)), strict=True):
        if entries[0] is None:
            columns.append(None)
            continue
        primes = entries[0].primes
        table = np.stack([np.broadcast_to(entry.values[:, 0], len(primes)) for entry in entries], axis=1)
        columns.append(ResidueTable(table.reshape(len(primes), *sizes), primes))
    return _JetTable(tuple(columns))


MOST_TRAJECTORIES = 20_000


def _all_ways(shape: Shape) -> Way:
    if shape.trajectories > MOST_TRAJECTORIES:
        raise NotApplicable(f"{shape} has {shape.trajectories} trajectories")
    paths = np.array(list(shape.paths()), dtype=np.intp)
    return Way((), list(paths[:, ::2].T), list(paths[:, 1::2].T), count=len(paths))
