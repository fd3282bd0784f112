"""Whether the code under test drew from a global generator: its state is another one afterwards.

Repeating calls sees a function that is often random; one that is so in one call of a thousand
passes that test, and is seen here. Generators of its own are seen by repetition only.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from derive.errors import BadInput


@contextmanager
def refused(name: str) -> Iterator[None]:
    """Raises ``BadInput`` if a global generator of Python, NumPy or torch has moved inside."""
    before = _states()
    yield
    moved = [library for library, state in _states().items() if before.get(library, state) != state]
    if moved:
        raise BadInput(f"{name} draws random numbers ({', '.join(moved)}): a verdict about one draw says nothing about "
                       "the next. Take its randomness out.")


def _states() -> dict[str, Any]:
    kind, keys, *rest = np.random.get_state(legacy=True)
    states: dict[str, Any] = {"random": random.getstate(), "numpy.random": (kind, np.asarray(keys).tobytes(), *rest)}
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        states["torch"] = bytes(torch.get_rng_state().numpy())
    return states
