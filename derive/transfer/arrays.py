"""Arrays over two rings: floats, and residues modulo several primes; one first axis for what runs side by side."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

import numpy as np

from derive.errors import OutsideFragment, Undefined, WorkLimit
from derive.semantics import modular

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

    def solved(self, matrix: Array, right: Array) -> Array:
        """y = right + matrix y, for matrices (B, n, n) and columns (B, n)."""


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

    def solved(self, matrix: Array, right: Array) -> Array:
        """With absolute values (1 - m)^-1 twice: rounding moves y by about n eps (1 - |m|)^-1 |y|, entry by entry."""
        below = np.eye(matrix.shape[-1]) - matrix
        found = eliminated(below, right[..., None])
        return np.asarray((eliminated(below, found) if self.absolute else found)[..., 0])


def eliminated(matrix: Array, right: Array) -> Array:
    """The solution of matrix y = right, (B, n, n) and (B, n, k), for 1 - m with m >= 0 of spectral radius below 1.

    By blocks and without exchanges of rows: factors of such matrices are such matrices, nothing cancels but on their
    diagonals, and what is 0 because a state leads nowhere stays 0 (Higham 2002, sections 8.3 and 9.5). LAPACK's
    exchanges would spread the rounding of the largest values over all states.
    """
    n, size = matrix.shape[-1], max(len(matrix), len(right))
    matrix, right = (np.broadcast_to(one, (size, *one.shape[1:])) for one in (matrix, right))
    if n > 16:
        k = n // 2
        both = eliminated(matrix[:, :k, :k], np.concatenate([matrix[:, :k, k:], right[:, :k]], axis=-1))
        across, top = both[..., :n - k], both[..., n - k:]
        below = matrix[:, k:, :k]
        bottom = eliminated(matrix[:, k:, k:] - np.matmul(below, across), right[:, k:] - np.matmul(below, top))
        return np.concatenate([top - np.matmul(across, bottom), bottom], axis=1)
    matrix, right = matrix.copy(), right.copy()
    for k in range(n):
        factor = matrix[:, k + 1:, k, None] / matrix[:, k, None, k, None]
        matrix[:, k + 1:] -= factor * matrix[:, None, k]
        right[:, k + 1:] -= factor * right[:, None, k]
    for k in range(n - 1, -1, -1):
        right[:, k] = (right[:, k] - np.einsum("bj,bjc->bc", matrix[:, k, k + 1:], right[:, k + 1:])
                       ) / matrix[:, k, k, None]
    return right


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

    def solved(self, matrix: Array, right: Array) -> Array:
        raise OutsideFragment("an infinite horizon has no last step to start from")
