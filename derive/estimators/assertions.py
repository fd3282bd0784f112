"""Assertions for pytest: an estimator or a loss is what its author says, or the test fails in a trainer's words.

Each takes an advantage function or a torch loss and the keywords of ``check_advantage`` or
``check_loss``. A change is proposed only if the function so changed, or the estimator of the
gallery that is named, was run on the same question and came out unbiased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import wraps
from math import isclose
from typing import Any

from derive.errors import BadInput, DeriveError
from derive.estimators import description
from derive.estimators.advantage import check_advantage
from derive.estimators.gallery import entry_of
from derive.estimators.naming import LOOKUP, asks_for_log_probabilities, named, parameters
from derive.estimators.result import EstimatorResult, Verdict

Estimator = Callable[..., Any]
Expected = Fraction | int | float | Callable[[int], Any]
SIGNIFICANT = 1e-6


def checked(function: Estimator, **question: Any) -> EstimatorResult:
    """``check_loss`` for a function that asks for log-probabilities, else ``check_advantage``."""
    if not asks_for_log_probabilities(function):
        return check_advantage(function, **question)
    from derive.estimators.loss import check_loss

    return check_loss(function, **question)


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
                                 + description.described(result))
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
        raise AssertionError(f"{result.name} is pinned to {verdict!r} and is {description.verdict(result)!r} now\n"
                             + description.described(result))
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
                             + description.described(result))
    return result


def assert_mask_respected(loss: Estimator, **question: Any) -> EstimatorResult:
    """The loss has no gradient at padding. Raises ``AssertionError``."""
    result = checked(loss, **question)
    if result.mask_leak is None:
        raise BadInput(f"{named(loss)} asks for no log-probabilities: only a loss has a mask")
    if result.mask_leak:
        raise AssertionError(f"{result.name} depends on log-probabilities of padding: multiply by the mask before "
                             "every sum and mean, and divide by the sum of the mask or by a constant\n"
                             + description.described(result))
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


# -- what would mend it -------------------------------------------------------------------------------


def _message(function: Estimator, result: EstimatorResult, question: dict[str, Any], wanted: str) -> str:
    lines = [f"{result.name} is not {wanted}: {description.verdict(result)}", description.described(result)]
    lines += [f"what would mend it: {text}" for text in mends(function, result, question)]
    return "\n".join(lines)


def mends(function: Estimator, result: EstimatorResult, question: dict[str, Any]) -> Iterator[str]:
    """Changes that were made and found unbiased on the same question."""
    for text, changed in _changes(function, result, question):
        try:
            if checked(changed, **question).verdict == "unbiased":
                yield text
        except DeriveError:
            continue
    if asks_for_log_probabilities(function) and result.verdict in ("biased", "proportional", "zero mean"):
        from derive.estimators import detaching

        yield from detaching.mends(function, question)


def _changes(function: Estimator, result: EstimatorResult,
             question: dict[str, Any]) -> Iterator[tuple[str, Estimator]]:
    loss = asks_for_log_probabilities(function)
    if result.verdict == "proportional" and result.kind == "constant" and len(result.groups) == 1:
        factor = result.groups[0].factor
        if factor is not None and factor.value:
            scale = 1 / factor.value
            yield (f"divide by the constant {factor}, or let the learning rate do it",
                   wraps(function)(lambda *one, **other: function(*one, **other) * scale))
    if loss:  # the mask is needed to sum over tokens
        meanings = {LOOKUP.get(one.name): one.name for some in parameters(function) for one in some}
        if "mask" in meanings and meanings.keys() & {"old_log_probs", "ref_log_probs"}:
            yield ("take log-probabilities of the sequence: sum them over its tokens before the ratio or the KL",
                   _of_sequences(function, meanings))
    yield from _of_the_gallery(result, question, loss=loss)


def _of_the_gallery(result: EstimatorResult, question: dict[str, Any], *,
                    loss: bool) -> Iterator[tuple[str, Estimator]]:
    if not loss:
        if result.target == "J":
            several = int(question.get("prompts", 1)) > 1
            yield ("leave one out: A = r - mean of the other rewards of the prompt (rloo in the gallery)",
                   entry_of("rloo-prompts" if several else "rloo").function)
        return
    names = {"J": ("sequence-ratio-off" if question.get("off_policy") else "token-ratio",),
             "kl:pi,ref": ("k1-sequence-ratio-off" if question.get("off_policy") else "k2-sequence", "k1-reward"),
             "kl:ref,pi": ("k3-sequence",), "kl:token": ("k1-token-ratio-off",), "J-kl": ("reinforce-k1-reward",)}
    for name in names.get(result.target, ()):
        one = entry_of(name)
        yield f"{one.statement.split(', against')[0].split(', at ')[0]} ({name} in the gallery)", one.function


def _of_sequences(function: Estimator, meanings: dict[str | None, str]) -> Estimator:
    """The loss called with one place for each response: its log-probabilities summed, its mask 1."""
    probabilities = {name for meaning, name in meanings.items() if meaning and meaning.endswith("log_probs")}
    required = {name: meaning for meaning, name in meanings.items() if meaning}

    @wraps(function)
    def changed(**arguments: Any) -> Any:
        mask = arguments[meanings["mask"]]
        for name in list(arguments):
            if name in probabilities:
                arguments[name] = (arguments[name] * mask).sum(-1, keepdim=True)
            elif required.get(name) == "mask":
                arguments[name] = (mask.sum(-1, keepdim=True) > 0) * mask[:, :1]
        return function(**arguments)

    return changed
