"""Exact numbers behind ``__torch_function__``, so that an ordinary torch loss runs on them unmodified.

``ExactTensor`` is no ``torch.Tensor``: it has an object array inside, and the names of torch.
A name that is not here is a way out of exact numbers and is put on the ledger by its name.
Derivatives follow torch: ``maximum`` of equal entries passes half to each, ``clamp`` passes
the derivative at its bounds, and nothing is recorded under ``torch.no_grad``.

Nobody relies on this table being right: whoever runs a loss on it compares every result with
the same loss in floats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
import torch

from derive.estimators import elementwise
from derive.estimators.arrays import Shapes
from derive.estimators.numbers import Exact
from derive.estimators.orders import Orders
from derive.estimators.provenance import Ledger
from derive.estimators.reductions import Exponentials, Products, Reductions
from derive.estimators.ways_out import Taken

Array = Any


class ExactTensor(Reductions, Products, Exponentials, Orders, Shapes):
    """An object array of ``Exact`` (or of bool, for the result of a comparison) with the names of a tensor."""

    device = torch.device("cpu")
    requires_grad = True
    is_cuda = False
    layout = torch.strided

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        name = getattr(function, "__name__", str(function))
        ledger = _ledger(arguments) or _ledger(tuple((keywords or {}).values()))
        if ledger is None:
            raise TypeError(name)
        if name in FREE and function is not torch.Tensor.where:
            return FREE[name](ledger, *arguments, **(keywords or {}))
        changes = name == "__setitem__" or (name.endswith("_") and not name.endswith("__"))
        if changes and arguments and isinstance(arguments[0], torch.Tensor):
            raise ledger.leave(f"{name} into a tensor of floats")
        method = getattr(cls, name, None)
        if method is None or not arguments or name.startswith("_leave"):
            raise ledger.leave(f"torch {name}")
        return method(wrapped(arguments[0], ledger), *arguments[1:], **(keywords or {}))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._leave(f"tensor.{name}")

    # -- what it is --------------------------------------------------------------------------------

    @property
    def dtype(self) -> torch.dtype:
        """bool for the result of a comparison, else float64."""
        return torch.bool if self.array.size and isinstance(self.array.flat[0], bool | np.bool_) else torch.float64

    @property
    def shape(self) -> torch.Size:
        """The shape, as torch has it."""
        return torch.Size(self.array.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    def dim(self) -> int:
        return self.array.ndim

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        return self.array.size

    def __len__(self) -> int:
        if not self.array.ndim:  # as torch.tensor([...]) asks
            self._leave("torch.tensor or len() of one exact number")
        return len(self.array)

    def is_floating_point(self) -> bool:
        return self.dtype is torch.float64

    def __iter__(self) -> Any:
        return (self._made(row) for row in self.array)

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise RuntimeError("the truth of a tensor with more than one entry is ambiguous")
        return bool(self.array.item())

    def __repr__(self) -> str:
        return f"exact({self.array})"

    __hash__ = object.__hash__

    # -- ways out -----------------------------------------------------------------------------------

    def item(self) -> Taken:
        return Taken(self.ledger)

    def tolist(self) -> Any:
        """Nested lists of exact numbers without derivatives, of bools after a comparison."""
        return self.detach().array.tolist()

    def numpy(self) -> NoReturn:
        self._leave(".numpy()")

    def __array__(self, *arguments: Any, **keywords: Any) -> NoReturn:
        self._leave("numpy.asarray of a tensor")

    def __float__(self) -> float:
        self._leave("float() of a tensor")

    def __int__(self) -> int:
        if self.array.size != 1:
            self._leave("int() of a tensor")
        return int(self._number(self.array.item()))

    def __index__(self) -> int:
        """A whole number without a derivative, as in ``log_probs[i, :lengths[i]]``; nothing is lost."""
        if self.array.size != 1:
            self._leave("a tensor as an index")
        return int(self._whole("a tensor as an index").array.item().__index__())

    def __format__(self, specification: str) -> str:
        self._leave("a tensor in a format")

    # -- entries --------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> ExactTensor:
        return self._made(self.array[_key(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        raw = self._raw(value)
        self.array[_key(key)] = raw.item() if raw.ndim == 0 else raw  # NumPy would store the array itself

    def where(self, condition: Any, other: Any) -> ExactTensor:
        return self._entrywise(lambda c, x, y: x if bool(c) else y, condition, self, other)

    def masked_fill(self, mask: Any, value: Any) -> ExactTensor:
        return self._entrywise(lambda x, m, v: v if bool(m) else x, self, mask, value)

    def nan_to_num(self, nan: float = 0.0, **unused: Any) -> ExactTensor:
        return self._entrywise(lambda x, v: v if x.value is None else x, self, nan)

    def isnan(self) -> ExactTensor:
        return self._entrywise(lambda x: x.value is None, self)

    def isfinite(self) -> ExactTensor:
        return self._entrywise(lambda x: x.value is not None, self)

    def isinf(self) -> ExactTensor:
        return self._entrywise(lambda x: False, self)

    def clamp(self, min: Any = None, max: Any = None) -> ExactTensor:
        result = self
        if min is not None:
            result = self._entrywise(lambda x, low: low if x < low else x, result, min)
        if max is not None:
            result = self._entrywise(lambda x, high: high if x > high else x, result, max)
        return result

    def clamp_min(self, min: Any) -> ExactTensor:
        return self.clamp(min=min)

    def clamp_max(self, max: Any) -> ExactTensor:
        return self.clamp(max=max)

    def maximum(self, other: Any) -> ExactTensor:
        return self._entrywise(elementwise.larger, self, other)

    def minimum(self, other: Any) -> ExactTensor:
        return self._entrywise(elementwise.smaller, self, other)

    def add(self, other: Any, *, alpha: Any = 1) -> ExactTensor:
        return self._entrywise(lambda x, y: x + y * alpha, self, other)

    def sub(self, other: Any, *, alpha: Any = 1) -> ExactTensor:
        return self._entrywise(lambda x, y: x - y * alpha, self, other)

    def div(self, other: Any, *, rounding_mode: str | None = None) -> Any:
        if rounding_mode is not None:
            self._leave(f"division with rounding {rounding_mode}")
        return self / other

    def detach(self) -> ExactTensor:
        return self._entrywise(lambda x: x.detach() if isinstance(x, Exact) else x, self)

    @property
    def data(self) -> ExactTensor:
        """The numbers without derivatives."""
        return self.detach()

    def detach_(self) -> ExactTensor:
        self.array[...] = self.detach().array
        return self

    def clone(self, **unused: Any) -> ExactTensor:
        return self._made(self.array.copy())

    def to(self, *arguments: Any, **unused: Any) -> ExactTensor:
        named = unused.get("dtype")
        dtypes = [getattr(one, "dtype", one) for one in (*arguments, named)]  # of a tensor, its dtype
        return self._cast(next((one for one in dtypes if isinstance(one, torch.dtype)), None))

    def float(self) -> ExactTensor:
        """float32, which exact numbers do not have: only 0 and 1 and other whole numbers stay as they are."""
        return self._whole(".float(): a cast to float32")

    def long(self) -> ExactTensor:
        return self._whole(".long()")

    def double(self) -> ExactTensor:
        return self._cast(torch.float64)

    def bool(self) -> ExactTensor:
        return self._cast(torch.bool)

    def contiguous(self) -> ExactTensor:
        return self

    def cpu(self) -> ExactTensor:
        return self

    def type_as(self, other: Any) -> ExactTensor:
        return self._cast(other.dtype)

    def _cast(self, dtype: torch.dtype | None) -> ExactTensor:
        self._rounded(dtype)
        if dtype is torch.bool:
            return self._entrywise(bool, self)
        if dtype is not None and not dtype.is_floating_point:
            return self._whole(f"a cast to {dtype}")
        if self.dtype is torch.bool:
            return self._entrywise(self._number, self)
        return self

    def _whole(self, name: str) -> ExactTensor:
        numbers = self._entrywise(self._number, self)
        for number in numbers.array.flat:
            if number.value is None or number.slope or not elementwise.is_whole(number):
                self._leave(name)
        return numbers


def wrapped(value: Any, ledger: Ledger) -> ExactTensor:
    """A tensor, array or number as an exact tensor; floats are read by the ledger."""
    return ExactTensor.of(value, ledger)


def exact_tensor(numbers: Array, ledger: Ledger) -> ExactTensor:
    """An object array of exact numbers as a tensor."""
    return ExactTensor(numbers, ledger)


def _key(key: Any) -> Any:
    """A NumPy index: tensors of comparisons or whole numbers among it as arrays."""
    if isinstance(key, tuple):
        return tuple(map(_key, key))
    if isinstance(key, ExactTensor):
        if key.dtype is torch.bool:
            return key.array.astype(bool)
        raise key.ledger.leave("an index by exact numbers")
    return key.numpy() if isinstance(key, torch.Tensor) else key


def _ledger(arguments: Sequence[Any]) -> Ledger | None:
    for argument in arguments:
        if isinstance(argument, ExactTensor):
            return argument.ledger
        if isinstance(argument, list | tuple):
            found = _ledger(argument)
            if found is not None:
                return found
    return None


def _binary(name: str, function: Callable[[Any, Any], Any]) -> Callable[[ExactTensor, Any], ExactTensor]:
    def method(self: ExactTensor, other: Any) -> ExactTensor:
        return self._entrywise(function, self, other)

    method.__name__ = name
    return method


def _unary(name: str, function: Callable[[Any], Any]) -> Callable[[ExactTensor], ExactTensor]:
    def method(self: ExactTensor, inplace: bool = False) -> ExactTensor:
        if inplace:  # as torch.nn.functional.relu passes it
            self._leave(f"{name} in place")
        return self._entrywise(function, self)

    method.__name__ = name
    return method


def _in_place(name: str) -> Callable[..., ExactTensor]:
    def method(self: ExactTensor, *operands: Any, **keywords: Any) -> ExactTensor:
        self.array[...] = getattr(self, name)(*operands, **keywords).array
        return self

    method.__name__ = f"{name}_"
    return method


for _name, _function in elementwise.BINARY.items():
    setattr(ExactTensor, _name, _binary(_name, _function))
for _name, _of_one in elementwise.UNARY.items():
    setattr(ExactTensor, _name, _unary(_name, _of_one))
for _name in elementwise.IN_PLACE:
    setattr(ExactTensor, f"{_name}_", _in_place(_name))
for _alias, _name in elementwise.ALIASES.items():
    setattr(ExactTensor, _alias, getattr(ExactTensor, _name))


def _joined(join: Callable[..., Any]) -> Callable[..., ExactTensor]:
    def function(ledger: Ledger, tensors: Sequence[Any], dim: int = 0, **axis: int) -> ExactTensor:
        return ExactTensor(join([wrapped(one, ledger).array for one in tensors], axis=axis.get("axis", dim)), ledger)

    return function


def _filled(number: int) -> Callable[..., Any]:
    def function(ledger: Ledger, like: ExactTensor, *, dtype: torch.dtype | None = None, **unused: Any) -> Any:
        kind = like.dtype if dtype is None else dtype
        if not kind.is_floating_point:
            return torch.full(tuple(like.shape), number, dtype=kind)
        return wrapped(torch.full(tuple(like.shape), float(number), dtype=torch.float64), ledger)

    return function


def _squared_error(ledger: Ledger, one: Any, other: Any, *unused: Any, reduction: str = "mean", **more: Any) -> Any:
    if unused or reduction not in ("mean", "sum", "none"):
        raise ledger.leave("mse_loss with old arguments")
    square = (wrapped(one, ledger) - other) ** 2
    return square if reduction == "none" else getattr(square, reduction)()


FREE: dict[str, Callable[..., Any]] = {
    "stack": _joined(np.stack), "cat": _joined(np.concatenate), "concat": _joined(np.concatenate),
    "zeros_like": _filled(0), "ones_like": _filled(1),
    "where": lambda ledger, condition, input, other: wrapped(input, ledger).where(condition, other),
    "full_like": lambda ledger, like, fill_value, **unused: wrapped(np.full(
        tuple(like.shape), fill_value, dtype=object), ledger),
    "einsum": lambda ledger, equation, *operands: ExactTensor(np.array(0), ledger).einsum(equation, *operands),
    "mse_loss": _squared_error,
    "is_tensor": lambda ledger, value: True,
    "broadcast_tensors": lambda ledger, *tensors: tuple(
        ExactTensor(array, ledger) for array in np.broadcast_arrays(*(wrapped(one, ledger).array for one in tensors))),
}
"""What is no method of the first argument."""
