"""Extremes and orders of exact numbers, decided by the signs of differences, with torch's conventions.

What is equal keeps its order in ``sort``; ``max`` and ``amax`` of a whole axis share the derivative
among the largest. torch does not promise the first, so equal numbers of different derivatives
are put on the ledger, and the run in floats shows what torch did.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cmp_to_key
from typing import Any, NamedTuple, Self

import numpy as np
import torch

from derive.estimators import elementwise
from derive.estimators.arrays import ExactArray
from derive.estimators.numbers import Exact


class Ordered(NamedTuple):
    """As torch returns it."""

    values: Any
    indices: Any


class Orders(ExactArray):
    """Sorting, and what is the largest."""

    def sort(self, dim: int = -1, descending: bool = False, stable: bool = False) -> Ordered:
        order = self._order(dim, descending)
        return Ordered(self._made(np.take_along_axis(self.array, order, axis=dim)), torch.tensor(order))

    def argsort(self, dim: int = -1, descending: bool = False, stable: bool = False) -> torch.Tensor:
        return torch.tensor(self._order(dim, descending))

    def topk(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Ordered:
        return self._chosen(np.take(self._order(dim, largest), range(k), axis=dim), dim, keepdim=True)

    def median(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """The lower one of an even number, as torch has it."""
        if dim is None:
            flat = self._made(self.array.reshape(-1))
            return flat.median(0).values
        order = self._order(dim, False)
        return self._chosen(np.take(order, [(order.shape[dim] - 1) // 2], axis=dim), dim, keepdim=keepdim)

    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is not None and not isinstance(dim, int):
            return self._entrywise(elementwise.larger, self, dim)  # torch.max of two tensors
        return self._extreme(dim, keepdim, descending=True)

    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is not None and not isinstance(dim, int):
            return self._entrywise(elementwise.smaller, self, dim)
        return self._extreme(dim, keepdim, descending=False)

    def amax(self, dim: Any = None, keepdim: bool = False) -> Self:
        return self._shared(dim, keepdim, lambda x, y: x > y)

    def amin(self, dim: Any = None, keepdim: bool = False) -> Self:
        return self._shared(dim, keepdim, lambda x, y: x < y)

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> torch.Tensor:
        return self._flat(dim)._extreme(0 if dim is None else dim, keepdim, descending=True).indices

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> torch.Tensor:
        return self._flat(dim)._extreme(0 if dim is None else dim, keepdim, descending=False).indices

    def _flat(self, dim: int | None) -> Self:
        return self._made(self.array.reshape(-1)) if dim is None else self

    def _extreme(self, dim: int | None, keepdim: bool, *, descending: bool) -> Any:
        if dim is None:
            return self.amax() if descending else self.amin()
        return self._chosen(np.take(self._order(dim, descending), [0], axis=dim), dim, keepdim=keepdim)

    def _chosen(self, places: Any, dim: int, *, keepdim: bool) -> Ordered:
        values = np.take_along_axis(self.array, places, axis=dim)
        if not keepdim:
            values, places = np.squeeze(values, axis=dim), np.squeeze(places, axis=dim)
        return Ordered(self._made(values), torch.tensor(places))

    def _order(self, dim: int, descending: bool) -> Any:
        """The indices that sort along an axis, equal entries in their order."""
        def compare(left: tuple[int, Exact], right: tuple[int, Exact]) -> int:
            (_, one), (_, other) = left, right
            if one.value != other.value:
                return -1 if (one > other if descending else one < other) else 1
            if one.slope != other.slope:
                self.ledger.ties.add("an order of equal numbers with different derivatives: that of their places")
            return 0

        def order(row: Any) -> Any:
            pairs = [(place, self._number(entry)) for place, entry in enumerate(row)]
            return [place for place, _ in sorted(pairs, key=cmp_to_key(compare))]

        rows = np.moveaxis(self.array, dim, -1)
        places = np.array([order(row) for row in rows.reshape(-1, rows.shape[-1])], dtype=int).reshape(rows.shape)
        return np.moveaxis(places, -1, dim)

    def _shared(self, dim: Any, keepdim: bool, better: Callable[[Exact, Exact], bool]) -> Self:
        """The best along axes, the mean of all that are equal to it, so that each has its part of the derivative."""
        axes = tuple(range(self.array.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
        rows = np.moveaxis(self.array, axes, range(-len(axes), 0))
        kept = rows.shape[:rows.ndim - len(axes)]
        values = np.empty(int(np.prod(kept)), dtype=object)
        values[:] = [self._best([self._number(entry) for entry in row], better)
                     for row in rows.reshape(len(values), -1)]
        result = values.reshape(kept)
        return self._made(np.expand_dims(result, tuple(axis % self.array.ndim for axis in axes)) if keepdim else result)

    def _best(self, numbers: list[Exact], better: Callable[[Exact, Exact], bool]) -> Any:
        best = numbers[0]
        for number in numbers:
            best = number if better(number, best) else best
        equal = [number for number in numbers if number.value == best.value]
        if all(number.slope == best.slope for number in equal):
            return best
        self.ledger.ties.add("an extreme of equal numbers with different derivatives: each has its part, as in torch")
        return sum(equal[1:], start=equal[0]) * Fraction(1, len(equal))
