"""Losses and advantages as they stand in notebooks and trainers: every verdict, next to brute force.

The verdicts are known beforehand, from theory or the sources; the size of the bias is that of
autograd through the logits over all tuples, which knows nothing of the program.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from estimators_oracle import gradient_of_return, mean_gradient, random_policies  # noqa: E402
from estimators_torch_oracle import mean_gradient as brute_force  # noqa: E402
from estimators_torch_oracle import target_gradient  # noqa: E402

from derive.errors import BadInput  # noqa: E402
from derive.estimators import TabularLM, assert_unbiased, check_advantage, check_loss  # noqa: E402
from derive.estimators.naming import LOOKUP, parameters  # noqa: E402

SMALL = TabularLM(vocab=2, length=2, rewards=(1, 0, 3), seed=1)


def trl(per_token_logps: Any, old_per_token_logps: Any, ref_per_token_logps: Any, advantages: Any, completion_mask: Any,
        beta: float = 0.0, epsilon_low: float = 0.2, epsilon_high: float = 0.2, loss_type: str = "grpo") -> Any:
    """The loss of a GRPO trainer, with its reductions."""
    per_token_kl = (torch.exp(ref_per_token_logps - per_token_logps) - (ref_per_token_logps - per_token_logps) - 1)
    coef_1 = torch.exp(per_token_logps - old_per_token_logps)
    coef_2 = torch.clamp(coef_1, 1 - epsilon_low, 1 + epsilon_high)
    per_token_loss = -torch.min(coef_1 * advantages.unsqueeze(1), coef_2 * advantages.unsqueeze(1))
    if beta != 0.0:
        per_token_loss = per_token_loss + beta * per_token_kl
    if loss_type == "grpo":
        return ((per_token_loss * completion_mask).sum(-1) / completion_mask.sum(-1).clamp(min=1.0)).mean()
    if loss_type == "bnpo":
        return (per_token_loss * completion_mask).sum() / completion_mask.sum().clamp(min=1.0)
    if loss_type == "dr_grpo":
        return (per_token_loss * completion_mask).sum() / (per_token_loss.size(0) * per_token_loss.size(1))
    return (per_token_loss * completion_mask).sum(-1).mean()


def masked_mean(values: Any, mask: Any, axis: Any = None) -> Any:
    return (values * mask).sum(axis=axis) / (mask.sum(axis=axis) + 1e-8)


def dual_clip(log_prob: Any, old_log_prob: Any, advantages: Any, response_mask: Any, cliprange: float = 0.2) -> Any:
    """Dual clip PPO with metrics, advantages of tokens, and a mean over tokens with an epsilon."""
    difference = torch.clamp(log_prob - old_log_prob, min=-20.0, max=20.0)
    ratio = torch.exp(difference)
    losses1 = -advantages * ratio
    losses2 = -advantages * torch.clamp(ratio, 1 - cliprange, 1 + cliprange)
    clipped1 = torch.maximum(losses1, losses2)
    fraction = masked_mean(torch.gt(losses2, losses1).float(), response_mask)
    clipped2 = torch.min(-advantages * 3.0, clipped1)
    losses = torch.where(advantages < 0, clipped2, clipped1)
    return masked_mean(losses, response_mask), fraction, masked_mean(-difference, response_mask)


class PolicyLoss(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A module with state, as libraries have it."""

    def __init__(self, token_level: bool) -> None:
        super().__init__()
        self.token_level = token_level

    def forward(self, log_probs: Any, old_log_probs: Any, advantages: Any, action_mask: Any = None) -> Any:
        ratio = (log_probs - old_log_probs).exp()
        loss = -torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages) * action_mask
        return loss.sum() / action_mask.sum() if self.token_level else loss.sum(-1).mean()


class Trainer:
    """A method of a trainer that returns a dictionary."""

    beta = 0.1

    def compute_loss(self, log_probs: Any, ref_log_probs: Any, rewards: Any, mask: Any, group_size: int) -> Any:
        r = rewards.view(-1, group_size)
        others = (r.sum(dim=1, keepdim=True) - r) / (group_size - 1)
        penalty = ((log_probs - ref_log_probs) * mask).sum(1).detach()
        loss = -(log_probs * mask).sum(1) * ((r - others).view(-1) - self.beta * penalty)
        return {"loss": loss.mean(), "kl": penalty.mean()}


def not_of_bools(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return -(log_probs.masked_fill(~mask, 0.0).sum(-1) * rewards).mean()


def indexed_by_bools(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return -(log_probs[mask] * rewards.unsqueeze(1).expand_as(log_probs)[mask]).sum() / len(rewards)


def kl_to_go(log_probs: Any, ref_log_probs: Any, token_level_rewards: Any, mask: Any) -> Any:
    shaped = (token_level_rewards - 0.1 * (log_probs - ref_log_probs).detach()) * mask
    return -(log_probs * shaped.flip(-1).cumsum(-1).flip(-1) * mask).sum(-1).mean()


def whitened(log_probs: Any, token_level_rewards: Any, mask: Any) -> Any:
    returns = token_level_rewards.flip(-1).cumsum(-1).flip(-1)
    mean = (returns * mask).sum() / mask.sum()
    variance = (((returns - mean) ** 2) * mask).sum() / mask.sum()
    return -(log_probs * (returns - mean) * torch.rsqrt(variance + 1e-8) * mask).sum(-1).mean()


def straight_through(log_probs: Any, old_log_probs: Any, advantages: Any, mask: Any) -> Any:
    """GSPO-token: the value of the sequence ratio, the derivative of tokens."""
    mean = (((log_probs - old_log_probs) * mask).sum(-1) / mask.sum(-1).clamp(min=1.0)).unsqueeze(-1)
    ratio = torch.exp(mean.detach() + log_probs - log_probs.detach())
    return (-(ratio * advantages.unsqueeze(1)) * mask).sum(-1).mean()


def counted(log_probs: Any, rewards: Any, lengths: Any) -> Any:
    total = torch.zeros(())
    for i in range(len(rewards)):
        total = total - log_probs[i, :int(lengths[i])].sum() * rewards[i]
    return total / len(rewards)


def with_values(logprob: Any, old_logprob: Any, advantages: Any, returns: Any, vpreds: Any, mask: Any) -> Any:
    """PPO with a value loss and advantages normalised over the batch."""
    ratio = torch.exp(logprob - old_logprob)
    adv = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    adv = adv.unsqueeze(1) if adv.ndim == 1 else adv
    pg = torch.max(-adv * ratio, -adv * torch.clamp(ratio, 0.8, 1.2))
    return (pg * mask).sum(-1).mean() + 0.5 * ((vpreds - returns) ** 2 * mask).sum() / mask.sum()


def batch_mean(log_probs: Any, rewards: Any, mask: Any) -> Any:
    """The mean of all prompts of the batch, not of the own one."""
    return -((log_probs * mask).sum(-1) * (rewards - rewards.mean())).mean()


def wrong_sign(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return ((log_probs * mask).sum(-1) * rewards).mean()


PASTED: dict[str, tuple[Callable[..., Any], str, str, str | None]] = {
    "trl sum": (functools.partial(trl, loss_type="sum"), "J", "unbiased", "1"),
    "trl grpo": (trl, "J", "biased", None), "trl bnpo": (functools.partial(trl, loss_type="bnpo"), "J", "biased", None),
    "trl dr_grpo": (functools.partial(trl, loss_type="dr_grpo"), "J", "proportional", "1/2"),
    "trl sum, beta": (functools.partial(trl, loss_type="sum", beta=0.1), "J-kl", "biased", None),
    "dual clip": (dual_clip, "J", "biased", None), "module, tokens": (PolicyLoss(True), "J", "biased", None),
    "module, sums": (PolicyLoss(False), "J", "unbiased", "1"),
    "trainer": (Trainer().compute_loss, "J-kl", "unbiased", "1"), "~mask": (not_of_bools, "J", "unbiased", "1"),
    "x[mask]": (indexed_by_bools, "J", "unbiased", "1"), "kl to go": (kl_to_go, "J-kl", "unbiased", "1"),
    "whitened": (whitened, "J", "biased", None), "straight through": (straight_through, "J", "unbiased", "1"),
    "counted": (counted, "J", "unbiased", "1"), "with values": (with_values, "J", "biased", None),
    "wrong sign": (wrong_sign, "J", "proportional", "-1"), "batch mean": (batch_mean, "J", "proportional", "1/2"),
}


@pytest.mark.parametrize("name", PASTED)
def test_a_pasted_loss(name: str) -> None:
    loss, target, verdict, factor = PASTED[name]
    result = check_loss(loss, 2, target, model=SMALL)
    assert (result.verdict, result.exact) == (verdict, True), result.notes
    assert factor is None or str(result.factor) == factor
    token = name in ("dual clip", "module, tokens", "module, sums")

    def called(data: dict[str, Any]) -> Any:
        given = {"rewards_to_go": data["rewards"][:, None] * data["mask"],
                 **data, "mask": data["mask"].bool() if name in ("~mask", "x[mask]") else data["mask"],
                 "lengths": data["lengths"].long(),
                 "advantages": data["advantages"][:, None] * torch.ones(1, 2) if token else data["advantages"]}
        names = {one.name: LOOKUP[one.name] for some in parameters(loss) for one in some if one.name in LOOKUP}
        value = loss(**{one: given[meaning] for one, meaning in names.items()})
        return value[0] if isinstance(value, tuple) else value["loss"] if isinstance(value, dict) else value

    mean, wanted = brute_force(called, SMALL, 2), target_gradient(target, SMALL)
    assert result.relative_bias == pytest.approx(float((mean - wanted).norm() / wanted.norm()), abs=1e-9)


def test_a_factor_that_the_number_of_prompts_changes_is_said() -> None:
    result = check_loss(batch_mean, 2)
    assert (result.verdict, result.kind) == ("proportional", "model-dependent")
    assert any(note.startswith("the direction is right and the factor differs between models: 1/2 with 3 responses")
               and note.endswith("3/4 with 3 responses (2 tokens, length 2), 2 prompts") for note in result.notes)


def test_bools_are_exact_and_the_mask_is_of_floats_where_it_can_be() -> None:
    def either(log_probs: Any, rewards: Any, mask: Any) -> Any:
        assert mask.dtype is not torch.bool
        return -((log_probs * mask).sum(-1) * rewards).mean()

    assert check_loss(either, 2, model=SMALL).verdict == "unbiased"
    leaking = check_loss(lambda log_probs, rewards, mask: not_of_bools(log_probs, rewards, mask | ~mask), 2,
                         model=SMALL)
    assert (leaking.verdict, leaking.mask_leak) == ("biased", True)


@pytest.mark.parametrize(("loss", "message"), [
    (lambda batch: batch["log_probs"].sum(), "asks for batch, and so for no log-probabilities of the policy: name a"),
    (lambda **batch: batch["log_probs"].sum(), "asks for nothing by name"),
    (lambda logits, labels: logits.sum(), "asks for logits, labels, and so"),
    (lambda log_probs, rewards: sum([0.0 for r in rewards if r.item() > 5]) / 2, r"returned float; .*\(rewards 1, 1\)"),
])
def test_what_is_asked_in_another_way_gets_one_sentence(loss: Callable[..., Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        check_loss(loss, 2, model=SMALL)


def message(loss: Callable[..., Any], **question: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_unbiased(loss, **{"group": 2, "model": SMALL, **question})
    return str(caught.value)


def test_reductions_are_mended_in_a_trainers_words() -> None:
    text = message(functools.partial(trl, loss_type="bnpo"))
    assert text.startswith("trl is not unbiased: biased")
    assert "mend it: divide by the number of responses, or a constant, instead of the number of tokens" in text
    assert "instead of taking their mean" not in text
    assert "mend it: sum over the tokens of a response, or divide by a constant, instead" in message(trl)
    assert "mend it: divide by the number of responses" in message(dual_clip)
    for loss in (whitened, batch_mean):
        assert "mend it: divide by the number of responses" not in message(loss)
        assert "mend it: sum over the tokens" not in message(loss)


def test_a_bias_of_the_size_of_an_epsilon_is_said_to_be_one() -> None:
    """RLOO, each token weighted with n/(n + 1e-8): exactly biased, and by 1e-8 only."""
    def loss(log_probs: Any, advantages: Any, mask: Any) -> Any:
        return -((log_probs * mask).sum(-1) / (mask.sum(-1) + 1e-8) * mask.sum(-1) * advantages).mean()

    result = check_loss(loss, 2, model=SMALL)
    assert (result.verdict, result.exact) == ("biased", True)
    assert 0 < (result.relative_bias or 0) < 1e-7
    assert any("an epsilon in a denominator leaves" in note for note in result.notes)
    assert not any("an epsilon" in note for note in check_loss(trl, 2, model=SMALL).notes)
    tiny = check_advantage(lambda r: r - (r.sum() - r) / (len(r) - 1) + 1e-8 * r**2, group=2)
    assert tiny.verdict == "biased"
    assert any("an epsilon in a denominator leaves" in note for note in tiny.notes)


def test_the_worst_group_has_a_gradient() -> None:
    """Equal rewards have none in any group that leaves one out, whatever is wrong."""
    for loss in (trl, dual_clip):
        group = check_loss(loss, 2, model=SMALL).worst_group
        assert group is not None
        assert any(group.coefficients)


# -- advantages ----------------------------------------------------------------------------------------


def by_dictionary(scores: Any, index: Any, epsilon: float = 1e-6) -> Any:
    groups = defaultdict(list)
    for i in range(len(scores)):
        groups[index[i]].append(scores[i])
    made = []
    for i in range(len(scores)):
        own = groups[index[i]]
        mean = sum(own) / len(own)
        spread = (sum((x - mean) ** 2 for x in own) / (len(own) - 1)) ** 0.5
        made.append((scores[i] - mean) / (spread + epsilon))
    return made


def assigned(r: Any, index: Any) -> Any:
    made = np.zeros_like(r)
    for prompt in np.unique(index):
        own = index == prompt
        made[own] = r[own] - (r[own].sum() - r[own]) / (own.sum() - 1)
    return made


ADVANTAGES: dict[str, tuple[Callable[..., Any], str, int]] = {
    "epsilon": (lambda r, eps=1e-4: (r - r.mean()) / (r.std() + eps), "biased", 1),
    "dictionary": (by_dictionary, "biased", 1), "dictionary, two prompts": (by_dictionary, "biased", 2),
    "assigned": (assigned, "unbiased", 2),
    "rloo by n/(n-1)": (lambda r: (r - r.mean()) * len(r) / (len(r) - 1), "unbiased", 1),
    "loops": (lambda r: np.array([r[i] - np.mean(np.delete(r, i)) for i in range(len(r))]), "unbiased", 1),
    "median": (lambda r: r - np.median(r), "proportional", 1),
    "clipped": (lambda r: np.clip(r - r.mean(), -1, 1), "biased", 1),
    "min-max": (lambda r: (r - r.min()) / (r.max() - r.min() + 1e-8), "biased", 1),
    "winner": (lambda r: np.where(r == r.max(), 1.0, -1.0), "biased", 1),
    "above the mean": (lambda r: (r > r.mean()).astype(float), "biased", 1),
    "squares": (lambda r: r**2 - (r**2).mean(), "biased", 1), "sign": (lambda r: np.sign(r - r.mean()), "biased", 1),
    "constant": (lambda r: np.array([1.0] * len(r)), "zero mean", 1),
    "moving": (lambda r: r - (0.45 + 0.1 * r.mean()), "proportional", 1),
    "guarded": (lambda r: (r - r.mean()) / (r.std() if r.std() != 0 else 1), "biased", 1),
}


@pytest.mark.parametrize("name", ADVANTAGES)
def test_a_pasted_advantage(name: str) -> None:
    """At G = 2, where the median is the mean; the direction and size by brute force at three policies."""
    function, verdict, prompts = ADVANTAGES[name]
    result = check_advantage(function, group=2, prompts=prompts)
    assert (result.verdict, result.exact) == (verdict, True), result.notes
    more = {"index": np.repeat(np.arange(prompts), 2)} if len(parameters(function)[0]) > 1 else {}
    apart = []
    for seed in range(3):
        policies = random_policies(seed, prompts, 3)
        mean, wanted = mean_gradient(function, (0, 1, 3), 2, policies, **more), gradient_of_return((0, 1, 3), policies)
        factor = float(np.vdot(mean, wanted) / np.vdot(wanted, wanted))
        apart.append((float(np.linalg.norm(mean - factor * wanted)), factor))
    if verdict == "zero mean":
        assert all(abs(factor) < 1e-12 for _, factor in apart)
    elif verdict == "biased":
        assert max(residual for residual, _ in apart) > 1e-6
    else:
        assert result.factor is not None
        assert all(residual < 1e-12 and factor == pytest.approx(result.factor.value) for residual, factor in apart)
