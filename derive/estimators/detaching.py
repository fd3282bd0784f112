"""Which value a loss should have detached: every operation of the loss is detached in turn, and the loss asked again.

An operation is a place in the source (file and instruction). Detaching what is only added to
the loss drops it, and mends nothing: a place counts only if the gradient depends on its value.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from derive.errors import DeriveError
from derive.estimators.batches import Loss, float_gradient
from derive.estimators.enumeration import Case
from derive.estimators.groups import group_sizes
from derive.estimators.loss import behaviour_of, check_loss, conventions
from derive.estimators.naming import LOOKUP, parameters
from derive.estimators.rounding import nearly_unbiased
from derive.estimators.suite import models_of

MOST_PLACES, MOST_BATCHES = 60, 9
TORCH = str(Path(torch.__file__).parent)
Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Place:
    """One operation in the source of a loss."""

    file: str
    instruction: int
    line: int
    text: str
    """The expression, or the name of the operation where the source is not there or has several lines."""

    def __str__(self) -> str:
        return f"`{self.text}` in line {self.line} of {Path(self.file).name}"


class _Watched(TorchFunctionMode):  # type: ignore[misc]
    """Notes the places whose results have a gradient, or changes the results of one of them."""

    def __init__(self, changed: Place | None = None, change: Change = torch.Tensor.detach) -> None:
        super().__init__()
        self.changed, self.change = changed, change
        self.seen: dict[Place, None] = {}

    def __torch_function__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        result = function(*arguments, **(keywords or {}))
        if not isinstance(result, torch.Tensor) or not result.is_floating_point():
            return result
        name = str(getattr(function, "__name__", "an operation"))
        place = _place(sys._getframe(1), name)
        if place is None or (name.endswith("_") and not name.endswith("__")):
            return result  # in place: there is no other value to take
        if self.changed is None and result.requires_grad:
            self.seen.setdefault(place)
        return self.change(result) if place == self.changed else result


def _place(frame: FrameType | None, name: str) -> Place | None:
    """The innermost frame that is neither torch nor this module."""
    while frame is not None and (frame.f_code.co_filename.startswith(TORCH) or frame.f_code.co_filename == __file__):
        frame = frame.f_back
    if frame is None:
        return None
    code = frame.f_code
    positions = next(islice(code.co_positions(), frame.f_lasti // 2, None), (None,) * 4)
    first, last, start, end = positions
    text, line = name, linecache.getline(code.co_filename, frame.f_lineno)
    if line and first == last and start is not None and end is not None:
        text = line.encode()[start:end].decode(errors="replace")
    return Place(code.co_filename, frame.f_lasti, frame.f_lineno, text)


def detached(loss: Loss, place: Place, change: Change = torch.Tensor.detach) -> Loss:
    """The loss with the result of one operation detached, or changed in another way."""
    @wraps(loss)
    def changed(*given: Any, **arguments: Any) -> Any:
        with _Watched(place, change):
            return loss(*given, **arguments)

    return changed


def mends(loss: Loss, question: Mapping[str, Any]) -> Iterator[str]:
    """The last operation of a loss that, detached, makes it unbiased on the question, and whose value counts."""
    watch = _Watched()
    try:
        case = _small(loss, question)
        with watch:
            before = _gradients(case, loss)
    except DeriveError:
        return
    for place in reversed(list(watch.seen)[-MOST_PLACES:]):
        try:
            if _counts(case, place, before) and all(
                    nearly_unbiased(check_loss(detached(loss, place), **{**question, **more, "exact": False}))
                    for more in ({"group": case.group, "model": case.model}, {})):
                yield f"detach {place}"
                return
        except DeriveError:
            continue


def _small(loss: Loss, question: Mapping[str, Any]) -> Case:
    """One model at the smallest group size, to which everything is put first."""
    asked = {LOOKUP.get(one.name) for some in parameters(loss) for one in some}
    model, behaviour = models_of(question.get("model"))[0], behaviour_of(asked)
    if question.get("off_policy") and model.policy(behaviour) == model.policy("pi"):
        model = model.away(behaviour)
    shape, bools = conventions(loss, model, behaviour)
    return Case(loss, model, min(group_sizes(question.get("group", 4))), behaviour, shape, bools=bools)


def _gradients(case: Case, loss: Loss) -> Any:
    """The gradients of some batches, 0 where none reaches the log-probabilities."""
    rows = [float_gradient(loss, case.batch(responses)) for responses, _ in case.batches[:MOST_BATCHES]]
    return np.array([np.zeros((len(case.batches[0][0]), case.model.longest)) if row is None else row for row in rows])


def _counts(case: Case, place: Place, before: Any) -> bool:
    """Whether detaching changes the gradient, and the value that is detached is still in it."""
    after = _gradients(case, detached(case.loss, place))
    other = _gradients(case, detached(case.loss, place, lambda value: value.detach() * 1.5 + 0.25))
    return bool(after.any()) and not np.allclose(after, before) and not np.allclose(after, other)
