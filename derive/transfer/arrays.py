"""Arrays over two rings: floats, and residues modulo several primes; one first axis for what runs side by side."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

import numpy as np

from derive.errors import Undefined, WorkLimit
from derive.procedures import modular

Array = np.ndarray


class Ring(Protocol):
    """What matrices over time are made of; every array has a first axis, of length 1 where nothing differs."""

    def number(self, value: int | Fraction) -> Array:
        """A rational number, (B,)."""

    def reduced(self, array: Array) -> Array:
        """The normal form of a product, or of a sum of two."""

    def total(self, array: Array, axis: int) -> Array:
        """The sum along an axis."""

    def power(self, array: Array, exponent: int, what: str) -> Array:
        """Every entry to an integer power.

        Raises:
            Undefined: for a negative power of 0.
        """

    def product(self, left: Array, right: Array) -> Array:
        """Products of matrices, (B, n, m) by (B, m, k)."""

    def segments(self, array: Array, first: Array) -> Array:
        """The sums along the last axis of the segments that start at ``first``."""


class Floats:
    """Double precision. Rounding is bounded by whoever asks; ``absolute`` takes the absolute values of numbers."""

    def __init__(self, *, absolute: bool = False) -> None:
        self.absolute = absolute

    def number(self, value: int | Fraction) -> Array:
        return np.array([abs(float(value)) if self.absolute else float(value)])

    def reduced(self, array: Array) -> Array:
        return array

    def total(self, array: Array, axis: int) -> Array:
        return np.asarray(array.sum(axis=axis))

    def power(self, array: Array, exponent: int, what: str) -> Array:
        if exponent < 0 and not array.all():
            raise Undefined(f"a division by {what}, which is 0 somewhere.")
        return array if exponent == 1 else np.asarray(array ** float(exponent) if exponent < 0 else array**exponent)

    def product(self, left: Array, right: Array) -> Array:
        return np.asarray(np.matmul(left, right))

    def segments(self, array: Array, first: Array) -> Array:
        return np.asarray(np.add.reduceat(array, first, axis=-1))


class Residues:
    """Residues modulo primes of 31 bits, one for each place of the first axis, so that a product fits in 64 bits."""

    def __init__(self, primes: Array) -> None:
        self.primes = primes.reshape(-1)

    def modulus(self, array: Array) -> Array:
        return self.primes.reshape(-1, *[1] * (array.ndim - 1))

    def number(self, value: int | Fraction) -> Array:
        fraction = Fraction(value)
        return np.array([fraction.numerator * pow(fraction.denominator, -1, int(p)) % int(p) for p in self.primes],
                        dtype=np.uint64)

    def reduced(self, array: Array) -> Array:
        return np.asarray(array % self.modulus(array))

    def total(self, array: Array, axis: int) -> Array:
        return self.reduced(array.sum(axis=axis, dtype=np.uint64))

    def power(self, array: Array, exponent: int, what: str) -> Array:
        if exponent < 0:
            rows = modular.Residues(array.reshape(len(self.primes), -1), self.primes.reshape(-1, 1))
            array = rows.inverse().values.reshape(array.shape)
        if not exponent:
            return np.ones_like(array)
        result = array
        for _ in range(abs(exponent) - 1):
            result = self.reduced(result * array)
        return result

    def product(self, left: Array, right: Array) -> Array:
        """Exactly, in floating point.

        The left factor is cut into digits so short that a sum over all columns of digit times 31 bits stays below
        2^53, where doubles are exact and products of matrices fast.
        """
        columns, width = right.astype(np.float64), 22 - int(left.shape[-1]).bit_length()
        if width < 1:
            raise WorkLimit(f"a matrix of {left.shape[-1]} columns")
        result = np.zeros((len(self.primes), left.shape[-2], right.shape[-1]), dtype=np.uint64)
        for shift in reversed(range(0, 31, width)):
            digit = (left >> np.uint64(shift)) & np.uint64((1 << width) - 1)
            part = np.matmul(digit.astype(np.float64), columns).astype(np.uint64)
            result = self.reduced((result << np.uint64(width)) + part)
        return result

    def segments(self, array: Array, first: Array) -> Array:
        return self.reduced(np.add.reduceat(array, first, axis=-1))
