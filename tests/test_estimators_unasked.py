"""Losses and advantages that are right on what is run at first, and wrong where nobody asked: longer, larger, odd.

The truth about each is by hand: the same function without its special case is leave-one-out, and the special case is
reached with positive probability in one of the further runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from derive.errors import BadInput  # noqa: E402
from derive.estimators import check_advantage, check_loss  # noqa: E402

Tensor = Any


def leave_one_out(rewards: Tensor, size: int) -> Tensor:
    r = rewards.view(-1, size)
    return (r - (r.sum(1, keepdim=True) - r) / (size - 1)).view(-1)


def summed(log_probs: Tensor, coefficients: Tensor, mask: Tensor) -> Tensor:
    return -((log_probs * mask).sum(-1) * coefficients).mean()


def reference(log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
    return summed(log_probs, leave_one_out(rewards, group_size), mask)


def clipped_rewards(log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
    return summed(log_probs, leave_one_out(rewards.clamp(-10, 10), group_size), mask)


def four_tokens(log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
    return summed(log_probs[:, :4], leave_one_out(rewards, group_size), mask[:, :4])


def less_for_long_ones(log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
    return summed(log_probs, leave_one_out(rewards, group_size) * (4 / mask.sum(-1)).clamp(max=1), mask)


def odd_groups(log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
    a = leave_one_out(rewards, group_size) if group_size % 2 == 0 else rewards - rewards.max()
    return summed(log_probs, a, mask)


def more_than_two_prompts(log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
    few = len(rewards) <= 2 * group_size
    return summed(log_probs, leave_one_out(rewards, group_size) if few else rewards - rewards.max(), mask)


@pytest.mark.parametrize("loss", [
    clipped_rewards, odd_groups,
    *(pytest.param(one, marks=pytest.mark.deep) for one in (four_tokens, less_for_long_ones, more_than_two_prompts))])
def test_a_special_case_where_nobody_asked(loss: Callable[..., Tensor]) -> None:
    found = check_loss(loss)
    assert found.verdict == "biased", found
    assert any(row.where for row in found.groups)
    assert "which was not asked for" in found.known


def test_what_has_no_special_case_stays_unbiased() -> None:
    found = check_loss(reference)
    assert (found.verdict, [row.where for row in found.groups]) == ("unbiased", [None])


def test_rewards_that_are_clipped_in_an_advantage() -> None:
    def clipped(r: Any) -> Any:
        kept = np.clip(r, -10, 10)
        return kept - (kept.sum() - kept) / (len(r) - 1)

    assert check_advantage(clipped).verdict == "biased"
    assert check_advantage(lambda r: r - (r.sum() - r) / (len(r) - 1)).verdict == "unbiased"


# -- one draw of a thousand --------------------------------------------------------------------------

OWN = torch.Generator().manual_seed(0)


def put_back(log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
    with torch.random.fork_rng(devices=[]):
        keep = torch.rand(1).item() < 0.9999
    return reference(log_probs, rewards if keep else rewards**2, mask, group_size)


def of_its_own(log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
    keep = torch.rand(1, generator=OWN).item() < 0.9999
    return reference(log_probs, rewards if keep else rewards**2, mask, group_size)


def dropout(log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
    with torch.random.fork_rng(devices=[]):
        keep = torch.nn.functional.dropout(torch.ones(()), 1e-5) > 0
    return reference(log_probs, rewards * keep, mask, group_size)


@pytest.mark.parametrize("loss", [put_back, of_its_own, dropout])
def test_a_draw_that_no_repetition_shows(loss: Callable[..., Tensor]) -> None:
    with pytest.raises(BadInput, match="draws random numbers"):
        check_loss(loss, 2)
