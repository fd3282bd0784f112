"""Losses that treat the tokens of large covariance apart, and the quadratic loss of DRO.

The covariance of a token is (A - mean A)(log π - mean log π), means over the tokens of the batch. verl draws the token
that is dropped by ``torch.randperm``; a loss that draws is refused, so ``clip_cov`` is the mean over that draw, which
the loss is linear in.
"""

from __future__ import annotations

from typing import Any

from derive.estimators.gallery.entry import Entry
from derive.estimators.result import Verdict

Tensor = Any
LOWEST, HIGHEST = 1, 5
"""The window of covariances from which one token is dropped."""
FAR = 1000
"""More than any covariance here: padding is never the largest."""


def _covariances(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """(samples, length), without a derivative; 0 on padding."""
    held, tokens = log_probs.detach() * mask, mask.sum()
    own = advantages[:, None] * mask
    return (own - own.sum() / tokens) * (held - held.sum() / tokens) * mask


def clip_cov(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """Token ratios times A; one token of those whose covariance is in the window is left out (Cui et al. 2025)."""
    covariance = _covariances(log_probs, advantages, mask)
    inside = (covariance > LOWEST) * (covariance < HIGHEST) * mask
    weight = 1 - inside / inside.sum() if bool(inside.sum() > 0) else mask
    ratio = (log_probs - old_log_probs).exp()
    return (-ratio * advantages[:, None] * weight * mask).sum(-1).mean()


def kl_cov(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """Token ratios times A; the token of the largest covariance pays |log-ratio| (Cui et al. 2025)."""
    covariance = _covariances(log_probs, advantages, mask) - FAR * (1 - mask)
    largest = (covariance >= covariance.max()) * mask
    difference = (log_probs - old_log_probs) * mask
    return (-difference.exp() * advantages[:, None] * mask + largest * difference.abs()).sum(-1).mean()


def dro(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """A log π, and half the square of the log-ratio, of the response (Richemond et al. 2024)."""
    own = (log_probs * mask).sum(-1)
    difference = ((log_probs - old_log_probs) * mask).sum(-1)
    return -(own * advantages - difference**2 / 2).mean()


def _entry(name: str, statement: str, verdict: Verdict, source: str, function: Any, *, off_policy: bool = False,
           remark: str = "") -> Entry:
    return Entry(name, statement, verdict, source, function, groups=(2,), loss=True, off_policy=off_policy,
                 remark=remark)


CUI = "Cui et al. 2025, The entropy mechanism"
ENTRIES: tuple[Entry, ...] = (
    _entry("clip-cov", "one token of covariance in [1, 5] left out, at theta_old", "biased", f"{CUI}; verl clip_cov",
           clip_cov, remark="verl draws the token, and a loss that draws is refused: this is its mean over the draw"),
    _entry("kl-cov", "|log-ratio| on the token of largest covariance, at theta_old", "unbiased", f"{CUI}; verl kl_cov",
           kl_cov, remark="|x| has the derivative 0 at 0, so nothing is added there"),
    _entry("kl-cov-off", "the same away from theta_old", "biased", f"{CUI}; verl kl_cov", kl_cov, off_policy=True),
    _entry("dro", "A log π, and the square of the log-ratio, at theta_old", "unbiased", "Richemond et al. 2024", dro,
           remark="the square has no derivative there"),
    _entry("dro-off", "the same away from theta_old", "biased", "Richemond et al. 2024", dro, off_policy=True),
)
