"""Truncated jets: a value with its first and second derivative along one direction.

A jet is a tuple (x,), (x, Dx) or (x, Dx, D2x) of ring elements, so "grad" is a
derivation, never a call to ``diff``. An entry is ``None`` where nothing needs it: the
value of a logarithm that stands under a gradient has no element in the field, and its
derivative does not ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from derive.errors import NotApplicable

Jet = tuple[Any, ...]


def product(left: Jet, right: Jet) -> Jet:
    """The product rule, to the order of the jets."""
    match len(left):
        case 1:
            return (left[0] * right[0],)
        case 2:
            return (left[0] * right[0], left[0] * right[1] + left[1] * right[0])
    cross = left[1] * right[1]
    return (
        left[0] * right[0],
        left[0] * right[1] + left[1] * right[0],
        left[0] * right[2] + cross + cross + left[2] * right[0],
    )


def above(jet: Jet, low: int) -> Jet:
    """The jet without the derivatives below ``low``, which nobody asks for."""
    return (None,) * low + jet[low:] if low else jet


def scaled(factor: Any, jet: Jet) -> Jet:
    """A jet times a constant."""
    return tuple([None if entry is None else factor * entry for entry in jet])


def quotient(left: Jet, right: Jet) -> Jet:
    """The quotient rule: from f = q g, each derivative of q is solved for in turn."""
    entries = [left[0] / right[0]]
    if len(left) > 1:
        entries.append((left[1] - entries[0] * right[1]) / right[0])
    if len(left) > 2:
        cross = entries[1] * right[1]
        entries.append((left[2] - cross - cross - entries[0] * right[2]) / right[0])
    return tuple(entries)


def log_derivatives(jet: Jet) -> Jet:
    """(None, Dx/x, D2x/x - (Dx/x)^2): the jet of log x without its value."""
    entries: list[Any] = [None]
    if len(jet) > 1:
        entries.append(jet[1] / jet[0])
    if len(jet) > 2:
        entries.append(jet[2] / jet[0] - entries[1] * entries[1])
    return tuple(entries)


def summed(jets: Sequence[Jet], order: int, ring: Any) -> Jet:
    """The sum of jets of one order; an entry that is ``None`` in one of them stays ``None``."""
    columns = list(zip(*jets, strict=True)) if jets else [()] * (order + 1)
    return tuple([None if None in column else ring.total(column) for column in columns])


def remembered(meaning: Callable[[Any], Jet], key: Callable[[Any], Hashable]) -> Callable[[Any], Jet]:
    """``meaning`` computed once for each value of ``key``, the only things that it reads.

    Where the key asks for what does not exist the meaning is asked itself: it may not need it.
    """
    known: dict[Hashable, Jet] = {}

    def looked_up(environment: Any) -> Jet:
        try:
            read = key(environment)
        except NotApplicable:
            return meaning(environment)
        if read not in known:
            known[read] = meaning(environment)
        return known[read]

    return looked_up
