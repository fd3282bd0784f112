"""Times as sums of letters, H and numbers: whether two are the same, and whether one is never negative."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr, Integer

from derive.language.binding import Index
from derive.language.expression import Plus, Times
from derive.language.terms import Horizon, Time


def never_negative(exponent: Expr, support: Mapping[Index, Any]) -> bool:
    """Whether a time exponent is at least 0 for all times in their ranges; free ones are in 0..H."""
    value = linear(exponent)
    if value is None:
        return False
    ranges = {index: limits for index, limits in support.items() if isinstance(index, Time)}
    for index in [*reversed(ranges), *(key for key in value if isinstance(key, Time) and key not in ranges)]:
        coefficient = value.get(index, 0)
        if not coefficient:
            continue
        first, last = ranges.get(index, (Integer(0), Horizon()))
        limit = linear(first if coefficient > 0 else last)
        if limit is None:
            return False
        rest = {key: number for key, number in value.items() if key != index}
        value = _added([rest, {key: coefficient * number for key, number in limit.items()}])
    return all(not isinstance(key, Time) and number >= 0 for key, number in value.items())


def same_time(one: Expr, two: Expr) -> bool:
    """Whether two times are equal as sums of indices, H and numbers."""
    left, right = linear(one), linear(two)
    return left is not None and left == right


def linear(term: Expr) -> dict[Expr | None, int] | None:
    """A time as {index or H: coefficient, None: number}, zeros left out; None if not linear."""
    match term:
        case Integer():
            return {None: int(term)} if term != 0 else {}
        case Time() | Horizon():
            return {term: 1}
        case Plus():
            parts = [linear(argument) for argument in term.args]
            return None if any(part is None for part in parts) else _added([part for part in parts if part is not None])
        case Times(args=(Integer() as factor, inner)):
            part = linear(inner)
            return None if part is None else {key: int(factor) * value for key, value in part.items() if factor != 0}
    return None


def _added(parts: list[dict[Expr | None, int]]) -> dict[Expr | None, int]:
    result: dict[Expr | None, int] = {}
    for part in parts:
        for key, value in part.items():
            result[key] = result.get(key, 0) + value
    return {key: value for key, value in result.items() if value}
