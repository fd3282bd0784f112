"""Spans of polynomial vectors over the fraction field, exactly and without fractions.

Rows are sparse, {column: polynomial in gamma, m and other numbers}. A row is reduced by cross
multiplication, and every reduction keeps the identity that it used,
``d * row = sum_i c_i basis_i`` with d not 0: that is what a certificate is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, NamedTuple

from flint import fmpz_mpoly_ctx

from derive.errors import WorkLimit

MOST_ROWS = 200

VARIABLES = ("gamma", "m", "c1", "c2", "c3", "c4", "c5", "c6")
CONTEXT = fmpz_mpoly_ctx.get(VARIABLES, "lex")
ONE, ZERO = CONTEXT.constant(1), CONTEXT.constant(0)

Vector = dict[int, Any]


class Identity(NamedTuple):
    """``factor * vector = sum_i coefficients[i] * basis[i]``."""

    factor: Any
    coefficients: dict[int, Any]


class Span:
    """A growing basis, each row with a pivot column of its own."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self.rows: list[Vector] = []
        self._pivots: list[Any] = []
        self._most_rows = most_rows

    def reduced(self, vector: Mapping[int, Any]) -> tuple[Identity, Vector]:
        """The remainder of a vector, and the identity ``factor * vector = combination + remainder``."""
        rest, factor, used = dict(vector), ONE, dict[int, Any]()
        for number, (row, pivot) in enumerate(zip(self.rows, self._pivots, strict=True)):
            entry = rest.get(pivot)
            if entry is None:
                continue
            shared = entry.gcd(row[pivot])
            up, down = row[pivot] / shared, entry / shared
            rest = _combined(rest, up, row, down)
            used = {key: value * up for key, value in used.items()}
            used[number] = down
            factor = factor * up
        return Identity(factor, used), rest

    def insert(self, vector: Mapping[int, Any]) -> tuple[Identity, bool]:
        """Add a vector to the span; its identity over the basis as it is then, and whether the basis grew."""
        identity, rest = self.reduced(vector)
        if not rest:
            return identity, False
        if len(self.rows) >= self._most_rows:
            raise WorkLimit(f"a span of more than {self._most_rows} dimensions")
        content = reduce(lambda left, right: left.gcd(right), rest.values())
        self.rows.append({column: value / content for column, value in rest.items()})
        self._pivots.append(min(rest, key=lambda column: (len(rest[column]), column)))
        return Identity(identity.factor, {**identity.coefficients, len(self.rows) - 1: content}), True

    def reduced_rows(self) -> dict[Any, Vector]:
        """The basis by pivots, in which no row has an entry at another's pivot."""
        rows = list(self.rows)
        for number, pivot in reversed(list(enumerate(self._pivots))):
            for other in range(len(rows)):
                entry = rows[other].get(pivot) if other != number else None
                if entry is not None:
                    shared = entry.gcd(rows[number][pivot])
                    rows[other] = _combined(rows[other], rows[number][pivot] / shared, rows[number], entry / shared)
        return dict(zip(self._pivots, rows, strict=True))


def _combined(one: Mapping[int, Any], up: Any, two: Mapping[int, Any], down: Any) -> Vector:
    """up * one - down * two, zeros left out."""
    result = {column: up * value for column, value in one.items()}
    for column, value in two.items():
        entry = result.get(column, ZERO) - down * value
        if entry.is_zero():
            result.pop(column, None)
        else:
            result[column] = entry
    return result


def row_times(row: Mapping[int, Any], arrows: Mapping[tuple[int, int], Any]) -> Vector:
    """row M, for a sparse matrix."""
    result: Vector = {}
    for (p, q), weight in arrows.items():
        if p in row:
            result[q] = result.get(q, ZERO) + row[p] * weight
    return {column: value for column, value in result.items() if not value.is_zero()}


def column_times(arrows: Mapping[tuple[int, int], Any], column: Mapping[int, Any]) -> Vector:
    """M column, for a sparse matrix."""
    result: Vector = {}
    for (p, q), weight in arrows.items():
        if q in column:
            result[p] = result.get(p, ZERO) + weight * column[q]
    return {place: value for place, value in result.items() if not value.is_zero()}


def inner(row: Mapping[int, Any], column: Mapping[int, Any]) -> Any:
    """The product of a row and a column."""
    result = ZERO
    for place, value in row.items():
        if place in column:
            result = result + value * column[place]
    return result
