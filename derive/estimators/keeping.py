"""What code under test keeps between its calls, and draws that it names and was not seen to make.

No finite number of calls shows what a function does in the next one: a count of its calls may change it after more
calls than are made here, and a random number may be drawn where no batch of these models leads. A verdict is about the
calls that were made; where there is reason to think that others differ, it says so.
"""

from __future__ import annotations

import random
import types
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from itertools import islice
from operator import length_hint
from typing import Any

import numpy as np

LOOKED_INTO = 200
"""So many entries of a list, a mapping or an array are looked at, and so many functions."""
DEPTH = 3
PLAIN = (bool, int, float, complex, str, bytes, Fraction, type(None))
DRAWING = frozenset({
    "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "random", "default_rng",
    "RandomState", "normal", "uniform", "choice", "bernoulli", "multinomial", "dropout", "Dropout", "shuffle",
    "normal_", "uniform_", "bernoulli_", "gumbel_softmax"})


def state_of(function: Callable[..., Any]) -> dict[str, Any]:
    """What the function, and what it calls in its own module, can keep: name -> what its value looks like now."""
    return {name: _seen(value) for one in _reached(function) for name, value in _holds(one)}


def notes_on(function: Callable[..., Any], before: Mapping[str, Any]) -> tuple[str, ...]:
    """What is to be said after the calls, if anything."""
    said = []
    changed = sorted(name for name, value in state_of(function).items() if name in before and before[name] != value)
    if changed:
        said.append(f"it keeps {', '.join(changed)} from one call to the next: what it does after more calls than were "
                    "made here is not known")
    named = sorted({name for one in _reached(function) if isinstance(one, types.FunctionType)
                    for code in _codes(one.__code__) for name in code.co_names if name in DRAWING})
    if named:
        said.append(f"it names {', '.join(named)}, and no call that was made drew a random number: what it does where "
                    "it draws one is not known")
    return tuple(said)


def _reached(function: Callable[..., Any]) -> list[Any]:
    """The function, the objects that it is bound to, and the functions of its module that it names, and so on."""
    found: list[Any] = []
    todo: list[Any] = [function]
    seen: list[Any] = []
    while todo and len(seen) < LOOKED_INTO:
        one = todo.pop()
        if any(one is other for other in seen):
            continue
        seen.append(one)
        try:
            further = _named_by(one)
        except Exception:  # an object of the user's that does not let itself be looked at
            continue
        todo += further
        if isinstance(one, types.FunctionType) or not isinstance(one, partial | types.MethodType | types.ModuleType):
            found.append(one)
    return found


def _named_by(one: Any) -> list[Any]:
    """What a callable calls, as far as it is known without a call."""
    if isinstance(one, partial):
        return [one.func, *one.args, *one.keywords.values()]
    if isinstance(one, types.MethodType):
        return [one.__func__, one.__self__]
    if isinstance(one, types.FunctionType):
        return [value for _, value in _holds(one)
                if isinstance(value, types.FunctionType) and value.__module__ == one.__module__] + [
                    vars(one)[name] for name in ("__wrapped__",) if name in vars(one)]
    if "__wrapped__" in getattr(one, "__dict__", {}):
        return [one.__wrapped__]
    calls = (getattr(type(one), name, None) for name in ("forward", "__call__"))
    return [call for call in calls if isinstance(call, types.FunctionType)]


def _holds(one: Any) -> Iterator[tuple[str, Any]]:
    """The names that outlive a call, with their values: globals, cells of a closure, attributes and defaults."""
    if not isinstance(one, types.FunctionType):
        yield from getattr(one, "__dict__", {}).items()
        return
    for code in _codes(one.__code__):
        for name in code.co_names:
            if name in one.__globals__:
                yield name, one.__globals__[name]
    for name, cell in zip(one.__code__.co_freevars, one.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # it has no value yet
            yield name, None
    yield from vars(one).items()
    names = one.__code__.co_varnames[:one.__code__.co_argcount]
    defaults = one.__defaults__ or ()
    yield from zip(names[len(names) - len(defaults):], defaults, strict=True)
    yield from (one.__kwdefaults__ or {}).items()


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _seen(value: Any) -> Any:
    try:
        return _looks(value, DEPTH)
    except Exception:  # an object of the user's that does not let itself be looked at
        return id(value)


def _looks(value: Any, depth: int) -> Any:
    """Something that differs where the value has changed, as far as that is seen from outside."""
    if isinstance(value, PLAIN):
        return type(value), repr(value)
    if isinstance(value, types.ModuleType | types.FunctionType | types.BuiltinFunctionType) or depth == 0:
        return id(value)
    if isinstance(value, list | tuple | deque):
        return type(value), len(value), tuple(_looks(entry, depth - 1) for entry in islice(value, LOOKED_INTO))
    if isinstance(value, set | frozenset):
        return type(value), len(value)
    if isinstance(value, Mapping):
        return type(value), len(value), tuple(
            (id(key), _looks(entry, depth - 1)) for key, entry in islice(value.items(), LOOKED_INTO))
    if isinstance(value, random.Random):
        return hash(value.getstate())
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if hasattr(value, "tolist") and hasattr(value, "shape"):  # an array, or a tensor of torch
        return type(value), tuple(value.shape), str(value.reshape(-1)[:LOOKED_INTO].tolist())
    if isinstance(value, type):
        return id(value), tuple((name, entry) for name, entry in vars(value).items() if isinstance(entry, PLAIN))
    if isinstance(value, types.GeneratorType):
        return value.gi_frame and value.gi_frame.f_lasti
    if isinstance(value, Iterator):
        return type(value), length_hint(value, 0), repr(value)
    if hasattr(value, "__dict__"):
        return type(value), tuple(sorted((name, _looks(entry, depth - 1)) for name, entry in vars(value).items()
                                         if isinstance(name, str)))
    return id(value)
