"""Is an estimator of the policy gradient, or a loss, biased? A finite computation on a small model.

``check_advantage`` takes an advantage function and answers for every policy, in exact
numbers, without torch; ``check_loss`` takes a torch loss, and runs it on language models or on
the episodes of finite MDPs. The assertions are for pytest.
Nothing here imports torch or SymPy before it is needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from derive.estimators.advantage import check_advantage
from derive.estimators.assertions import (
    assert_defined,
    assert_mask_respected,
    assert_pinned,
    assert_proportional,
    assert_same_direction,
    assert_split_invariant,
    assert_targets,
    assert_unbiased,
)
from derive.estimators.model import TabularLM
from derive.estimators.result import EstimatorResult
from derive.estimators.runs import RESAMPLE
from derive.estimators.without_torch import INSTALL

_WITH_TORCH = {"check_loss": "derive.estimators.loss"}

__all__ = [
    "RESAMPLE", "EstimatorResult", "TabularLM", "assert_defined", "assert_mask_respected", "assert_pinned",
    "assert_proportional", "assert_same_direction", "assert_split_invariant", "assert_targets", "assert_unbiased",
    "check_advantage", "check_loss",
]


def __getattr__(name: str) -> Any:
    if name not in _WITH_TORCH:
        raise AttributeError(f"module 'derive.estimators' has no attribute {name!r}")
    try:
        return getattr(import_module(_WITH_TORCH[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ModuleNotFoundError(f"{name} needs torch: {INSTALL}", name="torch") from None
