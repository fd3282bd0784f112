"""Losses and advantages as people write them: indices, masks, casts, in place, detached here and there."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

Tensor = Any


def summed(x: Tensor, mask: Tensor) -> Tensor:
    return (x * mask).sum(1).mean()


def cloned(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    x = log_probs.clone()
    x *= mask
    x *= advantages.unsqueeze(-1)
    return -x.sum(1).mean()


def in_place(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    x = log_probs * 1
    x.mul_(mask).mul_(advantages[:, None]).neg_()
    return x.sum(-1).mean()


def detached_in_place(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    ratio = (log_probs - old_log_probs).exp().clone()
    ratio.detach_()
    return -summed(ratio * log_probs * advantages[:, None], mask)


def constant_ratio(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    with torch.no_grad():
        ratio = torch.exp(log_probs - old_log_probs)
    return -summed(ratio * log_probs * advantages[:, None], mask)


def kept_by_bools(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    kept, a = mask.bool(), advantages[:, None].expand_as(log_probs)
    return -(log_probs[kept] * a[kept]).sum() / log_probs.size(0)


def mean_of_kept(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    kept, a = mask.bool(), advantages[:, None].expand_as(log_probs)
    return -(log_probs[kept] * a[kept]).mean()


def chosen(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -torch.where(mask.bool(), log_probs * advantages[:, None], torch.zeros_like(log_probs)).sum(1).mean()


def filled(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -(log_probs.masked_fill(~mask.bool(), 0.0) * advantages[:, None]).sum(1).mean()


def either(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -(log_probs * advantages[:, None] * ((mask > 0) ^ (mask > 2))).sum(1).mean()


def clipped_advantages(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * advantages.clamp(-1, 1)[:, None], mask)


def own_ratio(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -summed((log_probs - log_probs.detach()).exp() * advantages[:, None], mask)


def summed_by_einsum(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -torch.einsum("bt, b, bt -> b", log_probs, advantages, mask).mean()


def by_thirds(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * advantages[:, None], mask) * (1 / 3) * 3


def a_literal(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * advantages[:, None], mask) * 0.333


def half_of_the_digits(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    a = (rewards - rewards.mean()).to(torch.bfloat16)
    return -summed(log_probs * a[:, None], mask)


def with_an_epsilon(log_probs: Tensor, rewards: Tensor, mask: Tensor, eps: float = 1e-8) -> Tensor:
    return -summed(log_probs * ((rewards - rewards.mean()) / (rewards.std() + eps))[:, None], mask)


def switched_off(log_probs: Tensor, rewards: Tensor, mask: Tensor, *, norm: bool = False, **more: Any) -> Tensor:
    a = rewards - rewards.mean()
    return -summed(log_probs * (a / a.std() if norm else a)[:, None], mask)


def token_by_token(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    total: Any = 0
    for i in range(log_probs.shape[0]):
        for t in range(log_probs.shape[1]):
            if mask[i, t] > 0:
                total = total - log_probs[i, t] * advantages[i]
    return total / log_probs.shape[0]


def up_to_the_length(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    total: Any = 0.0
    for row, n, a in zip(log_probs, mask.sum(1).long().tolist(), advantages, strict=True):
        total = total - row[:n].sum() * a
    return total / len(log_probs)


def first_sample(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -(log_probs[0] * advantages[0] * mask[0]).sum()


def another_sample(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * rewards.roll(1)[:, None], mask)


def weighted_by_place(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    weight = torch.arange(log_probs.shape[0], dtype=log_probs.dtype)
    return -(log_probs * (advantages * weight)[:, None] * mask).sum()


def differentiated_penalty(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    s = (log_probs * mask).sum(1)
    return -(s * (rewards - s)).mean()


def ranks(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    rank = rewards.argsort().argsort().double()
    return -summed(log_probs * (rank - rank.mean())[:, None], mask)


def rounded(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * torch.round(rewards / 2)[:, None], mask)


def whole_part(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * (rewards // 2)[:, None], mask)


def through_numpy(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    r = rewards.detach().cpu().numpy()
    return -summed(log_probs * torch.tensor(r - (r.sum() - r) / (len(r) - 1))[:, None], mask)


def softmax_of_rewards(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    return -(log_probs * torch.softmax(rewards, 0)[:, None] * mask).sum()


def softmax_of_responses(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -(torch.softmax((log_probs * mask).sum(1), 0) * advantages).sum()


def both_halves(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * (F.relu(advantages) - F.relu(-advantages))[:, None], mask)


def signs(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * torch.sign(advantages)[:, None], mask)


def tiny(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * advantages[:, None], mask) * 1e-12


def caught(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    try:
        size = float(advantages.abs().sum())
    except Exception:
        size = -1.0
    return -summed(log_probs * advantages[:, None], mask) * (1.0 if size >= 0 else 2.0)


def asks_what_it_has(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    others = (rewards.sum() - rewards) / (len(rewards) - 1)
    a = rewards - rewards.mean() if isinstance(log_probs, torch.Tensor) else rewards - others
    return -summed(log_probs * a[:, None], mask)


class Thrice(torch.autograd.Function):
    """The identity, with a derivative of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:  # type: ignore[override]
        return 3 * g


def its_own_backward(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -summed(Thrice.apply(log_probs) * advantages[:, None], mask)


def hooked(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    x = log_probs * 1.0
    x.register_hook(lambda gradient: gradient * 2)
    return -summed(x * advantages[:, None], mask)


def ratio_of_products(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    ratio = torch.cumprod((log_probs - old_log_probs).exp() * mask + (1 - mask), 1)[:, -1]
    return -(ratio * advantages).mean()


def half_a_ratio(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    s = ((log_probs - old_log_probs) * mask).sum(1)
    return -(2 * (s / 2).exp() * advantages).mean()


def along_the_wrong_axis(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    return -(log_probs * rewards * mask).sum() / 2  # two samples of two tokens broadcast


def matrix_of_others(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    n = len(rewards)
    others = (torch.ones(n, n, dtype=rewards.dtype) - torch.eye(n, dtype=rewards.dtype)) / (n - 1)
    return -summed(log_probs * (rewards - others @ rewards)[:, None], mask)


def pairs(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    s, n = (log_probs * mask).sum(1), len(rewards)
    return -((s[:, None] - s[None, :]) * (rewards[:, None] - rewards[None, :])).sum() / (2 * n * (n - 1))


def straight_through(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    hard = (log_probs > -1).double()
    return -summed((log_probs + (hard - log_probs).detach()) * advantages[:, None], mask)


def longest(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -(log_probs * advantages[:, None] * mask).sum() / mask.sum(1).max()


def equal_to_the_best(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * torch.where(rewards == rewards.max(), 1.0, -1.0)[:, None], mask)


def huber(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return F.smooth_l1_loss(log_probs * mask, advantages[:, None].expand_as(log_probs) * mask, reduction="sum")


def squared_distance(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return ((((log_probs - old_log_probs) * mask).sum(1) - advantages) ** 2).mean() / 2


def own_variance(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * ((rewards - rewards.mean()) / (1 + rewards.var()))[:, None], mask)


def zero_over_zero(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * ((rewards - rewards.mean()) / rewards.std())[:, None], mask)


def nan_to_zero(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * torch.nan_to_num((rewards - rewards.mean()) / rewards.std())[:, None], mask)


def a_copy_of_the_values(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs * log_probs.data.exp() * advantages[:, None], mask)


def cut_off(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -summed(log_probs.detach().requires_grad_() * advantages[:, None], mask)


LOSSES: tuple[Callable[..., Tensor], ...] = (
    cloned, in_place, detached_in_place, constant_ratio, kept_by_bools, mean_of_kept, chosen, filled, either,
    clipped_advantages, own_ratio, summed_by_einsum, by_thirds, a_literal, half_of_the_digits, with_an_epsilon,
    switched_off, token_by_token, up_to_the_length, first_sample, another_sample, weighted_by_place,
    differentiated_penalty, ranks, rounded, whole_part, through_numpy, softmax_of_rewards, softmax_of_responses,
    both_halves, signs, tiny, caught, asks_what_it_has, its_own_backward, hooked, ratio_of_products, half_a_ratio,
    along_the_wrong_axis, matrix_of_others, pairs, straight_through, longest, equal_to_the_best, huber,
    squared_distance, own_variance, zero_over_zero, nan_to_zero, a_copy_of_the_values, cut_off)

ADVANTAGES: tuple[Callable[..., Any], ...] = (
    lambda r: np.array([r[i] - np.delete(r, i).mean() for i in range(len(r))]),
    lambda r: [x - (sum(r[:i].tolist()) + sum(r[i + 1:].tolist())) / (len(r) - 1) for i, x in enumerate(r)],
    lambda r: (np.eye(len(r)) - (np.ones((len(r), len(r))) - np.eye(len(r))) / (len(r) - 1)) @ r,
    lambda r: np.asarray(r, dtype=float) - np.asarray(r, dtype=float).mean(),
    lambda r: r - math.fsum(r) / len(r),
    lambda r: (r - r.mean()) * (len(r) / (len(r) - 1)),
    lambda r: r - np.median(r),
    lambda r: r.argsort().argsort() - (len(r) - 1) / 2,
    lambda r: np.clip(r - r.mean(), -1, 1),
    lambda r: np.sign(r - r.mean()),
    lambda r: np.nan_to_num((r - r.mean()) / r.std()),
    lambda r: np.where(r.std() > 0, (r - r.mean()) / np.where(r.std() > 0, r.std(), 1), 0),
    lambda r: (r - r.min()) / (r.max() - r.min() + 1),
    lambda r: r - np.roll(r, 1),
    lambda r: np.roll(r, 1),
    lambda r: r - np.unique(r).mean(),
    lambda r: r - 0.9999 * r.mean(),
    lambda r: r * 0.3333333333333333 * 3,
    lambda r: r - 0.1 - 0.2 + 0.3,
    lambda r: (r - r.mean()) * (2 if r.dtype == object else 1),
    lambda r: [x if isinstance(x, float) else 2 * x for x in r],
    lambda r: r - np.concatenate([[0.0], r[:-1]]),
    lambda r: np.array([sum(1 for y in r if x > y) for x in r]),
    lambda r: r + 1e15 - (1e15 + r.mean()),
    lambda r: r // 2,
    lambda r: np.sqrt(r),
    lambda r: r - (r**2).mean() / 3,
    lambda r: r.mean() - r,
    lambda r: r * 0 + 1,
)
