"""Whether the gradient of a loss depends on the split of a batch into micro-batches (gradient accumulation)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from derive.errors import BadInput
from derive.estimators.batches import Loss, asked_for, float_arguments, scalar
from derive.estimators.enumeration import Case
from derive.estimators.loss import conventions
from derive.estimators.naming import bound, named
from derive.estimators.suite import default_suite


def largest_difference(loss: Loss, parts: int, group: int) -> tuple[float, str, str]:
    """(the largest |whole - mean of parts| over |whole|, rewards and lengths of that batch), over all batches.

    Arguments that are tensors or arrays of one row for each sample are cut; numbers are not,
    so that advantages are those of the whole batch.
    """
    model = default_suite()[1]
    if parts < 2 or group % parts:
        raise BadInput(f"{parts} equal parts of {group} samples: not possible")
    asked = asked_for(loss)
    shape, bools = conventions(loss, model, "old")
    case = Case(loss, model, group, "old", shape, bools=bools)
    worst = (0.0, "", "")
    for responses, _ in case.batches:
        batch = case.batch(responses)
        whole = _gradient(loss, float_arguments(batch, asked), slice(None))
        size = group // parts
        pieces = [_gradient(loss, float_arguments(batch, asked), slice(start, start + size))
                  for start in range(0, group, size)]
        length = float(np.linalg.norm(whole))
        if length and np.isfinite(length):
            difference = float(np.linalg.norm(whole - sum(pieces) / parts)) / length
            if difference > worst[0]:
                worst = (difference, ", ".join(map(str, batch.rewards)), ", ".join(map(str, batch.lengths)))
    return worst


def _gradient(loss: Loss, arguments: dict[str, Any], part: slice) -> Any:
    """The gradient with respect to all log-probabilities of the batch, of the loss of a part of it."""
    leaf = arguments["log_probs"]
    cut = {name: value[part] if isinstance(value, torch.Tensor | np.ndarray) else value
           for name, value in arguments.items()}
    value = scalar(loss(**bound(loss, cut)), named(loss))
    (gradient,) = torch.autograd.grad(value.sum(), leaf, allow_unused=True) if value.requires_grad else (None,)
    return np.zeros(tuple(leaf.shape)) if gradient is None else gradient.numpy()
