"""Object arrays of exact numbers with the reductions and the changes of shape that torch has."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NoReturn, Self

import numpy as np
import torch

from derive.estimators import elementwise
from derive.estimators.numbers import Exact, exact
from derive.estimators.provenance import Ledger

Array = Any
ROUNDING = (torch.float32, torch.float16, torch.bfloat16)


class ExactArray:
    """An array with entries ``Exact`` (or bool), and the ledger of its run."""

    def __init__(self, array: Array, ledger: Ledger) -> None:
        self.array = np.asarray(array, dtype=object)
        self.ledger = ledger

    @classmethod
    def of(cls, value: Any, ledger: Ledger) -> Self:
        """A tensor, array or number as an exact tensor; floats are read by the ledger."""
        if isinstance(value, cls):
            return value
        if isinstance(value, torch.Tensor):
            if value.requires_grad:
                raise ledger.leave("a tensor of floats that requires a gradient")
            value = value.numpy()
        array = np.asarray(value, dtype=object)
        flat = [exact(entry, ledger) for entry in array.reshape(-1)]
        if any(entry is None for entry in flat):
            raise ledger.leave(f"a value of type {type(value).__name__}")
        result = np.empty(len(flat), dtype=object)
        result[:] = flat
        return cls(result.reshape(array.shape), ledger)

    def _leave(self, operation: str) -> NoReturn:
        raise self.ledger.leave(operation)

    def _rounded(self, dtype: Any) -> None:
        """A dtype of fewer digits than a double is a way out."""
        if dtype in ROUNDING:
            self._leave(f"a cast to {dtype}")

    def _number(self, entry: Any) -> Exact:
        number = exact(entry, self.ledger)
        if number is None:
            self._leave(f"an entry of type {type(entry).__name__}")
        return number

    def _made(self, array: Array) -> Self:
        made = type(self)(array, self.ledger)
        if torch.is_grad_enabled() or not made.array.size:
            return made
        without = np.vectorize(lambda x: x.detach() if isinstance(x, Exact) else x, otypes=[object])(made.array)
        return type(self)(without, self.ledger)

    def _raw(self, other: Any) -> Array:
        return self.of(other, self.ledger).array

    def _entrywise(self, function: Callable[..., Any], *operands: Any) -> Self:
        """The function of corresponding entries, as exact numbers or bools, with broadcasting."""
        arrays = np.broadcast_arrays(*(self._raw(operand) for operand in operands))
        result = np.empty(arrays[0].shape, dtype=object)
        for place in np.ndindex(result.shape):
            result[place] = function(*(self._entry(array[place]) for array in arrays))
        return self._made(result)

    def _entry(self, entry: Any) -> Any:
        return self._number(entry) if not isinstance(entry, Exact) else entry


class Reductions(ExactArray):
    """Sums, means, extremes."""

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

    def any(self, dim: int | None = None, keepdim: bool = False) -> Self:
        return self._truth(np.any, dim, keepdim)

    def all(self, dim: int | None = None, keepdim: bool = False) -> Self:
        return self._truth(np.all, dim, keepdim)

    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is not None and not isinstance(dim, int):
            return self._entrywise(elementwise.larger, self, dim)  # torch.max of two tensors
        return self._best(lambda x, y: x > y, dim, keepdim)

    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is not None and not isinstance(dim, int):
            return self._entrywise(elementwise.smaller, self, dim)
        return self._best(lambda x, y: x < y, dim, keepdim)

    def _truth(self, reduce: Callable[..., Any], dim: int | None, keepdim: bool) -> Self:
        return self._made(reduce(np.vectorize(bool, otypes=[bool])(self.array), axis=dim, keepdims=keepdim))

    def _best(self, better: Callable[[Any, Any], bool], dim: int | None, keepdim: bool) -> Self:
        """Over all entries only, and where equal entries have no derivative: torch shares it among them."""
        if dim is not None or any(x.slope for x in self.array.flat):
            self._leave("max or min along an axis, or of numbers with a derivative")
        best = self.array.flat[0]
        for entry in self.array.flat:
            best = entry if better(entry, best) else best
        return self._made(best)


class Shapes(ExactArray):
    """Changes of shape; broadcasting as NumPy has it."""

    def view(self, *shape: Any) -> Self:
        return self._made(self.array.reshape(*shape))

    def flatten(self) -> Self:
        return self._made(self.array.reshape(-1))

    def unsqueeze(self, dim: int) -> Self:
        return self._made(np.expand_dims(self.array, dim))

    def squeeze(self, dim: int | None = None) -> Self:
        if dim is not None and self.array.shape[dim] != 1:
            return self
        return self._made(np.squeeze(self.array, axis=dim))

    def expand(self, *shape: Any) -> Self:
        sizes = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        own = (1,) * (len(sizes) - self.array.ndim) + self.array.shape
        target = tuple(have if want == -1 else want for want, have in zip(sizes, own, strict=True))
        return self._made(np.broadcast_to(self.array, target))

    def expand_as(self, other: Any) -> Self:
        return self._made(np.broadcast_to(self.array, other.shape))

    def repeat(self, *sizes: int) -> Self:
        return self._made(np.tile(self.array, sizes))

    def repeat_interleave(self, repeats: int, dim: int | None = None) -> Self:
        return self._made(np.repeat(self.array, repeats, axis=dim))

    def flip(self, *dims: Any) -> Self:
        axes = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
        return self._made(np.flip(self.array, axis=tuple(axes)))

    def transpose(self, first: int, second: int) -> Self:
        return self._made(np.swapaxes(self.array, first, second))
