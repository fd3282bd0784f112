"""Object arrays of exact numbers, and the changes of shape that torch has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, Self

import numpy as np
import torch

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
        return self._made(np.tile(self.array, sizes[0] if len(sizes) == 1 else sizes))

    def tile(self, *sizes: Any) -> Self:
        return self._made(np.tile(self.array, sizes[0] if len(sizes) == 1 else sizes))

    def repeat_interleave(self, repeats: int, dim: int | None = None) -> Self:
        return self._made(np.repeat(self.array, repeats, axis=dim))

    def flip(self, *dims: Any) -> Self:
        axes = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
        return self._made(np.flip(self.array, axis=tuple(axes)))

    def transpose(self, first: int, second: int) -> Self:
        return self._made(np.swapaxes(self.array, first, second))

    def permute(self, *dims: Any) -> Self:
        axes = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
        return self._made(np.transpose(self.array, axes))

    def t(self) -> Self:
        return self._made(self.array.T)

    @property
    def T(self) -> Self:
        """The transposed matrix."""
        return self._made(self.array.T)

    @property
    def mT(self) -> Self:
        """The matrices of the last two axes, transposed."""
        return self._made(np.swapaxes(self.array, -1, -2))

    def tril(self, diagonal: int = 0) -> Self:
        return self._entrywise(lambda x, below: x if below == 1 else 0, self, self._below(diagonal))

    def triu(self, diagonal: int = 0) -> Self:
        return self._entrywise(lambda x, below: 0 if below == 1 else x, self, self._below(diagonal - 1))

    def _below(self, diagonal: int) -> Array:
        """1 on and below a diagonal of the last two axes."""
        rows, columns = self.array.shape[-2:]
        return np.tri(rows, columns, diagonal)

    def roll(self, shifts: Any, dims: Any = None) -> Self:
        return self._made(np.roll(self.array, shifts, axis=dims))

    def unbind(self, dim: int = 0) -> tuple[Self, ...]:
        return tuple(self._made(part) for part in np.moveaxis(self.array, dim, 0))

    def split(self, size: Any, dim: int = 0) -> tuple[Self, ...]:
        whole = self.array.shape[dim]
        ends = np.cumsum(size) if isinstance(size, list | tuple) else np.arange(size, whole + size, size)
        return tuple(self._made(part) for part in np.split(self.array, ends[:-1], axis=dim))

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Self, ...]:
        return self.split(-(-self.array.shape[dim] // chunks), dim)

    def gather(self, dim: int, index: Any) -> Self:
        return self._made(np.take_along_axis(self.array, index.numpy(), axis=dim))

    def index_select(self, dim: int, index: Any) -> Self:
        return self._made(np.take(self.array, index.numpy(), axis=dim))

    def masked_select(self, mask: Any) -> Self:
        return self._made(self.array[np.broadcast_to(self._raw(mask), self.array.shape).astype(bool)])
