"""One estimator of the gallery: what it is, what is known about it, and where it is from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from derive.estimators.gallery.forms import Form
from derive.estimators.result import Verdict


@dataclass(frozen=True, slots=True)
class Entry:
    """An estimator by name. ``function`` takes rewards (and lengths), or is a torch loss if ``loss`` is set.

    ``verdict`` is what the source or a proof says, at the default rewards and group sizes; a
    test compares it with what is found. ``form`` is there where a theorem settles every G.
    """

    name: str
    statement: str
    verdict: Verdict
    source: str
    function: Callable[..., Any]
    form: Form | None = None
    rewards: tuple[int, ...] = (0, 1, 3)
    lengths: tuple[int, ...] | None = None
    groups: tuple[int, ...] = (2, 3, 4)
    prompts: int = 1
    target: str = "J"
    loss: bool = False
    off_policy: bool = False
    remark: str = ""
