"""The names under which trainers ask for things, and how a function is called by the names that it declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from types import MethodType
from typing import Any

from derive.errors import BadInput

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "log_probs": ("log_probs", "log_prob", "logprobs", "logprob", "logps", "logp", "per_token_logps", "newlogprob",
                  "new_log_probs", "new_logprobs"),
    "old_log_probs": ("old_log_probs", "old_log_prob", "old_logprobs", "old_logprob", "old_logps", "old_logp",
                      "old_per_token_logps", "b_logprobs"),
    "ref_log_probs": ("ref_log_probs", "ref_log_prob", "ref_logprobs", "ref_logprob", "ref_logps", "ref_logp",
                      "ref_per_token_logps", "base_log_probs", "log_probs_base"),
    "rollout_log_probs": ("rollout_log_probs", "rollout_log_prob", "sampling_per_token_logps", "sampling_log_probs",
                          "vllm_log_probs"),
    "rewards": ("rewards", "reward", "scores", "r"),
    "advantages": ("advantages", "advantage", "adv", "mb_advantages"),
    "values": ("values", "value", "vpreds", "mb_values"),
    "token_level_rewards": ("token_level_rewards", "token_rewards"),
    "mask": ("mask", "response_mask", "completion_mask", "action_mask", "loss_mask", "padding_mask"),
    "rewards_to_go": ("rewards_to_go", "reward_to_go", "returns_to_go", "returns", "b_returns", "mb_returns"),
    "states": ("states", "state_ids"),
    "actions": ("actions", "action_ids"),
    "gamma": ("gamma", "discount"),
    "index": ("index", "group_ids", "uid", "uids"),
    "lengths": ("lengths", "response_lengths", "completion_lengths"),
    "group_size": ("group_size", "num_generations", "G"),
}
LOOKUP = {name: meaning for meaning, names in SYNONYMS.items() for name in names}


def parameters(function: Callable[..., Any]) -> tuple[list[inspect.Parameter], list[inspect.Parameter]]:
    """(required, optional) parameters that can be given by name or in order."""
    if not callable(function):
        raise BadInput(f"{function!r} is no function")
    try:
        return _declared(function)
    except TypeError:  # not hashable
        return _declared.__wrapped__(function)


@lru_cache(maxsize=64)
def _declared(function: Callable[..., Any]) -> tuple[list[inspect.Parameter], list[inspect.Parameter]]:
    try:
        declared = list(inspect.signature(function).parameters.values())
        forward = getattr(inspect.unwrap(function), "forward", None)
        if isinstance(forward, MethodType) and all(  # an nn.Module
                one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in declared):
            declared = list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):
        raise BadInput(f"{named(function)} has no signature that can be read; wrap it in a def") from None
    named_ones = [one for one in declared if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    return ([one for one in named_ones if one.default is one.empty],
            [one for one in named_ones if one.default is not one.empty])


def asks_for_log_probabilities(function: Callable[..., Any]) -> bool:
    """Whether the function is a loss: one of its parameters means log-probabilities of the policy."""
    return any(LOOKUP.get(one.name) == "log_probs" for group in parameters(function) for one in group)


def bound(function: Callable[..., Any], available: Mapping[str, Any], *, first: str | None = None) -> dict[str, Any]:
    """The arguments by their declared names.

    ``first`` is the meaning of the first required parameter, whatever its name. Raises
    ``BadInput`` for a required name that has no meaning here.
    """
    required, optional = parameters(function)
    arguments: dict[str, Any] = {}
    for place, parameter in enumerate(required):
        meaning = first if first is not None and place == 0 else LOOKUP.get(parameter.name)
        if meaning is None or meaning not in available:
            known = ", ".join(SYNONYMS if "log_probs" in available else available)
            raise BadInput(f"{named(function)} asks for {parameter.name!r}, which is not a name that we have. "
                           f"Known: {known} and their synonyms. Give others a default or bind them.")
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise BadInput(f"{named(function)}: the parameter {parameter.name!r} cannot be given by name")
        arguments[parameter.name] = available[meaning]
    for parameter in optional:
        meaning = LOOKUP.get(parameter.name)
        replaced = parameter.default is None or meaning in ("index", "group_size", "lengths")
        if meaning is not None and meaning in available and replaced:
            arguments[parameter.name] = available[meaning]
    return arguments


def listed(function: Callable[..., Any]) -> str:
    """The names that a function asks for, for messages."""
    names = [one.name for some in parameters(function) for one in some]
    return ", ".join(names) or "nothing by name"


def named(function: Callable[..., Any]) -> str:
    """The name of a function, for messages; of a ``partial``, that of what it calls."""
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__name__", None) or type(function).__name__)
