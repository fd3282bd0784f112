"""Small re-typed stand-ins with the signatures of the trainers, for machines where these are not installed."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import torch

Tensor = Any


def masked_sum(values: Tensor, mask: Tensor, axis: int | None = None) -> Tensor:
    return (values * mask).sum(axis=axis)


def aggregate(losses: Tensor, mask: Tensor, mode: str) -> Tensor:
    """The four modes of verl's agg_loss."""
    if mode == "token-mean":
        return masked_sum(losses, mask) / mask.sum()
    if mode == "seq-mean-token-sum":
        return torch.mean(torch.sum(losses * mask, dim=-1))
    if mode == "seq-mean-token-mean":
        return torch.mean(torch.sum(losses * mask, dim=-1) / torch.sum(mask, dim=-1))
    if mode == "seq-mean-token-sum-norm":
        return torch.sum(torch.sum(losses * mask, dim=-1)) / mask.shape[-1]
    raise ValueError(mode)


def verl_rloo(token_level_rewards: Tensor, response_mask: Tensor, index: Any, epsilon: float = 1e-6,
              config: Any = None, **kwargs: Any) -> tuple[Tensor, Tensor]:
    scores = token_level_rewards.sum(dim=-1)
    of = defaultdict(list)
    with torch.no_grad():
        size = scores.shape[0]
        for i in range(size):
            of[index[i]].append(scores[i])
        means = {key: torch.mean(torch.stack(values)) for key, values in of.items()}
        for i in range(size):
            number = len(of[index[i]])
            scores[i] = scores[i] * number / (number - 1) - means[index[i]] * number / (number - 1)
        scores = scores.unsqueeze(-1) * response_mask
    return scores, scores


def verl_grpo(token_level_rewards: Tensor, response_mask: Tensor, index: Any, epsilon: float = 1e-6,
              norm_adv_by_std_in_grpo: bool = True, config: Any = None) -> tuple[Tensor, Tensor]:
    scores = token_level_rewards.sum(dim=-1)
    of = defaultdict(list)
    scale = config.norm_adv_by_std_in_grpo if config is not None else norm_adv_by_std_in_grpo
    with torch.no_grad():
        for i in range(scores.shape[0]):
            of[index[i]].append(scores[i])
        means = {key: torch.mean(torch.stack(values)) for key, values in of.items()}
        spreads = {key: torch.std(torch.stack(values)) for key, values in of.items()}
        for i in range(scores.shape[0]):
            scores[i] = scores[i] - means[index[i]]
            if scale:
                scores[i] = scores[i] / (spreads[index[i]] + epsilon)
        scores = scores.unsqueeze(-1) * response_mask
    return scores, scores


def verl_vanilla(old_log_prob: Tensor, log_prob: Tensor, advantages: Tensor, response_mask: Tensor,
                 loss_agg_mode: str = "token-mean", config: Any = None,
                 rollout_is_weights: Any = None) -> tuple[Tensor, dict[str, Any]]:
    difference = torch.clamp(log_prob - old_log_prob, min=-20.0, max=20.0)
    ratio = torch.exp(difference)
    one = -advantages * ratio
    other = -advantages * torch.clamp(ratio, 1 - config.clip_ratio_low, 1 + config.clip_ratio_high)
    clipped = torch.maximum(one, other)
    lower = torch.min(-advantages * config.get("clip_ratio_c", 3.0), clipped)
    losses = torch.where(advantages < 0, lower, clipped)
    return aggregate(losses, response_mask, loss_agg_mode), {}


def trl_compute_loss(self: Any, model: Any, inputs: dict[str, Tensor]) -> Tensor:
    mask = inputs["completion_mask"]
    log_probs, _ = self._get_per_token_logps_and_entropies(model, inputs["completion_ids"], mask)
    advantages = inputs["advantages"]
    if advantages.dim() == 1:
        advantages = advantages.unsqueeze(1)
    old = inputs.get("old_per_token_logps")
    old = log_probs.detach() if old is None else old
    log_ratio = log_probs - old
    if self.importance_sampling_level == "sequence":
        log_ratio = ((log_ratio * mask).sum(-1) / mask.sum(-1).clamp(min=1.0)).unsqueeze(-1)
    one = torch.exp(log_ratio)
    two = torch.clamp(one, 1 - self.epsilon_low, 1 + self.epsilon_high)
    losses = -torch.min(one * advantages, two * advantages)
    if self.beta != 0.0:
        ref = inputs["ref_per_token_logps"]
        losses = losses + self.beta * (torch.exp(ref - log_probs) - (ref - log_probs) - 1)
    if self.loss_type == "grpo":
        return ((losses * mask).sum(-1) / mask.sum(-1).clamp(min=1.0)).mean()
    if self.loss_type == "bnpo":
        return (losses * mask).sum() / mask.sum().clamp(min=1.0)
    if self.loss_type == "dr_grpo":
        return (losses * mask).sum() / (losses.size(0) * self.max_completion_length)
    if self.loss_type == "dapo":
        return (losses * mask).sum() / (inputs["num_items_in_batch"] / self.accelerator.num_processes)
    raise ValueError(self.loss_type)


class PolicyLoss(torch.nn.Module):
    """OpenRLHF's, with token or sequence level averages."""

    def __init__(self, token_level: bool = True) -> None:
        super().__init__()
        self.token_level = token_level

    def forward(self, log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, action_mask: Tensor | None = None,
                rollout_log_probs: Tensor | None = None) -> tuple[Tensor, None, None, None]:
        ratio = (log_probs - old_log_probs).exp()
        losses = -torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
        if self.token_level:
            return (losses * action_mask).sum() / action_mask.sum(), None, None, None
        return (losses * action_mask).sum(-1).mean(), None, None, None


def clean_rl(newlogprob: Tensor, b_logprobs: Tensor, mb_advantages: Tensor) -> Tensor:
    """CleanRL's policy loss without the normalisation of advantages."""
    ratio = (newlogprob - b_logprobs).exp()
    one = -mb_advantages * ratio
    other = -mb_advantages * torch.clamp(ratio, 0.8, 1.2)
    return torch.max(one, other).mean()
