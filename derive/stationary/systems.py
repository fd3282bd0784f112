"""x = b + A x in ``fractions.Fraction``, solved only where the sum b + A b + A^2 b + ... converges absolutely.

An equation that has a solution need not be a sum that has a value: x = 1 + 2 x gives -1 for
1 + 2 + 4 + ... So the unknowns are taken in strongly connected components, from the end. A
component to which nothing is added has the value 0, whatever its weights; of any other the
matrix |A| of absolute values must have a spectral radius below 1. That is so exactly if
(I - |A|) u = 1 has a solution u >= 1: then |A| u = u - 1 < u, and conversely the sum of the
powers of |A| applied to 1 is such a u (Berman and Plemmons, Nonnegative Matrices, chapter 6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from derive.errors import OutsideFragment

F0, F1 = Fraction(0), Fraction(1)
NOTHING = (F0, F0)
Weight = tuple[Fraction, Fraction]
"""A number, and the sum of the absolute values of what was added up to it."""


class Diverges(OutsideFragment):
    """A sum over all times that does not converge absolutely on this model."""


@dataclass(slots=True)
class LinearEquation:
    """One row of x = b + A x; unknowns are numbers."""

    constant: Weight = NOTHING
    weights: dict[int, Weight] = field(default_factory=dict)

    def add(self, unknown: int | None, weight: Weight) -> None:
        """One more summand: a number times an unknown, or a number."""
        value, size = self.constant if unknown is None else self.weights.get(unknown, NOTHING)
        added = value + weight[0], size + weight[1]
        if unknown is None:
            self.constant = added
        else:
            self.weights[unknown] = added


def solved(equations: Sequence[LinearEquation]) -> list[Fraction]:
    """The unknowns, each of which must converge, also where it is multiplied by 0.

    Raises:
        Diverges: where a sum that the equations stand for does not converge absolutely.
    """
    found = [F0] * len(equations)
    lively = [False] * len(equations)  # whether some summand is not 0
    for component in components([[n for n, (_, size) in row.weights.items() if size] for row in equations]):
        inside, constants = set(component), []
        for unknown in component:
            row = equations[unknown]
            ahead = [(n, value) for n, (value, size) in row.weights.items() if size and n not in inside]
            constants.append(row.constant[0] + sum((value * found[n] for n, value in ahead), F0))
            lively[unknown] = row.constant[1] > 0 or any(lively[n] for n, _ in ahead)
        if any(lively[unknown] for unknown in component):
            constants = _together(component, equations, constants)
            for unknown in component:
                lively[unknown] = True
        for unknown, value in zip(component, constants, strict=True):
            found[unknown] = value
    return found


def _together(component: list[int], equations: Sequence[LinearEquation], constants: list[Fraction]) -> list[Fraction]:
    """The values of unknowns that ask for one another."""
    def matrix(part: int) -> list[list[Fraction]]:
        return [[(F1 if row == column else F0) - equations[row].weights.get(column, NOTHING)[part]
                 for column in component] for row in component]

    values, sizes = matrix(0), matrix(1)
    ones = [F1] * len(component)
    columns = eliminated(sizes, [ones, constants] if values == sizes else [ones])
    if columns is None or min(columns[0]) < 1:
        raise Diverges("a sum over all times does not converge absolutely on this model")
    if values != sizes:
        columns = eliminated(values, [ones, constants])
        assert columns is not None  # the spectral radius is at most that of the absolute values
    return columns[1]


def eliminated(matrix: list[list[Fraction]], columns: list[list[Fraction]]) -> list[list[Fraction]] | None:
    """The solutions for some right-hand sides, by Gauss and Jordan; None for a singular matrix."""
    size = len(matrix)
    rows = [[*row, *(column[place] for column in columns)] for place, row in enumerate(matrix)]
    for place in range(size):
        pivot = next((n for n in range(place, size) if rows[n][place]), None)
        if pivot is None:
            return None
        rows[place], rows[pivot] = rows[pivot], rows[place]
        first = rows[place][place]
        rows[place] = [entry / first for entry in rows[place]]
        for other in range(size):
            if other != place and (factor := rows[other][place]):
                rows[other] = [entry - factor * up for entry, up in zip(rows[other], rows[place], strict=True)]
    return [[row[size + number] for row in rows] for number in range(len(columns))]


def components(ahead: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The strongly connected components of a graph, each after all that it leads to (Tarjan 1972)."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    for root in range(len(ahead)):
        path = [] if root in order else [(root, iter(ahead[root]))]
        while path:
            place, rest = path[-1]
            if place not in order:
                order[place] = low[place] = len(order)
                stack.append(place)
            following = next(rest, None)
            if following is not None:
                if following not in order:
                    path.append((following, iter(ahead[following])))
                elif following in low:  # still on the stack
                    low[place] = min(low[place], order[following])
                continue
            path.pop()
            if path:
                above = path[-1][0]
                low[above] = min(low[above], low[place])
            if low[place] == order[place]:
                component = [stack.pop()]
                while component[-1] != place:
                    component.append(stack.pop())
                for one in component:
                    del low[one]
                yield component
