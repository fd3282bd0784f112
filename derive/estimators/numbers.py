"""Exact numbers that run through other people's code: in NumPy object arrays, pure Python and, below tensors, torch.

An ``Exact`` looks like a float to code that only computes with it. What exact numbers do
not have is a way out: it is put on the ledger, and the run becomes numerical.

0/0 is a NaN, as in NumPy, so that ``np.where(std > 0, c / std, 0)`` means what it means in
floats. x/0 is a way out: floats take the sign of that infinity from the sign of their zero.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq

from derive.estimators import field
from derive.estimators.field import Sum, Unsupported
from derive.estimators.provenance import Ledger
from derive.estimators.ways_out import WaysOut

Slope = Mapping[Hashable, Sum]
"""A linear form of derivatives: name of a variable -> its coefficient."""


MOST_REMEMBERED = 256


class Exact(WaysOut):
    """A number of the field with its derivatives; ``value`` None is NaN.

    Comparisons and ``bool`` are decided exactly. ``float``, ``int``, ``round``, ``math.*``,
    ``dtype=float`` and a format are ways out and raise ``LeftExact``.
    """

    __slots__ = ("_memory", "_nearest", "ledger", "slope", "value")
    __array_priority__ = 0  # arrays of these are handled by NumPy itself, entry by entry

    def __init__(self, value: Sum | None, ledger: Ledger, slope: Slope | None = None) -> None:
        self.value = value
        self.ledger = ledger
        self.slope: Slope = slope or {}
        self._memory: dict[int, tuple[Exact, Exact]] | None = None
        self._nearest: float | None = None

    # -- arithmetic ---------------------------------------------------------------------------

    def __add__(self, other: Any) -> Any:
        right = other if type(other) is Exact else self._met(other)
        return NotImplemented if right is None else right._remembered(self, 3, Exact._plus)

    def _plus(self, right: Exact) -> Exact:
        if self.value is None or right.value is None:
            return self._nan()
        slope = _combined(self.slope, right.slope) if self.slope or right.slope else None
        return Exact(field.add(self.value, right.value), self.ledger, slope)

    __radd__ = __add__

    def __neg__(self) -> Any:
        return self * -1

    def __pos__(self) -> Exact:
        return self

    def __sub__(self, other: Any) -> Any:
        right = other if type(other) is Exact else self._met(other)
        return NotImplemented if right is None else right._remembered(self, 0, Exact._minus)

    def _minus(self, right: Exact) -> Exact:
        if self.value is None or right.value is None:
            return self._nan()
        slope = _combined(self.slope, _scaled(right.slope, _MINUS)) if self.slope or right.slope else None
        return Exact(field.add(self.value, right.value, scale=-1), self.ledger, slope)

    def _remembered(self, left: Exact, operation: int, compute: Callable[[Exact, Exact], Exact]) -> Exact:
        """The result of an operation with this number on the right.

        It is kept for a while: the rewards of a group are few numbers, each minus one mean, divided by one spread, and
        the sums of two groups begin alike.
        """
        known = self._memory
        if known is None:
            known = self._memory = {}
        key = id(left) * 4 + operation
        found = known.get(key)
        if found is not None and found[0] is left:
            return found[1]
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        result = compute(left, self)
        known[key] = (left, result)
        return result

    def __rsub__(self, other: Any) -> Any:
        left = self._met(other)
        return NotImplemented if left is None else left - self

    def __mul__(self, other: Any) -> Any:
        right = other if type(other) is Exact else self._met(other)
        return NotImplemented if right is None else right._remembered(self, 1, Exact._times)

    def _times(self, right: Exact) -> Exact:
        if self.value is None or right.value is None:
            return self._nan()
        slope = None
        if self.slope or right.slope:
            slope = _combined(_scaled(self.slope, right.value), _scaled(right.slope, self.value))
        return Exact(field.multiply(self.value, right.value), self.ledger, slope)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        right = other if type(other) is Exact else self._met(other)
        return NotImplemented if right is None else right._remembered(self, 2, Exact._over)

    def _over(self, right: Exact) -> Any:
        if self.value is None or right.value is None:
            return self._nan()
        if self._is_zero(right.value):
            if not self._is_zero(self.value):
                self._leave("division of a number other than 0 by 0")
            return self._nan()
        inverse = self._done(field.inverse, right.value)
        if not right.slope:
            return Exact(field.multiply(self.value, inverse), self.ledger, _scaled(self.slope, inverse))
        slope = _scaled(right.slope, field.multiply(_MINUS, field.multiply(inverse, inverse)))
        return self * Exact(inverse, self.ledger, slope)

    def __rtruediv__(self, other: Any) -> Any:
        left = self._met(other)
        return NotImplemented if left is None else left / self

    def __pow__(self, power: Any) -> Any:
        exponent = self._met(power)
        if exponent is None:
            return NotImplemented
        number = None if exponent.value is None or exponent.slope else field.as_rational(exponent.value)
        if number is None or number.q > 2 or abs(number.p) > 64:
            self._leave(f"the power {exponent}")
        base = self if number.q == 1 else self.sqrt()
        result: Any = Exact(_PLUS, self.ledger)
        for _ in range(abs(int(number.p))):
            result = result * base
        return result if number >= 0 else Exact(_PLUS, self.ledger) / result

    def __rpow__(self, base: Any) -> Any:
        left = self._met(base)
        return NotImplemented if left is None else left**self

    def __abs__(self) -> Exact:
        if self.value is None:
            return self
        sign = self._sign()
        if sign == 0 and self.slope:
            return Exact({}, self.ledger)  # torch: the derivative of |x| at 0 is 0
        return -self if sign < 0 else self

    # -- functions: NumPy calls the method of the same name on each entry -------------------------

    def sqrt(self) -> Exact:
        """The square root; a derivative through a root of 0 is a way out."""
        if self.value is None:
            return self
        root = self._done(field.square_root, self.value)
        if not self.slope:
            return Exact(root, self.ledger)
        if not root:
            self._leave("the derivative of a square root at 0")
        half = field.multiply(field.inverse(root), field.rational(fmpq(1, 2)))
        return Exact(root, self.ledger, _scaled(self.slope, half))

    def log(self) -> Exact:
        """The natural logarithm of a positive number without sums of roots."""
        if self.value is None:
            return self
        value = self._done(field.logarithm, self.value)
        slope = _scaled(self.slope, self._done(field.inverse, self.value)) if self.slope else None
        return Exact(value, self.ledger, slope)

    def exp(self) -> Exact:
        """exp of a half-integer combination of logarithms of primes."""
        if self.value is None:
            return self
        value = self._done(field.exponential, self.value)
        return Exact(value, self.ledger, _scaled(self.slope, value))

    def square(self) -> Any:
        """The square."""
        return self * self

    def conjugate(self) -> Exact:
        """The number itself: all are real (``np.std`` asks)."""
        return self

    def detach(self) -> Exact:
        """The number without its derivatives."""
        return Exact(self.value, self.ledger)

    @property
    def real(self) -> Exact:
        """The number itself."""
        return self

    @property
    def imag(self) -> int:
        """0: all are real."""
        return 0

    # -- comparisons -----------------------------------------------------------------------------

    def __eq__(self, other: object) -> Any:
        right = self._met(other)
        if right is None:
            return NotImplemented
        if self.value is None or right.value is None:
            return False
        return self._is_zero(field.add(self.value, right.value, scale=-1))

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    def __lt__(self, other: Any) -> Any:
        return self._compared(other, lambda sign: sign < 0)

    def __le__(self, other: Any) -> Any:
        return self._compared(other, lambda sign: sign <= 0)

    def __gt__(self, other: Any) -> Any:
        return self._compared(other, lambda sign: sign > 0)

    def __ge__(self, other: Any) -> Any:
        return self._compared(other, lambda sign: sign >= 0)

    def __bool__(self) -> bool:
        return self.value is None or not self._is_zero(self.value)

    def __hash__(self) -> int:
        number = None if self.value is None else field.as_rational(self.value)
        if number is None or (int(number.q) & (int(number.q) - 1)):
            self._leave("a hash: of a number that no double equals")
        return hash(Fraction(int(number.p), int(number.q)))

    # -- whole numbers and text ------------------------------------------------------------------

    def __int__(self) -> int:
        """A whole number without a derivative; of any other, a way out."""
        number = None if self.value is None or self.slope else field.as_rational(self.value)
        if number is None or number.q != 1:
            self._leave("int()")
        return int(number)

    def __index__(self) -> int:
        """A whole number counts, as in ``range(length)``; nothing is lost."""
        number = None if self.value is None or self.slope else field.as_rational(self.value)
        if number is None or number.q != 1:
            raise TypeError("a number that is not whole cannot be an index")
        return int(number)

    def __format__(self, specification: str) -> str:
        if specification:
            self._leave(f"the format {specification!r}")
        return str(self)

    def __repr__(self) -> str:
        """Between angle brackets, so that no parser reads it as a number."""
        return f"<{self.text}>"

    # -- inside ---------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The value, such as ``1/4·√2``."""
        return "nan" if self.value is None else field.text(self.value)

    def _met(self, other: Any) -> Exact | None:
        """Another operand as an exact number; None if it is not a number."""
        return other if type(other) is Exact else exact(other, self.ledger)

    def _nan(self) -> Exact:
        return Exact(None, self.ledger)

    def _done(self, operation: Callable[[Sum], Sum], value: Sum) -> Sum:
        try:
            return operation(value)
        except Unsupported as error:
            raise self.ledger.leave(str(error)) from None

    def _is_zero(self, value: Sum) -> bool:
        try:
            return field.is_zero(value)
        except Unsupported as error:
            raise self.ledger.leave(str(error)) from None

    def _sign(self) -> int:
        try:
            return field.sign(self.value or {})
        except Unsupported as error:
            raise self.ledger.leave(str(error)) from None

    def _compared(self, other: Any, holds: Callable[[int], bool]) -> Any:
        right = self._met(other)
        if right is None:
            return NotImplemented
        if self.value is None or right.value is None:
            self._leave("a comparison with NaN")
        return holds(Exact(field.add(self.value, right.value, scale=-1), self.ledger)._sign())


_PLUS: Sum = field.rational(fmpq(1))
_MINUS: Sum = field.rational(fmpq(-1))


def exact(number: Any, ledger: Ledger) -> Exact | None:
    """A Python or NumPy number as an exact one; None for anything else.

    Raises ``LeftExact`` for a float that the ledger cannot read.
    """
    match number:
        case Exact():
            return number
        case bool() | int() | np.bool_() | np.integer():
            return Exact(field.rational(fmpq(int(number))), ledger)
        case Fraction():
            return Exact(field.rational(fmpq(number.numerator, number.denominator)), ledger)
        case float() | np.floating():
            if number != number:
                return Exact(None, ledger)
            fraction = ledger.read(float(number))
            return Exact(field.rational(fmpq(fraction.numerator, fraction.denominator)), ledger)
        case _:
            return None


def nearest(number: Exact) -> float:
    """The value as a double, for printing; no decision rests on it."""
    found = number._nearest
    if found is None:
        found = number._nearest = float("nan") if number.value is None else field.double(number.value)
    return found


def _scaled(slope: Slope, factor: Sum) -> Slope:
    if not slope or not factor:
        return {}
    return {name: field.multiply(value, factor) for name, value in slope.items()}


def _combined(left: Slope, right: Slope) -> Slope:
    total = dict(left)
    for name, value in right.items():
        total[name] = field.add(total[name], value) if name in total else value
        if not total[name]:
            del total[name]
    return total
