"""The adapters, on stand-ins with the trainers' signatures: the verdicts that were measured on the real ones."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import trainer_stand_ins as stand_ins  # noqa: E402

from derive.estimators import TabularLM, check_loss  # noqa: E402
from derive.estimators.trainers import Settings, flat, openrlhf, trl, verl  # noqa: E402

Make = Callable[[], Any]


SMALLEST = TabularLM(vocab=2, length=2, rewards=(1, 0, 3), seed=1)
"""No reward 0 for the only response of one token: it would hide every factor that depends on the length."""


@pytest.mark.parametrize("models", [SMALLEST, pytest.param(None, marks=pytest.mark.deep)], ids=["smallest", "default"])
@pytest.mark.parametrize(("make", "verdict", "factor"), [
    (lambda: verl(stand_ins.verl_vanilla, advantage=stand_ins.verl_rloo, aggregation="seq-mean-token-sum"), "unbiased",
     "1"),
    (lambda: verl(stand_ins.verl_vanilla, advantage=stand_ins.verl_rloo), "biased", None),
    (lambda: verl(stand_ins.verl_vanilla, advantage=stand_ins.verl_rloo, aggregation="seq-mean-token-mean"), "biased",
     None),
    (lambda: verl(stand_ins.verl_vanilla, advantage=stand_ins.verl_grpo, aggregation="seq-mean-token-sum",
                  norm_adv_by_std_in_grpo=False), "proportional", "1/2"),
    (lambda: verl(stand_ins.verl_vanilla, advantage=stand_ins.verl_grpo, aggregation="seq-mean-token-sum"), "biased",
     None),
    (lambda: verl(stand_ins.verl_vanilla, aggregation="seq-mean-token-sum"), "unbiased", "1"),
    (lambda: trl(stand_ins.trl_compute_loss, loss_type="dr_grpo", scale_rewards="none"), "proportional", "1/4"),
    (lambda: trl(stand_ins.trl_compute_loss, loss_type="grpo", scale_rewards="none"), "biased", None),
    (lambda: trl(stand_ins.trl_compute_loss), "biased", None),
    (lambda: trl(stand_ins.trl_compute_loss, loss_type="bnpo", scale_rewards="none"), "biased", None),
    (lambda: openrlhf(stand_ins.PolicyLoss()), "biased", None),
    (lambda: openrlhf(stand_ins.PolicyLoss(token_level=False)), "unbiased", "1"),
    (lambda: flat(stand_ins.clean_rl), "biased", None),
])
def test_verdicts(make: Make, verdict: str, factor: str | None, models: TabularLM | None) -> None:
    result = check_loss(make(), 2, model=models)
    assert result.verdict == verdict
    assert factor is None or str(result.factor) == factor
    assert result.exact, result.notes


def test_dr_grpo_at_four_is_three_eighths() -> None:
    """3/4 for the mean, 1/2 for the constant length (recipe: 3/8 = 3/4 x 1/L)."""
    loss = trl(stand_ins.trl_compute_loss, loss_type="dr_grpo", scale_rewards="none")
    assert str(check_loss(loss, 4, model=SMALLEST).factor) == "3/8"


def test_trl_with_std_in_exact_numbers() -> None:
    """Binary rewards, G = 2, no epsilon, at most 2 tokens: sqrt(2)/4 (measured on TRL itself)."""
    def without_epsilon(rewards: Any, group_size: int) -> Any:
        r = rewards.reshape(-1, group_size)
        spread = r.std(1, keepdim=True)
        return torch.where(spread > 0, (r - r.mean(1, keepdim=True)) / spread, r * 0).reshape(-1)

    loss = trl(stand_ins.trl_compute_loss, advantage=without_epsilon, loss_type="dr_grpo")
    result = check_loss(loss, 2, model=TabularLM(vocab=2, length=2, rewards=(0, 1, 1), seed=1))
    assert (result.verdict, str(result.factor), result.exact) == ("proportional", "1/4·√2", True)


def test_trl_k3_is_the_other_kl_in_the_smallest_case() -> None:
    """Measured on TRL itself, beta = 1, dr_grpo: k3 gives (0, -1/16) in the tokens' logits; half the KL(ref, pi)."""
    half = Fraction(1, 2)
    model = TabularLM(vocab=2, length=2, rewards=(0, 0, 1), pi=(((half, half), (half, half)),),
                      ref=(((half, half), (Fraction(1, 4), Fraction(3, 4))),))
    loss = trl(stand_ins.trl_compute_loss, advantage=lambda rewards, size: rewards * 0, loss_type="dr_grpo", beta=1.0)
    assert check_loss(loss, 2, "kl:pi,ref", model=model).verdict == "biased"
    other = check_loss(loss, 2, "kl:ref,pi", model=model)
    assert (other.verdict, str(other.factor)) == ("proportional", "1/2")


def test_settings_say_what_is_missing() -> None:
    with pytest.raises(AttributeError, match="no 'epsilon_9'"):
        Settings(epsilon=1).epsilon_9  # noqa: B018


def test_against_verl_itself() -> None:
    core = pytest.importorskip("verl.trainer.ppo.core_algos")
    loss = verl(core.get_policy_loss_fn("vanilla"), advantage=core.get_adv_estimator_fn("rloo"),
                aggregation="seq-mean-token-sum")
    assert check_loss(loss, 2).verdict == "unbiased"


def test_against_trl_itself() -> None:
    pytest.importorskip("trl")
    trainer = importlib.import_module("trl.trainer.grpo_trainer").GRPOTrainer
    loss = trl(trainer._compute_loss, loss_type="dr_grpo", scale_rewards="none")
    assert check_loss(loss, 2).verdict == "proportional"
