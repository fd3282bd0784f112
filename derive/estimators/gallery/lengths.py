"""Estimators with the lengths of the responses in them, at theta_old: reductions over tokens, and opo.

At theta_old the coefficient of a sample is the same on all its tokens, so the sum over its
tokens is a coefficient times the score of the sequence. Lengths are not a function of the
reward: the two responses with reward 1 differ in length.
"""

from __future__ import annotations

from typing import Any

from derive.estimators.gallery.entry import Entry
from derive.estimators.gallery.rewards import centred, rloo

Array = Any


def token_mean(r: Array, lengths: Array) -> Array:
    """RLOO, the mean over all tokens of the batch: A G/Σ lengths (DAPO; verl's and OpenRLHF's default)."""
    return rloo(r) * len(r) / lengths.sum()


def sequence_mean(r: Array, lengths: Array) -> Array:
    """RLOO, the mean over the tokens of each response: A/length (GRPO, GSPO)."""
    return rloo(r) / lengths


def constant_length(r: Array, lengths: Array) -> Array:
    """Centred, divided by the longest length there may be, 3 (Dr. GRPO)."""
    return centred(r) / 3


def length_weighted(r: Array, lengths: Array) -> Array:
    """A = r - (Σ length r)/(Σ length), own sample included (opo)."""
    return r - (lengths * r).sum() / lengths.sum()


def others_length_weighted(r: Array, lengths: Array) -> Array:
    """The same without the own sample."""
    return r - ((lengths * r).sum() - lengths * r) / (lengths.sum() - lengths)


def length_in_reward(r: Array, lengths: Array) -> Array:
    """RLOO of r - length/10: another objective."""
    return rloo(r - lengths / 10)


_LENGTHS: dict[str, Any] = {"rewards": (0, 1, 1, 3), "lengths": (2, 1, 3, 2), "groups": (2, 3)}

ENTRIES: tuple[Entry, ...] = (
    Entry("rloo-token-mean", "RLOO, mean over the tokens of the batch", "biased",
          "DAPO, Yu et al. 2025; TRL dapo and bnpo; verl token-mean", token_mean, **_LENGTHS),
    Entry("rloo-sequence-mean", "RLOO, mean over the tokens of each response", "biased",
          "GRPO, Shao et al. 2024; TRL grpo; GSPO at theta_old", sequence_mean, **_LENGTHS),
    Entry("dr-grpo", "centred, divided by a constant length L = 3", "proportional",
          "Liu et al. 2025; TRL dr_grpo; verl seq-mean-token-sum-norm", constant_length, **_LENGTHS,
          remark="factor (G-1)/(G L)"),
    Entry("opo", "A = r - length-weighted mean of all", "biased", "Hao et al. 2025; verl opo", length_weighted,
          **_LENGTHS),
    Entry("opo-leave-one-out", "A = r - length-weighted mean of the others", "unbiased", "leave one out",
          others_length_weighted, **_LENGTHS),
    Entry("length-penalty", "RLOO of r - length/10, against J of r", "biased", "another objective than J",
          length_in_reward, **_LENGTHS),
)
