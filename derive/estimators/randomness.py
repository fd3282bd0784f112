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

SEEDS = 16
"""The generators are put into so many states in turn."""


@contextmanager
def refused(name: str) -> Iterator[None]:
    """Raises ``BadInput`` if a global generator of Python, NumPy or torch has moved inside."""
    before = _states()
    yield
    moved = [library for library, state in _states().items() if before.get(library, state) != state]
    if moved:
        raise BadInput(_draws(name, moved))


@contextmanager
def elsewhere(name: str) -> Iterator[Callable[[int], None]]:
    """A function that puts the global generators into another state before each call; they get their own back.

    Raises ``BadInput`` if a call between has moved one: its next draw is not the first one of its seed.
    """
    before = _states()
    first: dict[int, dict[str, float]] = {}
    seeded: list[int] = []

    def unmoved() -> None:
        if seeded:
            expected = first[seeded.pop()]
            moved = [library for library, draw in _next().items() if expected.get(library, draw) != draw]
            if moved:
                raise BadInput(_draws(name, moved))

    def seed(number: int) -> None:
        unmoved()
        chosen = number % SEEDS
        if chosen not in first:
            _seed(chosen)
            first[chosen] = _next()
        _seed(chosen)
        seeded.append(chosen)

    try:
        yield seed
        unmoved()
    finally:
        _restore(before)


def _draws(name: str, libraries: list[str]) -> str:
    return (f"{name} draws random numbers ({', '.join(libraries)}): a verdict about one draw says nothing about "
            "the next. Take its randomness out.")


def _seed(number: int) -> None:
    random.seed(number)
    np.random.seed(number)
    torch = _torch()
    if torch is not None:
        torch.default_generator.manual_seed(number)  # torch.manual_seed is slow: it is for GPUs as well


def _next() -> dict[str, float]:
    """The next draw of each generator."""
    draws = {"random": random.random(), "numpy.random": float(np.random.random())}
    torch = _torch()
    if torch is not None:
        draws["torch"] = float(torch.rand((), generator=torch.default_generator, device="cpu"))
    return draws


def _torch() -> Any:
    """torch where it is loaded, and loaded whole."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "default_generator") else None


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
