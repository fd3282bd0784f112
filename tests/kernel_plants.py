"""Planting a bug: one piece of one function of the kernel is exchanged, in the memory of this process only."""

from __future__ import annotations
import __future__

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import pytest

ROOMS = ("derive.kernel.", "derive.procedures.certificates", "derive.procedures.decision")


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug, and the claim (its twin) that is made an equation by it, and never without.

    ``testing``: whether the search tests as it grows bases. Where a condition of the kernel is left out, it must not:
    it would see what the kernel no longer sees.
    """

    bug: str
    function: Callable[..., Any]
    old: str
    new: str
    twin: str
    testing: bool = True


def changed(function: Callable[..., Any], old: str, new: str) -> FunctionType:
    """The function with one piece of its text exchanged, which must be there once."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{function.__qualname__} has no single {old!r}; plant the bug anew"
    flag = __future__.annotations.compiler_flag
    made: dict[str, Any] = {}
    text = compile(source.replace(old, new), f"<planted {function.__qualname__}>", "exec", flag, True)
    exec(text, function.__globals__, made)
    return made[function.__name__]


def plant(patch: pytest.MonkeyPatch, function: Callable[..., Any], old: str, new: str) -> None:
    """Exchange a function of the kernel wherever it has been imported to; a method in its class."""
    bug = changed(function, old, new)
    owner = function.__qualname__.rpartition(".")[0]
    if owner:
        patch.setattr(getattr(sys.modules[function.__module__], owner), function.__name__, bug)
        return
    for name, module in list(sys.modules.items()):
        if name.startswith(ROOMS):
            for attribute, value in list(vars(module).items()):
                if value is function:
                    patch.setattr(module, attribute, bug)
