"""The field below the exact numbers: finite sums of q √d (log p)^e ..., q rational, d squarefree, p prime.

A sum is a dictionary from its monomial to its rational coefficient, without zeros; the
monomial (d, ((p, e), ...)) stands for √d times the powers of logarithms. Dictionaries are
never changed after they are made.

Zero test. The √d are linearly independent over Q (Besicovitch 1940), and 1 and the
logarithms of primes over the algebraic numbers (Baker 1967): a sum that is at most linear in
logarithms is 0 iff it has no term. A sum with products of logarithms is certified to be
different from 0 by a ball (``flint.arb``), or not decided.
"""

from __future__ import annotations

from math import gcd, lcm, sqrt

from flint import arb, ctx, fmpq, fmpz

Monomial = tuple[int, tuple[tuple[int, int], ...]]
Sum = dict[Monomial, fmpq]

ONE: Monomial = (1, ())
PRECISIONS = (64, 256, 1024, 4096)
LARGEST_BITS = 128
"""Integers are factored up to this size."""


class Unsupported(ArithmeticError):
    """The result lies outside the field, or its sign is not decided; the text names the operation."""


def rational(number: fmpq) -> Sum:
    """A rational number as a sum."""
    return {ONE: number} if number != 0 else {}


def as_rational(value: Sum) -> fmpq | None:
    """The rational number that the sum is, or None if it has other terms."""
    if not value:
        return fmpq(0)
    return value.get(ONE) if len(value) == 1 else None


def add(left: Sum, right: Sum, *, scale: int = 1) -> Sum:
    """left + scale right."""
    if not right:
        return left
    if len(left) == 1 and len(right) == 1 and (x := left.get(ONE)) is not None and (y := right.get(ONE)) is not None:
        only = x + y if scale == 1 else x + scale * y
        return {ONE: only} if only else {}
    total = dict(left)
    for monomial, number in right.items():
        new = total.get(monomial, 0) + scale * number
        if new == 0:
            del total[monomial]
        else:
            total[monomial] = new
    return total


def multiply(left: Sum, right: Sum) -> Sum:
    """The product."""
    if not left or not right:
        return {}
    if len(left) == 1 and (x := left.get(ONE)) is not None:
        return {monomial: x * y for monomial, y in right.items()}
    if len(right) == 1 and (y := right.get(ONE)) is not None:
        return {monomial: x * y for monomial, x in left.items()}
    total: Sum = {}
    for (d, logs), x in left.items():
        for (e, more), y in right.items():
            common = gcd(d, e)
            monomial = (d * e // common**2, _together(logs, more) if logs and more else logs or more)
            new = total.get(monomial, 0) + x * y * common
            if new == 0:
                del total[monomial]
            else:
                total[monomial] = new
    return total


def _together(logs: tuple[tuple[int, int], ...], more: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    powers = dict(logs)
    for prime, power in more:
        powers[prime] = powers.get(prime, 0) + power
    return tuple(sorted(powers.items()))


def inverse(value: Sum) -> Sum:
    """1 / value, by conjugation at one prime after the other: 1/(a + b√p) = (a - b√p)/(a² - p b²).

    Raises ``ZeroDivisionError`` for 0 and ``Unsupported`` below a logarithm.
    """
    if not value:
        raise ZeroDivisionError("division by an exact 0")
    if any(logs for _, logs in value):
        raise Unsupported("division by a logarithm")
    if len(value) == 1:
        ((d, logs), only), = value.items()
        return {(d, logs): 1 / (only * d)}
    conjugates: Sum = rational(fmpq(1))
    while (number := as_rational(value)) is None:
        prime = _primes(max(d for d, _ in value))[0][0]
        conjugate = {key: -x if key[0] % prime == 0 else x for key, x in value.items()}
        value, conjugates = multiply(value, conjugate), multiply(conjugates, conjugate)
    return multiply(conjugates, rational(1 / number))


def square_root(value: Sum) -> Sum:
    """The root of a rational number that is not negative, as q √d. Raises ``Unsupported`` for others."""
    number = as_rational(value)
    if number is None:
        raise Unsupported("the square root of an irrational number")
    if number < 0:
        raise Unsupported("the square root of a negative number")
    if number == 0:
        return {}
    outside, inside = 1, 1
    for prime, power in _primes(int(number.p) * int(number.q)):
        outside *= prime ** (power // 2)
        inside *= prime ** (power % 2)
    return {(inside, ()): fmpq(outside, int(number.q))}


def logarithm(value: Sum) -> Sum:
    """The logarithm of q √d > 0, as a sum over primes. Raises ``Unsupported`` for others."""
    if len(value) != 1:
        raise Unsupported("the logarithm of a sum of roots" if value else "the logarithm of 0")
    ((d, logs), number), = value.items()
    if logs or number < 0:
        raise Unsupported("the logarithm of a logarithm" if logs else "the logarithm of a negative number")
    total: Sum = {}
    for sign, integer in ((fmpq(1), int(number.p)), (fmpq(-1), int(number.q)), (fmpq(1, 2), d)):
        for prime, power in _primes(integer):
            total = add(total, {(1, ((prime, 1),)): sign * power})
    return total


def exponential(value: Sum) -> Sum:
    """exp of Σ n log p, n in Z/2: the number Π p^n. Raises ``Unsupported`` for any other argument."""
    outside, inside = fmpq(1), 1
    for (d, logs), number in value.items():
        if d != 1 or len(logs) != 1 or logs[0][1] != 1 or number.q not in (1, 2):
            raise Unsupported("exp of a number that is no half-integer combination of logarithms")
        prime, whole = logs[0][0], int(number.p) // int(number.q)
        outside *= fmpq(prime) ** whole
        if number.q == 2:
            inside *= prime
    return {(inside, ()): outside}


def sign(value: Sum) -> int:
    """-1, 0 or 1. Raises ``Unsupported`` if no ball decides it."""
    number = as_rational(value)
    if number is not None:
        return int(number > 0) - int(number < 0)
    for precision in PRECISIONS:
        enclosure = ball(value, precision)
        if enclosure > 0:
            return 1
        if enclosure < 0:
            return -1
    raise Unsupported("the sign of a number that no ball separates from 0")


def is_zero(value: Sum) -> bool:
    """Whether the sum is 0; see the module. Raises ``Unsupported`` where that is not known."""
    if not value:
        return True
    if len(value) == 1:  # q √d Π (log p)^e, and no logarithm of a prime is 0
        return False
    if all(sum(power for _, power in logs) <= 1 for _, logs in value):
        return False
    return sign(value) == 0


def ball(value: Sum, precision: int = 64) -> arb:
    """An enclosure of the sum with this many bits."""
    before = ctx.prec
    ctx.prec = precision
    try:
        total = arb(0)
        for (d, logs), number in value.items():
            term = arb(number) * arb(d).sqrt()
            for prime, power in logs:
                term *= arb(prime).log() ** power
            total += term
        return total
    finally:
        ctx.prec = before


def double(value: Sum) -> float:
    """The sum as a double, to two units in its last place; of several terms, which may cancel, by a ball."""
    if not value:
        return 0.0
    if len(value) == 1:
        ((d, logs), number), = value.items()
        above, below = int(number.p), int(number.q)
        if not logs and max(above.bit_length(), below.bit_length(), d.bit_length()) <= LARGEST_BITS:
            return above / below if d == 1 else above / below * sqrt(d)
    return float(ball(value, 128))


def text(value: Sum) -> str:
    """The sum as one line, such as ``3/4`` or ``1/4·√2 - log 3``."""
    if not value:
        return "0"
    line = ""
    for (d, logs), number in sorted(value.items()):
        factors = [f"√{d}"] * (d != 1) + [f"log {p}" + (f"^{e}" if e != 1 else "") for p, e in logs]
        size = abs(number)
        body = "·".join(([] if size == 1 and factors else [str(size)]) + factors)
        line += (" - " if number < 0 else " + ") + body if line else ("-" if number < 0 else "") + body
    return line


def denominator(value: Sum) -> int:
    """The least common denominator of the coefficients."""
    return lcm(*(int(number.q) for number in value.values())) if value else 1


def _primes(number: int) -> list[tuple[int, int]]:
    if number.bit_length() > LARGEST_BITS:
        raise Unsupported(f"the factors of an integer of {number.bit_length()} bits")
    return [(int(prime), int(power)) for prime, power in fmpz(number).factor()]
