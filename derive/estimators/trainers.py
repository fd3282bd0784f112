"""Adapters: the losses of today's trainers as functions that ``check_loss`` can call.

Each takes the trainer's own function and returns a loss by our names. Nothing of a trainer is
imported here. Conventions as read in verl b178a3c, TRL f2cd577, OpenRLHF 3c3be62, CleanRL fe8d8a0.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import MagicMock

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
}


class Settings(dict[str, Any]):
    """A configuration that is read by key, by ``get`` and by attribute, as trainers do."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the configuration has no {name!r}; give it to the adapter") from None


def verl(policy_loss: Loss, *, advantage: Loss | None = None, aggregation: str = "token-mean", **config: Any) -> Loss:
    """A registered policy loss of verl, with a registered advantage estimator (None: leave-one-out advantages).

    Both are called with the names of theirs that they declare; the loss is the first of what
    they return. ``config`` overrides ``VERL_CONFIG``.
    """
    settings = Settings({**VERL_CONFIG, **config})

    def loss(log_probs: Tensor, old_log_probs: Tensor, token_level_rewards: Tensor, mask: Tensor, index: Any,
             rewards: Tensor, group_size: int) -> Tensor:
        if advantage is None:
            r = rewards.reshape(-1, group_size)
            a = (r - (r.sum(1, keepdim=True) - r) / (group_size - 1)).reshape(-1, 1) * mask
        else:
            a, *_ = _called(advantage, token_level_rewards=token_level_rewards, response_mask=mask, index=index,
                            config=settings)
        value = _called(policy_loss, old_log_prob=old_log_probs, log_prob=log_probs, advantages=a, response_mask=mask,
                        loss_agg_mode=aggregation, config=settings, rollout_is_weights=None, rollout_log_probs=None)
        return value[0] if isinstance(value, tuple) else value

    loss.__name__ = f"verl {getattr(policy_loss, '__name__', 'loss')} {aggregation}"
    return loss


def trl(compute_loss: Loss, *, advantage: Callable[[Tensor, int], Tensor] | None = None, **config: Any) -> Loss:
    """``GRPOTrainer._compute_loss`` (or RLOOTrainer's), unbound, with a stand-in for the trainer.

    ``advantage(rewards, num_generations)`` is made elsewhere in TRL; None is (r - mean)/(std +
    1e-4) as there, or without the std for ``scale_rewards="none"``. ``config`` overrides ``TRL_CONFIG``.
    """
    def loss(log_probs: Tensor, old_log_probs: Tensor, ref_log_probs: Tensor, rewards: Tensor, mask: Tensor,
             group_size: int) -> Tensor:
        settings = {**TRL_CONFIG, "num_generations": group_size, **config}
        trainer = MagicMock()
        trainer.configure_mock(**settings, max_completion_length=mask.shape[1])
        trainer.args.configure_mock(**settings)
        trainer.model.training = True
        trainer._get_per_token_logps_and_entropies.return_value = (log_probs, None)
        trainer.accelerator.num_processes = 1
        r = rewards.reshape(-1, group_size)
        if advantage is not None:
            a = advantage(rewards, group_size)
        else:
            c = r - r.mean(1, keepdim=True)
            a = (c if settings["scale_rewards"] == "none" else c / (r.std(1, keepdim=True) + 1e-4)).reshape(-1)
        inputs = {"prompt_ids": mask[:, :0], "prompt_mask": mask[:, :0], "completion_ids": mask,
                  "completion_mask": mask, "advantages": a, "old_per_token_logps": old_log_probs,
                  "ref_per_token_logps": ref_log_probs, "num_items_in_batch": mask.sum()}
        return compute_loss(trainer, None, inputs)

    loss.__name__ = f"trl {config.get('loss_type', TRL_CONFIG['loss_type'])}"
    return loss


def openrlhf(policy_loss: Loss) -> Loss:
    """An instance of OpenRLHF's ``PolicyLoss``: (log_probs, old_log_probs, advantages, action_mask) -> (loss, ...)."""
    def loss(log_probs: Tensor, old_log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
        r = rewards.reshape(-1, group_size)
        a = (r - (r.sum(1, keepdim=True) - r) / (group_size - 1)).reshape(-1, 1) * mask
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
