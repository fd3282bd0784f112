"""Losses of pairs: what the partition function does in DPO (Rafailov et al. 2023).

The policy that is best for r under a KL penalty is ref(o) exp(r(o)/beta)/Z(x), so that r = beta log(π/ref) +
beta log Z(x). In the difference of the rewards of two responses Z cancels, if both belong to one prompt.
An entry is the loss with log Z(x) less the loss without: of what cancels, nothing is left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derive.estimators.gallery.entry import Entry

Tensor = Any
SMALLEST_PARTITION = 2
"""Z of the first prompt; that of the next is larger by 1. No two prompts have the same."""


def partition_function(*, across: bool) -> Callable[..., Tensor]:
    """-log sigmoid(±(difference of log(π/ref) + log Z)) of pairs, beta = 1, less the same without log Z.

    The response of the larger reward is the preferred one. A pair is two responses of one prompt, or, ``across``,
    each response and the one in its place of the next prompt.
    """
    def loss(log_probs: Tensor, ref_log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
        ratios = ((log_probs - ref_log_probs) * mask).sum(-1)
        samples, total = len(ratios), 0
        for one in range(0, samples, 1 if across else 2):
            other = (one + group_size) % samples if across else one + 1
            better = 1 if bool(rewards[one] >= rewards[other]) else -1
            difference = ratios[one] - ratios[other]
            partition = _log_partition(ratios, one // group_size) - _log_partition(ratios, other // group_size)
            total = total + _preferred(better * (difference + partition)) - _preferred(better * difference)
        return total

    return loss


def _log_partition(like: Tensor, prompt: int) -> Tensor:
    return (like[0].detach() * 0 + SMALLEST_PARTITION + prompt).log()


def _preferred(difference: Tensor) -> Tensor:
    """-log sigmoid of the difference."""
    return ((-difference).exp() + 1).log()


RAFAILOV = "Rafailov et al. 2023, DPO, section 4"
ENTRIES: tuple[Entry, ...] = (
    Entry("dpo-partition", "DPO with log Z(x) in the implicit rewards, less DPO without: pairs of one prompt",
          "zero mean", RAFAILOV, partition_function(across=False), groups=(2,), loss=True,
          remark="Z cancels in each pair, not only on average: nothing is left"),
    Entry("dpo-partition-across", "the same, pairs of responses of different prompts", "biased", RAFAILOV,
          partition_function(across=True), groups=(2,), loss=True,
          remark="log Z(x) - log Z(x') stays inside the sigmoid"),
)
