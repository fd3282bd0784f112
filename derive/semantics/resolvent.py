"""y = c + w M y over any ring that divides, with derivatives: V of a policy, and sums over all times.

M is a matrix over states, w a number without theta. With R = (I - w M)^-1 the jets of y are
y = R c, D y = R (D c + w D M y) and D^2 y = R (D^2 c + 2 w D M D y + w D^2 M y): one inverse,
whatever the order. It is found by Cramer's rule, so that polynomials are divided by once;
models have a handful of states. Whether the sum c + w M c + ... converges is asked
elsewhere (``walks``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from derive.semantics import jets
from derive.semantics.jets import Jet
from derive.semantics.rings import RingModel
from derive.semantics.values import Values

Square = Mapping[tuple[int, int], Jet]


def applied(matrix: Square, column: Sequence[Jet], order: int, ring: Any) -> list[Jet]:
    """M y."""
    states = range(len(column))
    return [jets.summed([jets.product(matrix[s, x], column[x]) for x in states], order, ring) for s in states]


class Resolvent:
    """(I - w M)^-1 for one matrix and one number, with the derivatives of what it is applied to."""

    def __init__(self, matrix: Square, weight: Any, size: int, ring: Any) -> None:
        self.ring, self.size = ring, size
        self.loop = {place: jets.scaled(weight, jet) for place, jet in matrix.items()}
        n, minus = range(size), ring.integer(-1)
        rows = {(s, x): ring.total([ring.one if s == x else ring.zero, minus * self.loop[s, x][0]])
                for s, x in product(n, n)}
        self._adjugate = {}
        for s, x in product(n, n):
            minor = self._determinant(rows, [i for i in n if i != x], [j for j in n if j != s])
            self._adjugate[s, x] = minor if (s + x) % 2 == 0 else minus * minor
        self._whole = self._determinant(rows, list(n), list(n))

    @property
    def singular(self) -> bool:
        """Whether there is no inverse."""
        return bool(self.ring.is_zero(self._whole))

    def solved(self, column: Sequence[Jet], order: int) -> list[Jet]:
        """y = c + w M y."""
        found: list[Jet] = [(value,) for value in self._times([jet[0] for jet in column])]
        if order > 0:
            moved = self._moved(found, [1], [0])
            first = self._times([self.ring.total([jet[1], part]) for jet, part in zip(column, moved, strict=True)])
            found = [(*jet, entry) for jet, entry in zip(found, first, strict=True)]
        if order > 1:
            moved = self._moved(found, [1, 1, 2], [1, 1, 0])
            second = self._times([self.ring.total([jet[2], part]) for jet, part in zip(column, moved, strict=True)])
            found = [(*jet, entry) for jet, entry in zip(found, second, strict=True)]
        return found

    def _moved(self, found: list[Jet], of_loop: list[int], of_found: list[int]) -> list[Any]:
        """Sums of a derivative of w M times a derivative of y."""
        states = range(self.size)
        return [self.ring.total([self.loop[s, x][one] * found[x][two] for x in states
                                 for one, two in zip(of_loop, of_found, strict=True)]) for s in states]

    def _times(self, column: Sequence[Any]) -> list[Any]:
        states = range(self.size)
        return [self.ring.total([self._adjugate[s, x] * column[x] for x in states]) / self._whole for s in states]

    def _determinant(self, matrix: Mapping[tuple[int, int], Any], rows: list[int], columns: list[int]) -> Any:
        """By expansion along the first row."""
        if not rows:
            return self.ring.one
        parts = []
        for place, column in enumerate(columns):
            minor = self._determinant(matrix, rows[1:], columns[:place] + columns[place + 1 :])
            signed = matrix[rows[0], column] * minor
            parts.append(signed if place % 2 == 0 else self.ring.integer(-1) * signed)
        return self.ring.total(parts)


def stationary_values(model: RingModel, policy: str, order: int) -> Values:
    """V = r_pi + gamma P_pi V, Q = r + gamma P V and A = Q - V (Sutton and Barto, 3.5), as if the one time were 0."""
    ring, padding = model.ring, (model.ring.zero,) * order
    n, k = range(model.shape.states), range(model.shape.actions)
    choice = {(s, a): model.policies[policy][s, a][: order + 1] for s, a in product(n, k)}
    gain = {(s, a): ring.total([model.P[s, a, x] * model.reward(s, a, x) for x in n]) for s, a in product(n, k)}
    loop = {(s, x): jets.summed([jets.scaled(model.P[s, a, x], choice[s, a]) for a in k], order, ring)
            for s, x in product(n, n)}
    reward = [jets.summed([jets.scaled(gain[s, a], choice[s, a]) for a in k], order, ring) for s in n]
    v = Resolvent(loop, model.gamma, len(n), ring).solved(reward, order)
    q, minus = {}, ring.integer(-1)
    for s, a in product(n, k):
        ahead = [jets.scaled(model.gamma * model.P[s, a, x], v[x]) for x in n]
        q[s, a] = jets.summed([(gain[s, a], *padding), *ahead], order, ring)
    gaps = {(s, a): jets.summed([q[s, a], jets.scaled(minus, v[s])], order, ring) for s, a in q}
    return Values(*([model.table(table)] for table in (dict(enumerate(v)), q, gaps)))
