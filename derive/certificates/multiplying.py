"""How much multiplying out would cost the kernel, before it is asked: it has no budget of its own.

An upper bound. A term is a polynomial in what the kernel takes for symbols; its monomials are counted as they come
before like ones are collected, but never more than the degrees allow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from math import prod

from derive.kernel.polynomials import Refused
from derive.kernel.terms import BINDERS, Term

MOST_PRODUCTS = 2_000_000
"""Products of two monomials; some seconds. The largest of the bundled proofs needs a hundred."""
_ENOUGH = 10**12


@dataclass(frozen=True, slots=True)
class _Size:
    """Monomials, degrees in the symbols (None: unknown), and products of two monomials that were made."""

    monomials: int
    degrees: dict[Term, int] | None
    products: int = 0


def refuse_too_many(*terms: Term) -> None:
    """Raise ``Refused`` for terms that may take more than ``MOST_PRODUCTS``."""
    if products(*terms) > MOST_PRODUCTS:
        raise Refused(f"multiplied out, the sides may take more than {MOST_PRODUCTS:,} products of monomials")


def products(*terms: Term) -> int:
    """At most how many products of two monomials are made as the terms are multiplied out; 10^12 for more."""
    known: dict[int, _Size] = {}
    return min(sum(_size(term, known).products for term in terms), _ENOUGH)


def _size(term: Term, known: dict[int, _Size]) -> _Size:
    if id(term) not in known:
        known[id(term)] = _found(term, known)
    return known[id(term)]


def _found(term: Term, known: dict[int, _Size]) -> _Size:
    match term:
        case ("num", *_):
            return _Size(1, {})
        case ("+", *parts):
            sizes = [_size(part, known) for part in parts]
            return _Size(_bounded(sum(one.monomials for one in sizes)), _joined(one.degrees for one in sizes),
                         sum(one.products for one in sizes))
        case ("*", *parts):
            return reduce(_times, (_size(part, known) for part in parts), _Size(1, {}))
        case ("^", base, int() as exponent):
            return reduce(_times, [_size(base, known)] * min(abs(exponent), 1_000), _Size(1, {}))
        case ("/", above, below):
            return _times(_size(above, known), _size(below, known))
        case ("grad", inside):
            one = _size(inside, known)
            return _Size(_bounded(one.monomials * max(1, len(one.degrees or ()))), None, one.products)
        case ("trace", inside):
            return _size(inside, known)
        case ("log", inside):
            return _Size(1, None, _size(inside, known).products)
        case (kind, _, _, body) if kind in BINDERS:
            one = _size(body, known)
            return _Size(one.monomials, {term: 1} if one.monomials == 1 else None, one.products)
    return _Size(1, {term: 1})


def _times(one: _Size, two: _Size) -> _Size:
    made = one.monomials * two.monomials
    degrees = None if one.degrees is None or two.degrees is None else {
        symbol: one.degrees.get(symbol, 0) + two.degrees.get(symbol, 0) for symbol in one.degrees | two.degrees}
    return _Size(_bounded(made, degrees), degrees, _bounded(one.products + two.products + made))


def _joined(all_degrees: Iterable[dict[Term, int] | None]) -> dict[Term, int] | None:
    joined: dict[Term, int] = {}
    for degrees in all_degrees:
        if degrees is None:
            return None
        joined |= {symbol: max(degree, joined.get(symbol, 0)) for symbol, degree in degrees.items()}
    return joined


def _bounded(number: int, degrees: dict[Term, int] | None = None) -> int:
    """No more than the degrees allow, and no number that takes long to multiply itself."""
    allowed = _ENOUGH if degrees is None or len(degrees) > 40 else prod(degree + 1 for degree in degrees.values())
    return min(number, allowed, _ENOUGH)
