"""Where the numbers of a run come from: which floats were read as fractions, and which operation left exact numbers.

One ``Ledger`` belongs to one run and travels with every number of it. A run whose ledger
names a way out is numerical, whatever its result looks like.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

LARGEST_DENOMINATOR = 1_000
DIGITS = 6
"""A decimal of at most so many significant digits is what its author wrote."""
LARGEST_FRACTION = 10**6
"""Above it, two fractions of small denominator could have the same nearest double: decimals only."""


class LeftExact(Exception):
    """The code asked for something that exact numbers do not have; the run continues in floats."""


@dataclass(slots=True)
class Ledger:
    """What happened in one run: ``readings`` of floats, ``exits`` from exact numbers, ``ties`` of max and min."""

    readings: dict[float, Fraction] = field(default_factory=dict)
    exits: list[str] = field(default_factory=list)
    ties: set[str] = field(default_factory=set)

    def leave(self, operation: str) -> LeftExact:
        """The exception to raise; the operation is on record even if the code under test catches it."""
        if operation not in self.exits:
            self.exits.append(operation)
        return LeftExact(operation)

    def read(self, number: float) -> Fraction:
        """The fraction that the author of a float meant.

        Raises ``LeftExact`` for a float that is neither the double nearest to a fraction of
        small denominator nor a short decimal.
        """
        known = self.readings.get(number)
        if known is not None:
            return known
        fraction = fraction_of(number)
        if fraction is None:
            raise self.leave(f"the float {number!r}")
        self.readings[number] = fraction
        return fraction

    def lines(self) -> tuple[str, ...]:
        """The readings worth printing: a whole number needs no explanation."""
        return tuple(f"the float {number!r} is read as {fraction}"
                     for number, fraction in self.readings.items() if fraction.denominator != 1)


def fraction_of(number: float) -> Fraction | None:
    """The fraction with denominator at most 1,000 whose nearest double this is, or the decimal of at most 6 digits.

    Fractions of such denominators lie at least 10^-6 apart, and doubles below 10^6 at most
    10^-10, so the fraction is unique. None if there is neither.
    """
    if not math.isfinite(number):
        return None
    if abs(number) <= LARGEST_FRACTION:
        fraction = Fraction(number).limit_denominator(LARGEST_DENOMINATOR)
        if fraction.numerator / fraction.denominator == number:
            return fraction
    decimal = Decimal(repr(float(number)))
    return Fraction(decimal) if len(decimal.normalize().as_tuple().digits) <= DIGITS else None
