"""Whether a loss draws random numbers of torch, from any generator, put back or not: by the operations it calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from derive.errors import BadInput


class _Draws(TorchDispatchMode):  # type: ignore[misc]  # torch is Any here
    """Names the operations that torch itself marks as random."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.names.append(str(func.overloadpacket.__name__))
        return func(*args, **(kwargs or {}))


@contextmanager
def refused(name: str) -> Iterator[None]:
    """Raises ``BadInput`` if a random operation of torch is called inside."""
    with _Draws() as draws:
        yield
    if draws.names:
        raise BadInput(f"{name} draws random numbers ({draws.names[0]} of torch): a verdict about one draw says "
                       "nothing about the next. Take its randomness out.")
