"""Facts that were measured on trainers or derived by hand, with their exact values where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np
import pytest

from derive.estimators import TabularLM, check_advantage
from derive.estimators.gallery import entry_of

THIRD = Fraction(1, 3)


def function(name: str) -> Callable[..., Any]:
    return entry_of(name).function


@pytest.mark.parametrize(("name", "rewards", "group", "factor"), [
    ("grpo-population", (0, 1), 2, "1"), ("grpo-population", (0, 1), 3, "√2"), ("grpo", (0, 1), 2, "1/2·√2"),
    ("grpo", (0, 1), 3, "2/3·√3"), ("sum-over-others", (0, 1, 3), 3, "1/2"), ("sum-over-others", (0, 1, 3), 4, "2/3"),
    ("others-over-group", (0, 1, 3), 4, "1"), ("gpg", (1, 2, 4), 4, "3/4"), ("centred", (0, 1, 3), 8, "7/8"),
])
def test_constant_factors(name: str, rewards: tuple[int, ...], group: int, factor: str) -> None:
    """(r - mean)/std, binary: 1 and √2 with the population std, 1/√2 and 2/√3 with the other; (G-2)/(G-1)."""
    result = check_advantage(function(name), rewards, group)
    assert (str(result.factor), result.kind, result.exact) == (factor, "constant", True)


def test_binary_rewards_have_a_factor_of_the_success_rate_from_four_on() -> None:
    """c_4 = √3 + (3 - 2 √3) p (1-p) with the population std, by hand over the number of successes; here at p = 1/3.

    Exactly one success of 4 has A = √3 for it, and so on: E[A | success] - E[A | failure].
    """
    result = check_advantage(function("grpo-population"), (0, 1), 4)
    assert (result.verdict, result.kind) == ("proportional", "model-dependent")
    failure, success = (row.effective for row in result.effective_reward)
    p = 1 / 3
    assert success - failure == pytest.approx(sqrt(3) + (3 - 2 * sqrt(3)) * p * (1 - p))


@pytest.mark.parametrize("rewards", [(0, 1, 3), (0, 1, 2), (1, 2, 4)])
def test_three_rewards_are_biased_from_two_samples_on(rewards: tuple[int, ...]) -> None:
    """With the population std and G = 2 the advantage is the sign of r_i - r_j: H = P(r < r_a) - P(r > r_a).

    H is affine in r iff (p0+p1)(r2-r1) = (p1+p2)(r1-r0), which some policies fulfil and most do not.
    """
    result = check_advantage(function("grpo-population"), rewards, 2)
    assert result.verdict == "biased"
    law = (1 / 2, 1 / 3, 1 / 6)
    effective = [sum(law[:place]) - sum(law[place + 1:]) for place in range(3)]
    mean = sum(p * value for p, value in zip(law, effective, strict=True))
    assert [row.effective for row in result.effective_reward] == pytest.approx([one - mean for one in effective])


@pytest.mark.parametrize("group", [2, 3, 4])
def test_the_best_against_the_second_is_the_gradient_of_pass_at_g(group: int) -> None:
    """Binary: only a single success has A = 1/std = √G. H = √G (1-p)^(G-1), and pass@G has G (1-p)^(G-1)."""
    result = check_advantage(function("grpo-passk"), (0, 1), group, target=f"pass@{group}")
    assert (result.verdict, result.kind) == ("proportional", "constant")
    assert result.factor is not None
    assert result.factor.value == pytest.approx(1 / sqrt(group))


def test_a_baseline_of_lengths_is_fooled_by_few_responses() -> None:
    """The length-weighted mean of all, by hand at G = 2: H(a) = Σ_b p_b L_b (r_a - r_b)/(L_a + L_b)."""
    rewards, lengths, law = (0, 1, 3), (1, 2, 2), (1 / 2, 1 / 3, 1 / 6)
    result = check_advantage(function("opo"), rewards, 2, lengths=lengths)
    assert result.verdict == "biased"
    effective = [sum(p * other * (own - reward) / (length + other)
                     for p, other, reward in zip(law, lengths, rewards, strict=True))
                 for own, length in zip(rewards, lengths, strict=True)]
    differences = np.diff([row.effective for row in result.effective_reward])
    assert differences == pytest.approx(np.diff(effective))


# -- losses --------------------------------------------------------------------------------------------

def near(model: TabularLM, weight: Fraction) -> TabularLM:
    """The model with its old policy at a distance: (1 - weight) pi + weight another one."""
    pi, other = model.policy("pi"), model.away("old").policy("old")
    return replace(model, old=tuple(tuple(tuple(
        (1 - weight) * p + weight * q for p, q in zip(row, far, strict=True))
        for row, far in zip(one, two, strict=True)) for one, two in zip(pi, other, strict=True)))


MODEL = TabularLM(vocab=2, length=2, rewards=(1, 0, 3), seed=1)


def test_token_ratios_are_right_to_first_order() -> None:
    """Their bias falls linearly in the distance; ratios of sequences have none at any."""
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    biases = []
    for weight in (Fraction(1, 10), Fraction(1, 100), Fraction(1, 1000)):
        model = near(MODEL, weight)
        assert check_loss(function("sequence-ratio-off"), 2, model=model).verdict == "unbiased"
        result = check_loss(function("token-ratio-off"), 2, model=model)
        assert result.verdict == "biased"
        biases.append(result.relative_bias or 0.0)
    assert biases[0] / biases[1] == pytest.approx(10, rel=0.25)
    assert biases[1] / biases[2] == pytest.approx(10, rel=0.05)


def test_a_clip_that_does_not_bind_does_nothing() -> None:
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    def clipped(log_probs: Any, old_log_probs: Any, advantages: Any, mask: Any) -> Any:
        ratio = ((log_probs - old_log_probs) * mask).sum(-1).exp()
        return -(ratio * advantages).minimum(ratio.clamp(0.8, 1.2) * advantages).mean()

    assert check_loss(clipped, 2, model=near(MODEL, Fraction(1, 100))).verdict == "unbiased"
    assert check_loss(clipped, 2, model=near(MODEL, Fraction(1))).verdict == "biased"


@pytest.mark.deep
def test_self_normalised_ratios_have_a_bias_that_falls_like_one_over_g() -> None:
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    model = near(MODEL, Fraction(1, 5))
    found = [check_loss(function("self-normalised-off"), group, model=model, exact=False) for group in (4, 8, 16)]
    assert {result.verdict for result in found} == {"biased"}
    biases = [result.relative_bias or 0.0 for result in found]
    assert biases[0] / biases[1] == pytest.approx(2, rel=0.15)
    assert biases[1] / biases[2] == pytest.approx(2, rel=0.1)


def test_a_mean_over_each_response_spoils_the_corrected_kl() -> None:
    """k3 times the token ratio descends the KL per token; divided by the length of each response, neither KL."""
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    def corrected(log_probs: Any, old_log_probs: Any, ref_log_probs: Any, mask: Any) -> Any:
        d = (log_probs - ref_log_probs) * mask
        k3 = ((-d).exp() - 1 + d) * (log_probs - old_log_probs).exp()
        return ((k3 * mask).sum(-1) / mask.sum(-1)).mean()

    for target in ("kl:token", "kl:pi,ref"):
        assert check_loss(corrected, 2, target, model=MODEL).verdict == "biased"
    assert check_loss(function("k3-token-ratio-off"), 2, "kl:token", model=MODEL).verdict == "unbiased"


def test_corrections_of_a_mismatch_between_rollout_and_training() -> None:
    """Only the whole product of ratios, not cut off, is unbiased; what is masked or capped is biased."""
    torch = pytest.importorskip("torch")
    from derive.estimators import check_loss

    def of(weight: Callable[[Any], Any]) -> Callable[..., Any]:
        def loss(log_probs: Any, rollout_log_probs: Any, advantages: Any, mask: Any) -> Any:
            w = weight((log_probs - rollout_log_probs) * mask).detach()
            return -(w * advantages[:, None] * log_probs * mask).sum(-1).mean()

        return loss

    def whole(d: Any) -> Any:
        return d.sum(-1, keepdim=True).exp()

    weights: dict[str, tuple[Callable[[Any], Any], str]] = {
        "none": (lambda d: d * 0 + 1, "biased"), "token": (lambda d: d.exp(), "biased"),
        "prefix": (lambda d: d.cumsum(-1).exp(), "biased"), "sequence": (whole, "unbiased"),
        "token cap": (lambda d: d.exp().clamp(max=1.25), "biased"),
        "sequence cap": (lambda d: whole(d).clamp(max=1.25), "biased"),
        "sequence mask": (lambda d: torch.where(whole(d) < 2, whole(d), torch.zeros_like(whole(d))), "biased"),
    }
    for name, (weight, verdict) in weights.items():
        result = check_loss(of(weight), 2, model=MODEL, off_policy=True)
        assert (result.verdict, result.exact) == (verdict, True), name


def test_a_mean_over_tokens_in_the_smallest_case() -> None:
    """π = 1/2 and 1/3 for ending, rewards 0, 1, 3: ∇J = (7/12, 2/9) and RLOO with a token mean (7/18, 7/54) at G = 2.

    Measured through the code of verl (recipe, section 4). ∇J by hand: 1/2·1/2 (7/3 - 0) and 1/2·1/3·2/3 (3 - 1).
    """
    pytest.importorskip("torch")
    from derive.estimators import enumeration, field, targets
    from derive.estimators.provenance import Ledger

    half, third = Fraction(1, 2), Fraction(1, 3)
    model = TabularLM(vocab=2, length=2, rewards=(0, 1, 3), pi=(((half, half), (third, 1 - third)),))

    def token_mean(log_probs: Any, advantages: Any, mask: Any) -> Any:
        return -(log_probs * advantages[:, None] * mask).sum() / mask.sum()

    case = enumeration.Case(token_mean, model, 2, "old", "sequence")
    mean, wanted = (targets.in_logits(model, table)[0] for table in (
        enumeration.in_exact_numbers(enumeration.in_floats(case), Ledger()),
        targets.table("J", model, model.policy("old"), half)))
    for row, (first, second) in ((mean, ("7/18", "7/54")), (wanted, ("7/12", "2/9"))):
        assert [field.text(entry) for entry in row] == [f"-{first}", first, f"-{second}", second]
