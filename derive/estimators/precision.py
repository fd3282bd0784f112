"""Casts to fewer digits that stand in a loss, changed to doubles.

A cast rounds, and no verdict is about rounding. A loss that differs by it is run with its casts changed, and with
double precision as the default of new tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

NARROW = (torch.float32, torch.float16, torch.bfloat16)
CASTS = ("float", "half", "bfloat16")


class _InDoubles(TorchFunctionMode):  # type: ignore[misc]
    """Every dtype of fewer digits that is passed on is float64, and so is what ``.float()`` gives."""

    def __torch_function__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        if getattr(function, "__name__", "") in CASTS and arguments and isinstance(arguments[0], torch.Tensor):
            return arguments[0].double()
        return function(*map(_doubled, arguments), **{key: _doubled(one) for key, one in (keywords or {}).items()})


def _doubled(argument: Any) -> Any:
    return torch.float64 if isinstance(argument, torch.dtype) and argument in NARROW else argument


@contextmanager
def _doubles() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with _InDoubles():
            yield
    finally:
        torch.set_default_dtype(before)


def in_doubles(loss: Callable[..., Any]) -> Callable[..., Any]:
    """The loss with its casts to fewer digits changed to doubles."""
    @wraps(loss)
    def changed(*given: Any, **arguments: Any) -> Any:
        with _doubles():
            return loss(*given, **arguments)

    return changed
