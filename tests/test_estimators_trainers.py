"""The adapters, on stand-ins with the trainers' signatures: the verdicts that were measured on the real ones."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import trainer_stand_ins as stand_ins  # noqa: E402

from derive.errors import BadInput  # noqa: E402
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
    """TRL's dr_grpo divides by the largest length, which is 2 on one of the models and 3 on another."""
    result = check_loss(make(), 2, model=models)
    assert result.verdict == verdict
    factor = "1/4, 1/6" if models is None and factor == "1/4" else factor
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


def test_a_setting_that_the_adapter_does_not_know_is_named_and_not_guessed() -> None:
    """A stand-in that is everything, and true, would switch on what nobody asked for."""
    def compute_loss(self: Any, model: Any, inputs: Any) -> Any:
        loss = stand_ins.trl_compute_loss(self, model, inputs)
        return loss * 2 if self.double_it else loss

    with pytest.raises(BadInput, match=r"asks for self\.double_it"):
        check_loss(trl(compute_loss), 2, model=SMALLEST)
    result = check_loss(trl(compute_loss, loss_type="dr_grpo", scale_rewards="none", double_it=True), 2, model=SMALLEST)
    assert str(result.factor) == "1/2"


def test_an_item_that_is_only_kept_loses_nothing_and_one_that_is_used_is_named() -> None:
    def kept(log_probs: Any, advantages: Any, mask: Any) -> Any:
        loss = -(log_probs * advantages[:, None] * mask).sum(-1).mean()
        return loss, {"loss": loss.detach().item(), "longest": mask.sum(-1).max().item()}

    def used(log_probs: Any, advantages: Any, mask: Any) -> Any:
        return -(log_probs * advantages[:, None] * mask).sum() / (mask.sum() / mask.sum().item() * log_probs.shape[0])

    assert check_loss(kept, 2, model=SMALLEST).exact
    result = check_loss(used, 2, model=SMALLEST)
    assert not result.exact
    assert "left exact numbers: .item()" in result.notes


# -- the packages themselves ----------------------------------------------------------------------


def installed(module: str) -> Any:
    """A module of a trainer; the test is skipped, with the reason, where it cannot be imported."""
    package = module.partition(".")[0]
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs are not ours
        try:
            return importlib.import_module(module)
        except ImportError as error:  # flash_attn, a GPU
            pytest.skip(f"{module} cannot be imported here: {error}")


@pytest.mark.parametrize(("loss", "advantage", "aggregation", "verdict"), [
    ("vanilla", "rloo", "seq-mean-token-sum", "unbiased"), ("vanilla", "rloo", "token-mean", "biased"),
    ("vanilla", "rloo", "seq-mean-token-mean", "biased"), ("vanilla", "grpo", "seq-mean-token-sum", "biased"),
    ("vanilla", "opo", "seq-mean-token-sum", "biased"), ("gpg", "rloo", "seq-mean-token-sum", "unbiased"),
    ("cispo", "rloo", "seq-mean-token-sum", "unbiased"), ("gspo", "rloo", "seq-mean-token-sum", "unbiased"),
])
def test_against_verl_itself(loss: str, advantage: str, aggregation: str, verdict: str) -> None:
    core = installed("verl.trainer.ppo.core_algos")
    settings = installed("verl.workers.config").ActorConfig(strategy="fsdp", rollout_n=2, use_dynamic_bsz=True)
    made = verl(core.get_policy_loss_fn(loss), advantage=core.get_adv_estimator_fn(advantage), aggregation=aggregation,
                settings=settings)
    result = check_loss(made, 2, model=SMALLEST)
    assert (result.verdict, result.exact) == (verdict, True), result.notes


@pytest.mark.parametrize(("config", "verdict", "factor"), [
    ({"loss_type": "dr_grpo", "scale_rewards": "none"}, "proportional", "1/4"),
    ({"loss_type": "luspo", "importance_sampling_level": "sequence", "scale_rewards": "none"}, "proportional", "1/2"),
    ({"loss_type": "grpo", "scale_rewards": "none"}, "biased", None), ({}, "biased", None),
    ({"loss_type": "bnpo"}, "biased", None), ({"loss_type": "cispo", "epsilon_high": 5.0}, "biased", None),
])
def test_against_trl_itself(config: dict[str, Any], verdict: str, factor: str | None) -> None:
    trainer = installed("trl.trainer.grpo_trainer").GRPOTrainer
    result = check_loss(trl(trainer._compute_loss, **config), 2, model=SMALLEST)
    assert (result.verdict, result.exact) == (verdict, True), result.notes
    assert factor is None or str(result.factor) == factor


def test_against_the_rloo_of_trl_itself() -> None:
    trainer = installed("trl.trainer.rloo_trainer").RLOOTrainer
    result = check_loss(trl(trainer._compute_loss), (2, 4), model=SMALLEST)
    assert (result.verdict, result.exact, result.away) == ("unbiased", True, "biased")  # the clip


def test_against_openrlhf_itself() -> None:
    loss = installed("openrlhf.models.loss").PolicyLoss(token_level_loss=False)
    assert check_loss(openrlhf(loss), 2, model=SMALLEST).verdict == "biased"
