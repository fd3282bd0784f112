"""Changes to an estimator that mend it: each is made, and the function so changed run on the same question.

What is proposed came out unbiased there; a named estimator of the gallery did too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial, wraps
from typing import Any

from derive.errors import DeriveError
from derive.estimators.advantage import check_advantage
from derive.estimators.gallery import entry_of
from derive.estimators.groups import group_sizes
from derive.estimators.naming import LOOKUP, asks_for_log_probabilities, named, parameters
from derive.estimators.result import EstimatorResult, Factor
from derive.estimators.rounding import nearly_unbiased
from derive.estimators.without_torch import need_torch

Estimator = Callable[..., Any]
OF_THE_BATCH = "divide by the number of responses, or a constant, instead of the number of tokens of the batch"
OF_RESPONSES = "take the mean over the responses of the batch instead of their sum"
NEGATED = "change the sign: the result is minus what is asked for"
LEFT_OUT = "subtract the mean of the other rewards of the batch, not the mean of all of them: leave one out"
OF_A_RESPONSE = "sum over the tokens of a response, or divide by a constant, instead of taking their mean"


def checked(function: Estimator, **question: Any) -> EstimatorResult:
    """``check_loss`` for a function that asks for log-probabilities, else ``check_advantage``."""
    if not asks_for_log_probabilities(function):
        return check_advantage(function, **question)
    need_torch(f"{named(function)} is a loss and")
    from derive.estimators.loss import check_loss

    return check_loss(function, **question)


def mends(function: Estimator, result: EstimatorResult, question: dict[str, Any]) -> Iterator[str]:
    """Changes that were made and found unbiased on the same question."""
    found: list[str] = []
    loss = asks_for_log_probabilities(function)
    if loss:  # for speed: several changes are tried
        question = {**question, "exact": False}
    for text, changed in _changes(function, result, question, found):
        if text == OF_A_RESPONSE and OF_THE_BATCH in found:
            continue
        try:
            if all(nearly_unbiased(checked(changed, **{**question, **first})) for first in _small(question, loss=loss)):
                found.append(text)
                yield text
        except DeriveError:
            continue
    if loss and result.verdict in ("biased", "proportional", "zero mean"):
        from derive.estimators import detaching

        yield from detaching.mends(function, question)


def _small(question: dict[str, Any], *, loss: bool) -> Iterator[dict[str, Any]]:
    """What replaces parts of a question before it is asked whole: one model and a small group refute most changes."""
    if loss:
        from derive.estimators.suite import models_of

        yield {"model": models_of(question.get("model"))[:1], "group": min(group_sizes(question.get("group", 4)))}
    yield {}


def _changes(function: Estimator, result: EstimatorResult, question: dict[str, Any],
             found: Sequence[str]) -> Iterator[tuple[str, Estimator]]:
    """Changes and their words; ``found``, those that mend it, grows between them."""
    loss = asks_for_log_probabilities(function)
    if result.verdict == "proportional" and result.kind == "constant" and len(result.groups) == 1:
        factor = result.groups[0].factor
        if factor is not None and factor.value:
            yield _of_scale(factor), _times(function, partial(_constant, 1 / factor.value))
    meanings = {LOOKUP.get(one.name): one.name for some in parameters(function) for one in some}
    if loss and "rewards" in meanings:
        yield LEFT_OUT, _left_out(function, meanings["rewards"])
    if loss and "mask" in meanings:  # which is needed to count tokens, or to sum over them
        mask = meanings["mask"]
        yield OF_RESPONSES, _times(function, lambda arguments: 1 / arguments[mask].shape[0])
        yield OF_THE_BATCH, _times_tokens(function, meanings["mask"])
        yield OF_A_RESPONSE, _times_lengths(function, meanings["mask"])
        if meanings.keys() & {"old_log_probs", "ref_log_probs"}:
            yield ("take log-probabilities of the sequence: sum them over its tokens before the ratio or the KL",
                   _of_sequences(function, meanings))
    if not (loss and found and result.target == "J"):  # another loss is no news where this one can be mended
        yield from _of_the_gallery(result, question, loss=loss)


def _of_scale(factor: Factor) -> str:
    """What is said of a constant factor: a learning rate mends no sign."""
    if factor.value == -1:
        return NEGATED
    if factor.value is not None and factor.value < 0:
        return f"divide by the constant {factor}: its sign is the opposite one"
    return f"divide by the constant {factor}, or let the learning rate do it"


def _constant(scale: float, arguments: dict[str, Any]) -> float:
    return scale


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
             "kl:ref,pi": ("k3-sequence",), "kl:token": ("k1-token-ratio-off",),
             "kl:token:ref,pi": ("k3-token-reversed",), "J-kl": ("reinforce-k1-reward",)}
    for name in names.get(result.target, ()):
        one = entry_of(name)
        what = one.statement.split(", against")[0].split(", at ")[0]
        yield f"take another loss: {what} ({name} in the gallery)", one.function


def _times(function: Estimator, scale: Callable[[dict[str, Any]], Any]) -> Estimator:
    """The function times a number made of its arguments."""
    @wraps(function)
    def changed(*first: Any, **arguments: Any) -> Any:
        value = function(*first, **arguments)
        if asks_for_log_probabilities(function):
            from derive.estimators.batches import scalar

            value = scalar(value, named(function))
        return value * scale(arguments)

    return changed


def _left_out(function: Estimator, rewards: str) -> Estimator:
    """The loss of rewards from which the mean of the others is taken: then a mean of all of them is 0."""
    @wraps(function)
    def changed(**arguments: Any) -> Any:
        given = arguments[rewards]
        size = given.shape[0]
        arguments[rewards] = (given - given.mean()) * size / (size - 1) if size > 1 else given
        return function(**arguments)

    return changed


def _times_tokens(function: Estimator, mask: str) -> Estimator:
    """The loss times the mean number of tokens: a mean over the tokens of the batch becomes a sum, per response."""
    return _times(function, lambda arguments: arguments[mask].sum() / arguments[mask].shape[0])


def _times_lengths(function: Estimator, mask: str) -> Estimator:
    """The mean over responses of the loss of each by itself, times its number of tokens."""
    @wraps(function)
    def changed(**arguments: Any) -> Any:
        from derive.estimators.batches import scalar

        samples = arguments[mask].shape[0]
        total: Any = 0
        for sample in range(samples):
            own = {name: value[sample:sample + 1] if getattr(value, "shape", ())[:1] == (samples,) else value
                   for name, value in arguments.items()}
            total = total + scalar(function(**own), named(function)) * own[mask].sum()
        return total / samples

    return changed


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
