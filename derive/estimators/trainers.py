"""Adapters: the losses of today's trainers as functions that ``check_loss`` can call.

Each takes the trainer's own function and returns a loss by our names. Nothing of a trainer is
imported here. Conventions as read in verl b178a3c, TRL f2cd577, OpenRLHF 3c3be62, CleanRL fe8d8a0,
and run against TRL 1.16 and verl 0.9.1.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

Tensor = Any
Loss = Callable[..., Any]
VERL_CONFIG: Mapping[str, Any] = {
    "clip_ratio": 0.2, "clip_ratio_low": 0.2, "clip_ratio_high": 0.2, "clip_ratio_c": 3.0, "tis_imp_ratio_cap": 2.0,
    "norm_adv_by_std_in_grpo": True, "gamma": 1.0, "lam": 1.0, "global_batch_info": {}, "loss_scale_factor": None,
}
TRL_CONFIG: Mapping[str, Any] = {
    "beta": 0.0, "epsilon_low": 0.2, "epsilon_high": 0.2, "loss_type": "dapo", "importance_sampling_level": "token",
    "num_generations": 0, "num_iterations": 1, "top_entropy_quantile": 1.0, "use_liger_kernel": False,
    "use_vllm": False, "vllm_importance_sampling_correction": False, "off_policy_mask_threshold": None,
    "use_bias_correction_kl": False, "delta": None, "current_gradient_accumulation_steps": 1, "scale_rewards": "group",
    "aux_loss_enabled": False, "use_adaptive_entropy": False, "_entropy_bonus_enabled": False,
    "steps_per_generation": 1,
    "sapo_temperature_pos": 1.0, "sapo_temperature_neg": 1.05, "vespo_k_pos": 2.0, "vespo_lambda_pos": 3.0,
    "vespo_k_neg": 3.0, "vespo_lambda_neg": 2.0,
}


class Settings(dict[str, Any]):
    """A configuration that is read by key, by ``get`` and by attribute, as trainers do."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the configuration has no {name!r}; give it to the adapter") from None


class Logged:
    """What a trainer only writes down: whatever is done with it gives it again, and no tensor comes of it."""

    num_processes = 1
    __torch_function__ = classmethod(lambda cls, *unused: cls())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *unused: Any, **more: Any) -> Logged:
        return self

    def __bool__(self) -> bool:
        return False

    __getitem__ = __truediv__ = __mul__ = __add__ = __sub__ = __invert__ = __call__
    __iter__ = None  # or it would be a sequence without an end


class Trainer:
    """What ``self`` is in the loss of TRL: settings, the methods of its class, and what is only logged with.

    A setting that is not there is an error, and never a silent True or False.
    """

    accelerator = _metrics = Logged()

    def __init__(self, compute_loss: Loss, settings: Mapping[str, Any], **more: Any) -> None:
        plain = inspect.unwrap(compute_loss)
        owner = plain.__qualname__.rpartition(".")[0]
        self.__dict__.update(settings, args=Settings(settings), model=SimpleNamespace(training=True), **more)
        self.__dict__["_owner"] = getattr(sys.modules.get(plain.__module__), owner, None) if owner else None

    def __getattr__(self, name: str) -> Any:
        found = inspect.getattr_static(self._owner, name, None) if self._owner is not None else None
        if found is None:
            raise AttributeError(f"the loss asks for self.{name}, which the adapter does not know; give it to trl(...)")
        return found.__get__(self, type(self))


def _trainer(compute_loss: Loss, settings: Mapping[str, Any], made: tuple[Any, ...]) -> Trainer:
    return Trainer(compute_loss, settings, _get_per_token_logps_and_entropies=lambda *given, **more: made)


def leave_one_out(rewards: Tensor, group_size: int) -> Tensor:
    """(samples,): the reward minus the mean of the others of its prompt."""
    r = rewards.reshape(-1, group_size)
    return (r - (r.sum(1, keepdim=True) - r) / (group_size - 1)).reshape(-1)


def standardised(rewards: Tensor, group_size: int, *, scale: bool = True) -> Tensor:
    """(samples,): (r - mean)/(std + 1e-4) of the prompt, as TRL has it; without ``scale`` the numerator."""
    r = rewards.reshape(-1, group_size)
    centred = r - r.mean(1, keepdim=True)
    return (centred / (r.std(1, keepdim=True) + 1e-4) if scale else centred).reshape(-1)


def verl(policy_loss: Loss, *, advantage: Loss | None = None, aggregation: str = "token-mean",
         settings: Any = None, **config: Any) -> Loss:
    """A registered policy loss of verl, with a registered advantage estimator (None: leave-one-out advantages).

    Both are called with the names of theirs that they declare; the loss is the first of what
    they return. ``config`` overrides ``VERL_CONFIG``; ``settings`` is an ``ActorConfig``, for a loss that insists.
    """
    given = Settings({**VERL_CONFIG, **config})

    def loss(log_probs: Tensor, old_log_probs: Tensor, token_level_rewards: Tensor, mask: Tensor, index: Any,
             rewards: Tensor, group_size: int) -> Tensor:
        if advantage is None:
            a = leave_one_out(rewards, group_size)[:, None] * mask
        else:
            a, *_ = _called(advantage, token_level_rewards=token_level_rewards, response_mask=mask, index=index,
                            config=given)
        value = _called(policy_loss, old_log_prob=old_log_probs, log_prob=log_probs, advantages=a, response_mask=mask,
                        loss_agg_mode=aggregation, config=settings or given, rollout_is_weights=None,
                        rollout_log_probs=None)
        return value[0] if isinstance(value, tuple) else value

    loss.__name__ = f"verl {getattr(policy_loss, '__name__', 'loss')} {aggregation}"
    return loss


def trl(compute_loss: Loss, *, advantage: Callable[[Tensor, int], Tensor] | None = None, **config: Any) -> Loss:
    """``GRPOTrainer._compute_loss`` (or RLOOTrainer's), unbound, with a stand-in for the trainer.

    ``advantage(rewards, num_generations)`` is made elsewhere in TRL; None is ``standardised``, without
    the std for ``scale_rewards="none"``, and ``leave_one_out`` for RLOOTrainer. ``config`` overrides ``TRL_CONFIG``.
    """
    plain = inspect.unwrap(compute_loss)
    of_sequences = plain.__qualname__.startswith("RLOO")

    def loss(log_probs: Tensor, old_log_probs: Tensor, ref_log_probs: Tensor, rewards: Tensor, mask: Tensor,
             group_size: int) -> Tensor:
        settings = {**TRL_CONFIG, "num_generations": group_size, "max_completion_length": mask.shape[1], **config}
        if advantage is not None:
            a = advantage(rewards, group_size)
        elif of_sequences:
            a = leave_one_out(rewards, group_size)
        else:
            a = standardised(rewards, group_size, scale=settings["scale_rewards"] != "none")
        inputs = {"prompt_ids": mask[:, :0], "prompt_mask": mask[:, :0], "completion_ids": mask,
                  "completion_mask": mask, "advantages": a, "old_per_token_logps": old_log_probs,
                  "old_logps": (old_log_probs * mask).sum(1), "ref_per_token_logps": ref_log_probs,
                  "num_items_in_batch": mask.sum()}
        made = log_probs, log_probs.detach() * 0
        try:
            return compute_loss(_trainer(compute_loss, settings, made), None, inputs)
        except ValueError as error:  # from 1.0 on there is a third value, for mixtures of experts
            if "values to unpack" not in str(error):
                raise
            return compute_loss(_trainer(compute_loss, settings, (*made, None)), None, inputs)

    loss.__name__ = "trl RLOO" if of_sequences else f"trl {config.get('loss_type', TRL_CONFIG['loss_type'])}"
    return loss


def openrlhf(policy_loss: Loss) -> Loss:
    """An instance of OpenRLHF's ``PolicyLoss``: (log_probs, old_log_probs, advantages, action_mask) -> (loss, ...)."""
    def loss(log_probs: Tensor, old_log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
        a = leave_one_out(rewards, group_size)[:, None] * mask
        value = policy_loss(log_probs, old_log_probs, a, action_mask=mask)
        return value[0] if isinstance(value, tuple) else value

    loss.__name__ = f"openrlhf {type(policy_loss).__name__}"
    return loss


def flat(minibatch_loss: Loss) -> Loss:
    """A loss over transitions, as inlined in CleanRL and Stable-Baselines3: (N,) arrays, padding left out.

    It is called as minibatch_loss(log_prob, old_log_prob, advantages), with r for every token.
    """
    def loss(log_probs: Tensor, old_log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
        kept = mask.bool()
        a = rewards[:, None] * mask
        return minibatch_loss(log_probs[kept], old_log_probs[kept], a[kept])

    loss.__name__ = f"flat {getattr(minibatch_loss, '__name__', 'loss')}"
    return loss


def _called(function: Loss, **available: Any) -> Any:
    """The function called with those of the arguments that it declares (all, if it takes any)."""
    declared = inspect.signature(function).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in declared):
        return function(**available)
    return function(**{one.name: available[one.name] for one in declared if one.name in available})
