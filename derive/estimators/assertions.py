"""Assertions for pytest: an estimator or a loss is what its author says, or the test fails in a trainer's words.

Each takes an advantage function or a torch loss and the keywords of ``check_advantage`` or
``check_loss``. A change is proposed only if the function so changed, or the estimator of the
gallery that is named, was run on the same question and came out unbiased.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isclose
from typing import Any

from derive.errors import BadInput
from derive.estimators.mends import Estimator, checked, mends
from derive.estimators.naming import named
from derive.estimators.result import EstimatorResult, Verdict

Expected = Fraction | int | float | Callable[[int], Any]
SIGNIFICANT = 1e-6


def assert_unbiased(function: Estimator, **question: Any) -> EstimatorResult:
    """The mean gradient is that of the target. Raises ``AssertionError`` with what is known instead."""
    result = checked(function, **question)
    if result.verdict != "unbiased":
        raise AssertionError(_message(function, result, question, "unbiased"))
    return result


def assert_targets(function: Estimator, target: str, **question: Any) -> EstimatorResult:
    """The mean gradient of a loss is that of this target, such as "KL per token". Raises ``AssertionError``."""
    return assert_unbiased(function, target=target, **question)


def assert_proportional(function: Estimator, factor: Expected | None = None, **question: Any) -> EstimatorResult:
    """The mean gradient is a positive constant times that of the target, for each group size.

    ``factor`` is the constant, or a function of G; None takes any. Raises ``AssertionError``.
    """
    result = checked(function, **question)
    if not result.good:
        raise AssertionError(_message(function, result, question, "proportional by a positive constant"))
    for row in result.groups:
        wanted = None if factor is None else float(factor(row.group) if callable(factor) else factor)
        found = row.factor.value if row.factor is not None else None
        if wanted is not None and (found is None or not isclose(found, wanted, rel_tol=SIGNIFICANT)):
            raise AssertionError(f"{result.name} has the factor {row.factor} at G = {row.group}, not {wanted:g}\n"
                                 + str(result))
    return result


def assert_same_direction(function: Estimator, **question: Any) -> EstimatorResult:
    """The mean gradient is a positive multiple of that of the target, which may depend on the policy.

    With several prompts in a batch the factor must be common to them. Raises ``AssertionError``.
    """
    result = checked(function, **question)
    wrong = any("opposite" in note for row in result.groups for note in row.notes)
    if result.verdict not in ("unbiased", "proportional") or wrong:
        raise AssertionError(_message(function, result, question, "in the direction of the gradient"))
    return result


def assert_pinned(function: Estimator, verdict: Verdict, *, factor: Expected | None = None,
                  relative_bias: float | None = None, **question: Any) -> EstimatorResult:
    """The verdict is this one, on purpose, and stays so: also ``biased``, and by how much (to 1e-6 of it).

    Raises ``AssertionError`` for any other, better ones included.
    """
    result = checked(function, **question)
    if result.verdict != verdict:
        raise AssertionError(f"{result.name} is pinned to {verdict!r} and is {result.says!r} now\n"
                             + str(result))
    for row in result.groups if factor is not None else ():
        wanted = float(factor(row.group) if callable(factor) else factor)  # type: ignore[arg-type]
        found = row.factor.value if row.factor is not None else None
        if found is None or not isclose(found, wanted, rel_tol=SIGNIFICANT):
            raise AssertionError(f"{result.name} is pinned to the factor {wanted:g} and has {row.factor} at "
                                 f"G = {row.group} now")
    if relative_bias is not None and not isclose(result.relative_bias or 0.0, relative_bias, rel_tol=SIGNIFICANT,
                                                 abs_tol=1e-12):
        raise AssertionError(f"{result.name} is pinned to the relative bias {relative_bias:g} and has "
                             f"{result.relative_bias!r} now")
    return result


def assert_defined(function: Estimator, **question: Any) -> EstimatorResult:
    """Every batch has a value: no 0/0 of equal rewards. Raises ``AssertionError`` with the probability."""
    result = checked(function, **question)
    undefined = [row for row in result.groups if row.verdict == "undefined"]
    if undefined:
        raise AssertionError(f"{result.name} has no value (NaN, infinite, or a division by 0) with probability "
                             f"{undefined[-1].probability} at G = {undefined[-1].group}\n"
                             + str(result))
    return result


def assert_mask_respected(loss: Estimator, **question: Any) -> EstimatorResult:
    """The loss has no gradient at padding. Raises ``AssertionError``."""
    result = checked(loss, **question)
    if result.mask_leak is None:
        raise BadInput(f"{named(loss)} asks for no log-probabilities: only a loss has a mask")
    if result.mask_leak:
        raise AssertionError(f"{result.name} depends on log-probabilities of padding: multiply by the mask before "
                             "every sum and mean, and divide by the sum of the mask or by a constant\n"
                             + str(result))
    return result


def assert_split_invariant(loss: Estimator, parts: int = 2, *, group: int = 4, tolerance: float = 1e-9) -> float:
    """The gradient of a batch is the mean of those of its micro-batches, samples cut into equal parts.

    Returns the largest difference, relative to the gradient. Raises ``AssertionError`` if it
    exceeds ``tolerance``, and ``BadInput`` if the parts do not divide the batch.
    """
    from derive.estimators.splitting import largest_difference

    difference, rewards, lengths = largest_difference(loss, parts, group)
    if difference > tolerance:
        raise AssertionError(
            f"{named(loss)} depends on how a batch is split: the gradient of {group} samples differs from the mean "
            f"over {parts} micro-batches by {difference:.2g} of its length, for example with rewards {rewards} and "
            f"lengths {lengths}. A mean over the tokens of the batch does that; a sum over tokens and a mean over "
            "samples does not.")
    return difference


def _message(function: Estimator, result: EstimatorResult, question: dict[str, Any], wanted: str) -> str:
    lines = [f"{result.name} is not {wanted}: {result.says}", *str(result).split("\n")[1:]]  # which says so too
    lines += [f"what would mend it: {text}" for text in mends(function, result, question)]
    return "\n".join(lines)
