"""Products of arrays summed over shared places, in an order that costs little."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from derive.transfer.arrays import Array

MOST_AT_ONCE = 10_000_000
"""Of an array inside a contraction."""
LITTLE = 50_000
"""Products of entries that are added up sooner than it is decided in which order."""

Operand = tuple[Array, tuple[str, ...]]
"""An array and the places of its axes: "t" the steps, "q" states of an automaton."""


def at_once(operands: Sequence[Operand], out: tuple[str, ...]) -> Array:
    """The product summed over all places but those of ``out``.

    Pair by pair, but for little work, and where one array has all places: pairs save nothing there.
    """
    names, sizes = dict[str, str](), dict[str, int]()
    for array, places in operands:
        for place, size in zip(places, array.shape, strict=True):
            names.setdefault(place, chr(ord("A") + len(names)))
            sizes[place] = size
    labels = ",".join("".join(names[place] for place in places) for _, places in operands)
    subscripts = f"{labels}->{''.join(names[place] for place in out)}"
    together = prod(sizes.values()) <= LITTLE or any(sizes.keys() == {*places} for _, places in operands)
    order: Any = not together and _order(subscripts, tuple(array.shape for array, _ in operands))
    return np.asarray(np.einsum(subscripts, *(array for array, _ in operands), optimize=order))


@lru_cache(maxsize=256)
def _order(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """In which pairs arrays of these shapes are contracted."""
    search = ("optimal" if len(shapes) < 7 else "greedy", 4 * MOST_AT_ONCE)
    return np.einsum_path(subscripts, *(np.broadcast_to(0.0, shape) for shape in shapes), optimize=search)[0]
