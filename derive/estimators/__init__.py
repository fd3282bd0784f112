"""Is an estimator of the policy gradient, or a loss, biased? A finite computation on a small model.

``check_advantage`` takes an advantage function and answers for every policy, in exact
numbers, without torch; ``check_loss`` takes a torch loss. The assertions are for pytest.
Nothing here imports torch or SymPy before it is needed.
"""

from __future__ import annotations

from derive.estimators.advantage import check_advantage
from derive.estimators.result import EstimatorResult
from derive.estimators.runs import RESAMPLE

__all__ = ["RESAMPLE", "EstimatorResult", "check_advantage"]
