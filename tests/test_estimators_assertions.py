"""The assertions for pytest: each passes, fails, and says in its message what would mend it only if that does."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from derive.errors import BadInput
from derive.estimators import (
    TabularLM,
    assert_defined,
    assert_mask_respected,
    assert_pinned,
    assert_proportional,
    assert_same_direction,
    assert_split_invariant,
    assert_targets,
    assert_unbiased,
)
from derive.estimators.mends import LEFT_OUT, NEGATED, OF_RESPONSES, OF_THE_BATCH


def leave_one_out(r: Any) -> Any:
    return r - (r.sum() - r) / (len(r) - 1)


def centred(r: Any) -> Any:
    return r - r.mean()


def standardised(r: Any) -> Any:
    return np.where(r.std() > 0, (r - r.mean()) / r.std(), 0)


def undefined(r: Any) -> Any:
    return (r - r.mean()) / r.std()


def backwards(r: Any) -> Any:
    return r.mean() - r


def message(check: Callable[[], Any]) -> str:
    with pytest.raises(AssertionError) as caught:
        check()
    return str(caught.value)


def test_each_passes() -> None:
    assert_unbiased(leave_one_out, group=(2, 3))
    assert_proportional(centred, group=(2, 3), factor=lambda size: (size - 1) / size)
    assert_proportional(centred, Fraction(2, 3), group=3)
    assert_proportional(leave_one_out, group=3)
    assert_same_direction(standardised, rewards=(0, 1), group=4)
    assert_defined(standardised, group=3)
    assert_pinned(standardised, "biased", group=3)
    assert_pinned(centred, "proportional", factor=lambda size: 1 - 1 / size, group=(2, 3))
    assert_targets(lambda r: 2 * r * (1 - (r.sum() - r)), "pass@2", rewards=(0, 1), group=2)


@pytest.mark.parametrize("check", [
    lambda: assert_unbiased(centred, group=3), lambda: assert_unbiased(standardised, group=3),
    lambda: assert_proportional(standardised, group=3), lambda: assert_proportional(centred, 1, group=3),
    lambda: assert_proportional(standardised, rewards=(0, 1), group=4), lambda: assert_proportional(backwards, group=3),
    lambda: assert_same_direction(standardised, group=3), lambda: assert_same_direction(backwards, group=3),
    lambda: assert_defined(undefined, group=3), lambda: assert_unbiased(undefined, group=3),
    lambda: assert_pinned(leave_one_out, "biased", group=3), lambda: assert_pinned(standardised, "unbiased", group=3),
    lambda: assert_pinned(centred, "proportional", factor=1, group=3),
    lambda: assert_pinned(standardised, "biased", relative_bias=0.1, group=3),
    lambda: assert_targets(leave_one_out, "pass@2", group=3),
])
def test_each_fails(check: Callable[[], Any]) -> None:
    assert message(check)


def test_a_pinned_bias_is_pinned_by_its_size() -> None:
    result = assert_pinned(standardised, "biased", group=3)
    assert_pinned(standardised, "biased", relative_bias=result.relative_bias, group=3)


def test_the_message_is_in_a_trainers_words() -> None:
    text = message(lambda: assert_unbiased(standardised, group=3))
    assert text.startswith("standardised is not unbiased: biased")
    assert text.count("standardised") == 1
    assert "effective reward" in text
    assert "worst group: rewards" in text
    assert "what would mend it: leave one out" in text
    text = message(lambda: assert_unbiased(centred, group=4))
    assert "what would mend it: divide by the constant 3/4" in text
    assert "with probability 1/6" in message(lambda: assert_defined(undefined, group=3))


def test_a_mend_is_proposed_only_if_it_mends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the gallery's leave-one-out estimator is a biased one. Nothing may be proposed then."""
    from dataclasses import replace

    from derive.estimators import mends

    honest = mends.entry_of
    monkeypatch.setattr(mends, "entry_of", lambda name: replace(honest(name), function=standardised))
    assert "what would mend it" not in message(lambda: assert_unbiased(standardised, group=3))


# -- losses -----------------------------------------------------------------------------------------

def reinforce(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return -(log_probs * rewards[:, None] * mask).sum(-1).mean()


def token_mean(log_probs: Any, advantages: Any, mask: Any) -> Any:
    return -(log_probs * advantages[:, None] * mask).sum() / mask.sum()


def token_ratio(log_probs: Any, old_log_probs: Any, advantages: Any, mask: Any) -> Any:
    return -((log_probs - old_log_probs).exp() * advantages[:, None] * mask).sum(-1).mean()


def k2(log_probs: Any, ref_log_probs: Any, mask: Any) -> Any:
    return ((log_probs - ref_log_probs) ** 2 / 2 * mask).sum(-1).mean()


def unmasked(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return -(log_probs * rewards[:, None]).sum(-1).mean()


SMALL = TabularLM(vocab=2, length=2, rewards=(1, 0, 3), seed=1)


def test_assertions_about_losses() -> None:
    pytest.importorskip("torch")
    assert_unbiased(reinforce, group=2)
    assert_targets(k2, "KL per token", group=2, model=SMALL)
    assert_mask_respected(reinforce, group=2, model=SMALL)
    assert_unbiased(token_ratio, group=2, model=SMALL)
    assert_proportional(lambda log_probs, rewards, mask: reinforce(log_probs, rewards, mask) / 2, 0.5, group=2,
                        model=SMALL)
    assert "padding" in message(lambda: assert_mask_respected(unmasked, group=2, model=SMALL))
    with pytest.raises(BadInput, match="only a loss has a mask"):
        assert_mask_respected(centred, group=2)


def test_mends_of_losses() -> None:
    pytest.importorskip("torch")
    text = message(lambda: assert_targets(k2, "KL(pi|ref)", group=2, model=SMALL))
    assert "what would mend it: take log-probabilities of the sequence" in text
    assert "k2-sequence in the gallery" in text
    text = message(lambda: assert_unbiased(token_ratio, group=2, model=SMALL, off_policy=True))
    assert "what would mend it: take log-probabilities of the sequence" in text
    text = message(lambda: assert_unbiased(token_mean, group=2, model=SMALL))
    assert "of the sequence" not in text
    assert f"what would mend it: {OF_THE_BATCH}" in text
    assert "gallery" not in text  # another loss is no news where this one can be mended


def negated(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return -reinforce(log_probs, rewards, mask)


def negated_twice(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return -2 * reinforce(log_probs, rewards, mask)


def of_the_whole_batch(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return reinforce(log_probs, rewards - rewards.mean(), mask)


def summed(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return reinforce(log_probs, rewards, mask) * mask.shape[0]


def summed_of_the_whole_batch(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return summed(log_probs, rewards - rewards.mean(), mask)


@pytest.mark.parametrize(("loss", "said"), [
    (negated, NEGATED), (negated_twice, "divide by the constant -2: its sign is the opposite one"),
    (of_the_whole_batch, LEFT_OUT), (summed, OF_RESPONSES),
    pytest.param(summed_of_the_whole_batch, "take another loss: ", marks=pytest.mark.slow)])
def test_a_loss_is_mended_where_it_is_wrong(loss: Callable[..., Any], said: str) -> None:
    """At sizes that differ: a number of responses, or of prompts, is then no constant."""
    pytest.importorskip("torch")
    text = message(lambda: assert_unbiased(loss, group=3 if "negated" in loss.__name__ else (2, 3), model=SMALL))
    (mend,) = [line for line in text.splitlines() if line.startswith("what would mend it")]
    assert mend.startswith(f"what would mend it: {said}")
    assert "learning rate" not in text


def cispo_not_detached(log_probs: Any, old_log_probs: Any, advantages: Any, mask: Any) -> Any:
    ratio = (log_probs - old_log_probs).exp().clamp(max=1.2)
    loss = -ratio * advantages[:, None] * log_probs
    return (loss * mask).sum(-1).mean()


def cispo(log_probs: Any, old_log_probs: Any, advantages: Any, mask: Any) -> Any:
    ratio = (log_probs - old_log_probs).exp().clamp(max=1.2).detach()
    return (-ratio * advantages[:, None] * log_probs * mask).sum(-1).mean()


def kl_in_the_reward(log_probs: Any, ref_log_probs: Any, rewards: Any, mask: Any) -> Any:
    penalty = ((log_probs - ref_log_probs) * mask).sum(-1)
    return -((log_probs * mask).sum(-1) * (rewards - penalty / 10)).mean()


def with_a_penalty(log_probs: Any, ref_log_probs: Any, advantages: Any, mask: Any) -> Any:
    difference = ref_log_probs - log_probs
    return ((-log_probs * advantages[:, None] + 0.1 * (difference.exp() - 1 - difference)) * mask).sum(-1).mean()


def test_what_should_be_detached_is_found_and_printed_as_it_stands_in_the_source() -> None:
    pytest.importorskip("torch")
    text = message(lambda: assert_unbiased(cispo_not_detached, group=2, model=SMALL))
    assert "what would mend it: detach `-ratio * advantages[:, None]` in line" in text
    text = message(lambda: assert_targets(kl_in_the_reward, "J-kl", group=2, model=SMALL))
    assert "what would mend it: detach `rewards - penalty / 10` in line" in text
    assert_unbiased(cispo, group=2, model=SMALL)


def test_detach_is_proposed_only_where_it_mends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A penalty that is detached is only dropped; a mean over tokens is not mended; a planted change is not either."""
    pytest.importorskip("torch")
    from derive.estimators import detaching

    assert "detach `" not in message(lambda: assert_unbiased(with_a_penalty, group=2, model=SMALL))
    assert "detach `" not in message(lambda: assert_unbiased(token_mean, group=2, model=SMALL))
    assert "detach `" not in message(lambda: assert_unbiased(token_ratio, group=2, model=SMALL, off_policy=True))
    honest = detaching.detached
    monkeypatch.setattr(detaching, "detached", lambda loss, place, change=lambda x: x * 2: honest(loss, place, change))
    assert "detach `" not in message(lambda: assert_unbiased(cispo_not_detached, group=2, model=SMALL))


def test_a_loss_that_knows_its_group_size_is_mended_at_it() -> None:
    pytest.importorskip("torch")

    def of_three(log_probs: Any, old_log_probs: Any, rewards: Any, mask: Any) -> Any:
        r = rewards.view(-1, 3)
        a = (r - (r.sum(1, keepdim=True) - r) / 2).view(-1, 1)
        ratio = (log_probs - old_log_probs).exp()
        return -(ratio * a * log_probs * mask).sum(-1).mean()

    text = message(lambda: assert_unbiased(of_three, group=3, model=SMALL))
    assert "what would mend it: detach `ratio * a` in line" in text
    assert "fails" not in text


def test_a_mean_over_tokens_depends_on_the_split() -> None:
    pytest.importorskip("torch")
    assert assert_split_invariant(reinforce, group=2) < 1e-12
    assert assert_split_invariant(token_ratio, parts=4) < 1e-12
    text = message(lambda: assert_split_invariant(token_mean, group=2))
    assert "token_mean depends on how a batch is split" in text
    with pytest.raises(BadInput, match="not possible"):
        assert_split_invariant(reinforce, parts=3)
