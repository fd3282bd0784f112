"""One sparse algebra for everything: sums of keys with rational coefficients and central symbols.

A monomial is a sorted tuple of (factor, exponent), no exponent 0. A *weight* is a polynomial in the central symbols
(gamma, m, numbers "c.name" of the author's): {central monomial: number}. A polynomial is {(central monomial, key):
number}; the key is a monomial, a place of a vector, or a pair (letter, state). Exponents may be negative; numbers are
int or Fraction, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

Monomial = tuple[tuple[Any, int], ...]
Number = int | Fraction
Weight = dict[Monomial, Number]
Poly = dict[tuple[Monomial, Any], Number]

ONE: Weight = {(): 1}
CENTRAL = ("gamma", "m")
NAMED = "c."
MOST_RAISED = 10_000


class Refused(Exception):
    """Outside of what a procedure of the kernel reads; nothing is claimed."""


def central(name: str, exponent: int) -> Monomial:
    """A central symbol to a power."""
    return ((name, exponent),) if exponent else ()


def to_the(name: str, exponent: int) -> Weight:
    """A central symbol, or a number "=p/q", to a power."""
    if name[0] == "=" and abs(exponent) > MOST_RAISED:
        raise Refused(f"a number to the power {exponent}")
    return number(Fraction(name[1:]) ** exponent) if name[0] == "=" else {central(name, exponent): 1}


def number(value: Number) -> Weight:
    return {(): value} if value else {}


def product(one: Monomial, two: Monomial) -> Monomial:
    """The product of two monomials; exponents that add up to 0 go."""
    if not one or not two:
        return one or two
    exponents = dict(one)
    if len(exponents) < len(one):
        raise Refused("a factor that stands twice in a monomial")
    for factor, e in two:
        exponents[factor] = exponents.get(factor, 0) + e
    return tuple(sorted([(f, e) for f, e in exponents.items() if e]))


def raised(one: Monomial, e: int) -> Monomial:
    return tuple((f, k * e) for f, k in one) if e else ()


def put(poly: dict[Any, Number], key: Any, value: Number) -> None:
    """poly += value * key, in place."""
    total = poly.get(key, 0) + value
    if total:
        poly[key] = total
    else:
        poly.pop(key, None)


def add(polys: Iterable[Mapping[Any, Number]]) -> dict[Any, Number]:
    result: dict[Any, Number] = {}
    for poly in polys:
        for key, value in poly.items():
            put(result, key, value)
    return result


def negative(poly: Mapping[Any, Number]) -> dict[Any, Number]:
    return {key: -value for key, value in poly.items()}


def of(key: Any, weight: Weight | None = None) -> Poly:
    """weight * key."""
    return {(c, key): v for c, v in (ONE if weight is None else weight).items()}


def weighed(one: Weight, two: Weight) -> Weight:
    """The product of two weights."""
    result: Weight = {}
    for c, v in one.items():
        for d, w in two.items():
            put(result, product(c, d), v * w)
    return result


def scaled(poly: Poly, weight: Weight) -> Poly:
    if weight == ONE:
        return poly
    result: Poly = {}
    for (c, key), v in poly.items():
        for d, w in weight.items():
            put(result, (product(c, d), key), v * w)
    return result


def multiply(one: Poly, two: Poly, joined: Callable[[Any, Any], Any] = product) -> Poly:
    result: Poly = {}
    for (c, key), v in one.items():
        for (d, other), w in two.items():
            put(result, (product(c, d), joined(key, other)), v * w)
    return result


def inverse(poly: Poly) -> Poly:
    """1 over a single monomial.

    Raises:
        Refused: for 0 and for a sum.
    """
    if len(poly) != 1:
        raise Refused("division by a sum")
    (((c, key), value),) = poly.items()
    return {(raised(c, -1), raised(key, -1)): Fraction(1) / value}


def power(poly: Poly, e: int, joined: Callable[[Any, Any], Any] = product) -> Poly:
    if e < 0:
        return power(inverse(poly), -e, joined)
    result = of(())
    for _ in range(e):
        result = multiply(result, poly, joined)
    return result


def by_key(poly: Poly) -> dict[Any, Weight]:
    """{key: weight}."""
    result: dict[Any, Weight] = {}
    for (c, key), value in poly.items():
        result.setdefault(key, {})[c] = value
    return result


def frozen(poly: Poly) -> tuple[Any, ...]:
    return tuple(sorted(poly.items()))


# -- vectors {(central, place): number} and matrices {(central, (row, column)): number} -------------------


def apply(matrix: Poly, vector: Poly, *, row: bool) -> Poly:
    """vector M for a row, M vector for a column."""
    places = by_key(vector)
    result: Poly = {}
    for (c, (p, q)), value in matrix.items():
        source, target = (p, q) if row else (q, p)
        for d, w in places.get(source, {}).items():
            put(result, (product(c, d), target), value * w)
    return result


def dot(row: Poly, column: Poly) -> Weight:
    places, result = by_key(column), dict[Monomial, Number]()
    for (c, p), value in row.items():
        for d, w in places.get(p, {}).items():
            put(result, product(c, d), value * w)
    return result


# -- as data: [[[[name, exponent], ...], numerator, denominator], ...], [[place, weight], ...], in normal form -----


def weight_to_data(weight: Weight) -> list[Any]:
    return [[[list(power) for power in c], v.numerator, v.denominator] for c, v in sorted(weight.items())]


def weight_from_data(data: Any) -> Weight:
    """Raises ``ValueError`` for anything that ``weight_to_data`` does not write."""
    result: Weight = {}
    for powers, above, below in data:
        if any(type(n) is not int for n in (above, below, *(e for _, e in powers))) or below < 1 or not all(
                type(name) is str and e and (name in CENTRAL or name.startswith(NAMED)) for name, e in powers):
            raise ValueError("a weight of another form")
        key = tuple((name, e) for name, e in powers)
        if list(key) != sorted(dict(key).items()):
            raise ValueError("powers that repeat or are not in order")
        if key in result:
            raise ValueError("a power listed twice")
        result[key] = above if below == 1 else Fraction(above, below)
    if weight_to_data(result) != data or 0 in result.values():
        raise ValueError("a weight that is not in normal form")
    return result


def vector_to_data(vector: Poly) -> list[Any]:
    return [[place, weight_to_data(w)] for place, w in sorted(by_key(vector).items())]


def vector_from_data(data: Any) -> Poly:
    """Raises ``ValueError`` for anything that ``vector_to_data`` does not write."""
    result: Poly = {}
    places = [place for place, _ in data]
    if any(type(p) is not int for p in places) or places != sorted(set(places)):
        raise ValueError("places that repeat or are not in order")
    for place, weight in data:
        found = weight_from_data(weight)
        if not found:
            raise ValueError("a place with the weight 0")
        result.update(of(place, found))
    return result
