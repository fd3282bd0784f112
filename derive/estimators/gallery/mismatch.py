"""Samples of a rollout engine whose policy is not the one that is trained: weights old/rollout, truncated or masked.

The loss is that of PPO at theta_old, times a detached weight; a weight of tokens corrects the law of
the token and not that of the prefix before it, and a cut takes away part of the law.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derive.estimators.gallery.entry import Entry
from derive.estimators.result import Verdict

Tensor = Any
CAP = 2.0


def weighted(weight: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """Token ratios π/old times A times a weight, made of log(old/rollout) of tokens (0 on padding) and the mask."""
    def loss(log_probs: Tensor, old_log_probs: Tensor, rollout_log_probs: Tensor, advantages: Tensor,
             mask: Tensor) -> Tensor:
        difference = (old_log_probs - rollout_log_probs) * mask
        ratio = (log_probs - old_log_probs).exp()
        return (-weight(difference, mask).detach() * ratio * advantages[:, None] * mask).sum(-1).mean()

    return loss


def no_weight(difference: Tensor, mask: Tensor) -> Tensor:
    """1: the samples are taken for those of the policy that is trained."""
    return difference * 0 + 1


def token_truncated(difference: Tensor, mask: Tensor) -> Tensor:
    """min(old/rollout, C) of each token (Yao et al. 2025; TRL token_truncate)."""
    return difference.exp().clamp(max=CAP)


def token_masked(difference: Tensor, mask: Tensor) -> Tensor:
    """old/rollout of each token, 0 where it exceeds C (TRL token_mask)."""
    weight = difference.exp()
    return weight * (weight <= CAP)


def sequence_ratio(difference: Tensor, mask: Tensor) -> Tensor:
    """old/rollout of the whole response."""
    return difference.sum(-1, keepdim=True).exp()


def sequence_truncated(difference: Tensor, mask: Tensor) -> Tensor:
    """The same, at most C (TRL sequence_truncate; verl, sequence level)."""
    return sequence_ratio(difference, mask).clamp(max=CAP)


def sequence_masked(difference: Tensor, mask: Tensor) -> Tensor:
    """The same, 0 where it exceeds C (TRL sequence_mask)."""
    weight = sequence_ratio(difference, mask)
    return weight * (weight <= CAP)


def geometric_masked(difference: Tensor, mask: Tensor) -> Tensor:
    """The ratio of the response, 0 where the geometric mean over its tokens leaves [1/C, C] (verl geo_mean)."""
    mean = difference.sum(-1, keepdim=True) / mask.sum(-1, keepdim=True)
    return sequence_ratio(difference, mask) * (mean.exp() <= CAP) * (mean.exp() >= 1 / CAP)


def _entry(name: str, statement: str, verdict: Verdict, source: str, weight: Callable[[Tensor, Tensor], Tensor],
           remark: str = "") -> Entry:
    return Entry(name, statement, verdict, source, weighted(weight), groups=(2,), loss=True, off_policy=True,
                 remark=remark)


YAO = "Yao et al. 2025, Your efficient RL framework secretly brings you off-policy training"
ENTRIES: tuple[Entry, ...] = (
    _entry("mismatch", "samples of a rollout policy, no weight", "biased", YAO, no_weight),
    _entry("tis-token", "weight min(old/rollout, 2) of each token (TIS)", "biased", f"{YAO}; verl, TRL token_truncate",
           token_truncated, "also without the cap: the prefixes keep the law of the rollout"),
    _entry("mask-token", "weight old/rollout of each token, 0 above 2", "biased", "TRL token_mask", token_masked),
    _entry("rollout-sequence-ratio", "weight old/rollout of the response", "unbiased", "importance sampling",
           sequence_ratio),
    _entry("tis-sequence", "weight min(old/rollout, 2) of the response", "biased", "TRL sequence_truncate; verl",
           sequence_truncated, "the bias is that of the cap: none where it does not bind"),
    _entry("mask-sequence", "weight old/rollout of the response, 0 above 2", "biased", "TRL sequence_mask",
           sequence_masked, "the responses that rollout makes too rarely are never learned from"),
    _entry("mask-geometric", "weight of the response, 0 where its mean per token leaves [1/2, 2]", "biased",
           "verl rollout correction, geometric mean", geometric_masked),
)
