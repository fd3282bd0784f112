"""Values with their derivatives in theta, multiplied and divided by the product rule.

A jet of order n is a tuple ``(x, x', ..., x^(n))``: for a term of rank q over p parameters
the k-th part has q + k axes of length p, the q axes of the term first. ``None`` is the
zero of every shape, so what does not depend on theta costs nothing and 0 has every rank.
Orders of up to 2 occur.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from derive.errors import Undefined

Part = Any
"""A float, an array, or None for zero."""
Jet = tuple[Part, ...]

CANCELLED = 1e-14
"""A sum this small against its summands is rounding: it counts as 0, so that 1/(1 - sum_a pi(a|s)) is undefined."""


def constant(number: float, order: int) -> Jet:
    """A number that does not depend on theta."""
    return (number or None, *(None,) * order)


def added(parts: list[Part]) -> Part:
    """The sum of parts of one shape; 0 where only rounding is left."""
    present = [part for part in parts if part is not None]
    if not present:
        return None
    if len(present) == 1:
        return present[0]
    if isinstance(present[0], float):
        sum_ = math.fsum(present)
        return None if abs(sum_) <= CANCELLED * math.fsum(map(abs, present)) else sum_
    return sum(present[1:], start=present[0])


def plus(jets: list[Jet], order: int) -> Jet:
    """The sum of jets; the empty sum is 0."""
    return tuple(added([jet[k] for jet in jets]) for k in range(order + 1))


def _outer(left: Part, right: Part) -> Part:
    """The tensor product: axes of ``left``, then axes of ``right``."""
    if left is None or right is None:
        return None
    if isinstance(left, float) or isinstance(right, float):
        return left * right
    return np.multiply.outer(left, right)


def times(left: Jet, right: Jet, order: int) -> Jet:
    """The product by Leibniz' rule; at most one factor has rank > 0, and it may be either."""
    if _ranked(right):
        left, right = right, left
    parts = [_outer(left[0], right[0])]
    if order >= 1:
        parts.append(added([_outer(left[1], right[0]), _outer(left[0], right[1])]))
    if order >= 2:
        mixed = _outer(left[1], right[1])
        flipped = None if mixed is None else np.swapaxes(mixed, -1, -2)
        parts.append(added([_outer(left[2], right[0]), mixed, flipped, _outer(left[0], right[2])]))
    return tuple(parts)


def _ranked(jet: Jet) -> bool:
    """Whether the jet is known to belong to a gradient or a matrix."""
    return any(part is not None and np.ndim(part) > k for k, part in enumerate(jet))


def reciprocal(jet: Jet, order: int, where: object) -> Jet:
    """1 / jet of a scalar: derivatives -x'/x^2 and 2 x' x'/x^3 - x''/x^2.

    Raises:
        Undefined: if the value is 0.
    """
    x = jet[0]
    if x is None:
        raise Undefined(f"{where} divides by zero at this model.")
    inverse = 1 / x
    return _composed(jet, (inverse, -inverse * inverse, 2 * inverse * inverse * inverse), order)


def log(jet: Jet, order: int, where: object) -> Jet:
    """The natural logarithm of a scalar jet.

    Raises:
        Undefined: if the value is not positive.
    """
    x = jet[0]
    if x is None or x <= 0:
        raise Undefined(f"{where} takes the logarithm of {x or 0:g} at this model; it needs a positive number.")
    return _composed(jet, (math.log(x), 1 / x, -1 / x / x), order)


def _composed(jet: Jet, derivatives: tuple[float, float, float], order: int) -> Jet:
    """g(x) for a scalar x, given g, g', g'' there: the chain rule to second order."""
    g, first, second = derivatives
    parts: list[Part] = [g or None]
    if order >= 1:
        parts.append(_outer(jet[1], first))
    if order >= 2:
        parts.append(added([_outer(jet[2], first), _outer(_outer(jet[1], jet[1]), second)]))
    return tuple(parts)


def power(jet: Jet, exponent: int, order: int, where: object) -> Jet:
    """jet ** exponent for an integer exponent; x**0 is 1, also at x = 0.

    Raises:
        Undefined: for a negative power of 0.
    """
    if exponent < 0:
        jet = reciprocal(jet, order, where)
    result = constant(1.0, order)
    for _ in range(abs(exponent)):
        result = times(result, jet, order)
    return result
