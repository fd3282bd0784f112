"""Whether the code under test draws from a global generator.

Repeating calls sees a function that is often random; one that is so in one call of a thousand
passes that test, and is seen by the state of the generators, which is another one afterwards. One that puts the
state back (``fork_rng``) draws the same numbers in every call, and is seen where it is called with other states.
Generators of its own are seen by repetition only; in losses ``draws`` sees every draw of torch.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
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


@contextmanager
def elsewhere() -> Iterator[Callable[[int], None]]:
    """A function that puts the global generators into the states of a seed; afterwards they are in their own again."""
    before = _states()
    try:
        yield _seed
    finally:
        _restore(before)


def _seed(number: int) -> None:
    random.seed(number)
    np.random.seed(number)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "default_generator"):
        torch.default_generator.manual_seed(number)  # torch.manual_seed is slow: it is for GPUs as well


def _restore(states: dict[str, Any]) -> None:
    random.setstate(states["random"])
    kind, keys, *rest = states["numpy.random"]
    np.random.set_state((kind, np.frombuffer(keys, dtype=np.uint32), *rest))
    if "torch" in states:
        torch = sys.modules["torch"]
        torch.set_rng_state(torch.frombuffer(bytearray(states["torch"]), dtype=torch.uint8))


def _states() -> dict[str, Any]:
    kind, keys, *rest = np.random.get_state(legacy=True)
    states: dict[str, Any] = {"random": random.getstate(), "numpy.random": (kind, np.asarray(keys).tobytes(), *rest)}
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        states["torch"] = bytes(torch.get_rng_state().numpy())
    return states
