"""Sums, means and products of exact numbers along axes, matrices among them, with torch's names and conventions."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from derive.estimators.arrays import ExactArray
from derive.estimators.numbers import Exact


class Reductions(ExactArray):
    """Sums, means, products along axes."""

    def sum(self, dim: Any = None, keepdim: bool = False, *, axis: Any = None, dtype: Any = None) -> Self:
        self._rounded(dtype)
        array = np.vectorize(self._number, otypes=[object])(self.array) if self.array.size else self.array
        axis = tuple(dim) if isinstance(dim, list) else dim if axis is None else axis
        total = array.sum(axis=axis, keepdims=keepdim)
        return self._made(total if self.array.size or np.ndim(total) else self._number(0))

    def mean(self, dim: Any = None, keepdim: bool = False, *, axis: Any = None, dtype: Any = None) -> Self:
        total = self.sum(dim, keepdim, axis=axis, dtype=dtype)
        return self._entrywise(operator.truediv, total, self.array.size // total.array.size)

    def var(self, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *,
            correction: int | None = None) -> Self:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        total = self._entrywise(lambda x, mean: (x - mean) ** 2, self, self.mean(dim, True)).sum(dim, keepdim)
        degrees = self.array.size // total.array.size - (int(unbiased) if correction is None else correction)
        return self._entrywise(operator.truediv, total, degrees)

    def std(self, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *,
            correction: int | None = None) -> Self:
        return self._entrywise(Exact.sqrt, self.var(dim, unbiased, keepdim, correction=correction))

    def prod(self, dim: int | None = None, keepdim: bool = False) -> Self:
        return self._made(np.prod(self.array, axis=dim, keepdims=keepdim))

    def cumsum(self, dim: int) -> Self:
        return self._made(np.cumsum(self.array, axis=dim))

    def cumprod(self, dim: int) -> Self:
        return self._made(np.cumprod(self.array, axis=dim))

    def count_nonzero(self, dim: Any = None) -> Self:
        return self._entrywise(lambda x: int(bool(x)), self).sum(dim)

    def any(self, dim: int | None = None, keepdim: bool = False) -> Self:
        return self._truth(np.any, dim, keepdim)

    def all(self, dim: int | None = None, keepdim: bool = False) -> Self:
        return self._truth(np.all, dim, keepdim)

    def _truth(self, reduce: Callable[..., Any], dim: int | None, keepdim: bool) -> Self:
        return self._made(reduce(np.vectorize(bool, otypes=[bool])(self.array), axis=dim, keepdims=keepdim))

    def norm(self, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Self:
        if p not in (2, "fro"):
            self._leave(f"a norm of order {p}")
        return self._entrywise(Exact.sqrt, self._entrywise(lambda x: x * x, self).sum(dim, keepdim))

    def nansum(self, dim: Any = None, keepdim: bool = False) -> Self:
        return self._entrywise(lambda x: 0 if x.value is None else x, self).sum(dim, keepdim)

    def nanmean(self, dim: Any = None, keepdim: bool = False) -> Self:
        counted = self._entrywise(lambda x: x.value is not None, self).sum(dim, keepdim)
        return self._entrywise(operator.truediv, self.nansum(dim, keepdim), counted)


class Products(ExactArray):
    """Products of vectors and matrices: sums of products, hence exact."""

    def matmul(self, other: Any) -> Self:
        return self._product(np.matmul, self, other)

    def __matmul__(self, other: Any) -> Self:
        return self.matmul(other)

    def __rmatmul__(self, other: Any) -> Self:
        return self._product(np.matmul, other, self)

    def outer(self, other: Any) -> Self:
        return self._product(np.outer, self, other)

    def einsum(self, equation: Any, *operands: Any) -> Self:
        """``torch.einsum``, in the form with an equation; called on any of the operands."""
        if not isinstance(equation, str):
            self._leave("einsum without an equation")
        return self._product(lambda *arrays: np.einsum(equation.replace(" ", ""), *arrays), *operands)

    def _product(self, function: Callable[..., Any], *operands: Any) -> Self:
        return self._made(function(*(self._numbers(operand) for operand in operands)))

    def _numbers(self, operand: Any) -> Any:
        """An array without bools, of the same shape."""
        raw = self._raw(operand)
        return np.vectorize(self._number, otypes=[object])(raw) if raw.size else raw


class Exponentials(ExactArray):
    """softmax and its like: exact where differences along the axis are half-integer combinations of logarithms.

    So are log-probabilities, and equal numbers; of other rational numbers the exponential is no
    number that is known here, and that is a way out.
    """

    def softmax(self, dim: int = -1, _stacklevel: int = 3, dtype: Any = None) -> Self:
        self._rounded(dtype)
        powers, _ = self._powers(dim)
        return self._entrywise(operator.truediv, powers, np.sum(powers.array, axis=dim, keepdims=True))

    def log_softmax(self, dim: int = -1, _stacklevel: int = 3, dtype: Any = None) -> Self:
        self._rounded(dtype)
        return self._entrywise(operator.sub, self, self.logsumexp(dim, keepdim=True))

    def logsumexp(self, dim: int = -1, keepdim: bool = False) -> Self:
        powers, first = self._powers(dim)
        total = self._entrywise(lambda x, y: x + y.log(), first, np.sum(powers.array, axis=dim, keepdims=True))
        return total if keepdim else self._made(np.squeeze(total.array, axis=dim))

    def _powers(self, dim: int) -> tuple[Self, Self]:
        """(exp(x - first), first), first being the first entry along the axis."""
        first = self._made(np.take(self.array, [0], axis=dim))
        return self._entrywise(lambda x, y: (x - y).exp(), self, first), first
