"""The facts that were measured before this program was, line by line: verdict, relative bias, cosine, factor.

The models are those of the measurements: logits and rewards drawn by torch with a seed, the probabilities rounded to
millionths here, so that they are fractions. The figures are those of another program (loops over multisets and autograd
through the logits). Of three lines the model was not written down, and was found again by its figures among those that
the seeds give; of TRL's RLOO trainer away from the old policy (.81) it was not, and the verdict alone is held.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import sqrt
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import trainer_stand_ins as stand_ins  # noqa: E402

from derive.estimators import TabularLM, check_advantage, check_loss, enumeration, field, targets  # noqa: E402
from derive.estimators.gallery import entry_of  # noqa: E402
from derive.estimators.provenance import Ledger  # noqa: E402
from derive.estimators.trainers import leave_one_out, trl, verl  # noqa: E402
from derive.language.models import Model, Shape  # noqa: E402

Tensor = Any
HALF = Fraction(1, 2)


def fractions(logits: Tensor) -> tuple[tuple[Fraction, ...], ...]:
    rows = []
    for row in torch.softmax(logits, -1).tolist():
        first = [Fraction(round(p * 10**6), 10**6) for p in row[:-1]]
        rows.append((*first, 1 - sum(first)))
    return tuple(rows)


@cache
def drawn(vocab: int, seed: int, rewards: tuple[int, ...] | None = None, *, prompts: int = 1,
          old: tuple[float, int] | None = None, rollout: tuple[float, int] | None = None) -> TabularLM:
    """The model of a seed, at most two tokens; ``old`` (h, seed) moves its old policy by h in a random direction.

    ``rollout`` does so with the policy that samples.
    """
    places, responses = 1 + (vocab - 1), vocab + (vocab - 1) * (vocab - 1)
    numbers = torch.Generator().manual_seed(seed)
    theta, ref = (torch.randn(prompts, places, vocab, generator=numbers, dtype=torch.float64) for _ in range(2))
    values = torch.randn(prompts, responses, generator=numbers, dtype=torch.float64).tolist()
    made: Any = rewards or tuple(tuple(Fraction(round(10**6 * one), 10**6) for one in row) for row in values)

    def moved(by: tuple[float, int] | None) -> Any:
        if by is None:
            return None
        direction = torch.randn(theta.shape, generator=torch.Generator().manual_seed(by[1]), dtype=torch.float64)
        return tuple(map(fractions, theta + by[0] * direction))

    return TabularLM(vocab=vocab, length=2, prompts=prompts, rewards=made, pi=tuple(map(fractions, theta)),
                     ref=tuple(map(fractions, ref)), old=moved(old), rollout=moved(rollout))


# -- losses as the code of trainers has them -----------------------------------------------------------


def reduced(x: Tensor, mask: Tensor, how: str) -> Tensor:
    if how == "tokens":
        return (x * mask).sum() / mask.sum()
    return ((x * mask).sum(-1) / (mask.sum(-1) if how == "mean" else 1)).mean()


def rloo(how: str = "sum") -> Callable[..., Tensor]:
    return lambda log_probs, rewards, mask: reduced(-log_probs * others(rewards)[:, None], mask, how)


def others(r: Tensor) -> Tensor:
    return r - (r.sum() - r) / (len(r) - 1)


def standardised(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    spread = rewards.std()
    a = torch.where(spread > 0, (rewards - rewards.mean()) / spread, rewards * 0)
    return reduced(-log_probs * a[:, None], mask, "sum")


def opo(log_probs: Tensor, rewards: Tensor, mask: Tensor, lengths: Tensor) -> Tensor:
    return reduced(-log_probs * (rewards - (lengths * rewards).sum() / lengths.sum())[:, None], mask, "sum")


def opo_of_the_others(log_probs: Tensor, rewards: Tensor, mask: Tensor, lengths: Tensor) -> Tensor:
    weighted = lengths * rewards
    baseline = (weighted.sum() - weighted) / (lengths.sum() - lengths)
    return reduced(-log_probs * (rewards - baseline)[:, None], mask, "sum")


def clipped(how: str = "token", clip: float | None = 0.2) -> Callable[..., Tensor]:
    def loss(log_probs: Tensor, old_log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
        d, a = (log_probs - old_log_probs) * mask, others(rewards)[:, None]
        if how == "sequence":
            d, mask = d.sum(-1, keepdim=True), mask[:, :1]
        ratio = d.exp()
        x = ratio * a if clip is None else torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a)
        return reduced(-x, mask, "sum")

    return loss


def penalty(number: int, *, sequence: bool = False, ratio: bool = False, how: str = "sum") -> Callable[..., Tensor]:
    def loss(log_probs: Tensor, old_log_probs: Tensor, ref_log_probs: Tensor, mask: Tensor) -> Tensor:
        p, old, ref = log_probs * mask, old_log_probs * mask, ref_log_probs * mask
        if sequence:
            p, old, ref, mask = (*(x.sum(-1, keepdim=True) for x in (p, old, ref)), mask[:, :1])
        x = (p - ref, (p - ref) ** 2 / 2, (ref - p).exp() - 1 - (ref - p))[number - 1]
        return reduced(x * (p - old).exp() if ratio else x, mask, how)

    return loss


def in_reward(number: int, *, to_go: bool = False) -> Callable[..., Tensor]:
    def loss(log_probs: Tensor, ref_log_probs: Tensor, mask: Tensor) -> Tensor:
        d = ((log_probs - ref_log_probs) * mask).detach()
        x = (d, d**2 / 2, (-d).exp() - 1 + d)[number - 1]
        total = x.sum(-1, keepdim=True) - x.cumsum(-1) + x if to_go else x.sum(-1, keepdim=True)
        return reduced(total * log_probs, mask, "sum")

    return loss


def corrected(weight: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """RLOO of samples of another policy; ``weight`` makes the correction of the log-ratios of the tokens."""
    def loss(log_probs: Tensor, rollout_log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
        d = ((log_probs - rollout_log_probs) * mask).detach()
        return reduced(-weight(d) * others(rewards)[:, None] * log_probs, mask, "sum")

    return loss


def self_normalised(log_probs: Tensor, rollout_log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    ratio = ((log_probs - rollout_log_probs) * mask).detach().sum(-1).exp()
    return -(ratio / ratio.sum() * rewards * (log_probs * mask).sum(-1)).sum()


def plus_plus(*, baseline: bool) -> Callable[..., Tensor]:
    """Rewards, or these minus the mean of their prompt, whitened over the tokens of the batch (as verl does)."""
    def loss(log_probs: Tensor, rewards: Tensor, mask: Tensor, group_size: int) -> Tensor:
        r = rewards.view(-1, group_size)
        a = ((r - r.mean(1, keepdim=True)).view(-1) if baseline else rewards)[:, None] * mask
        count = mask.sum()
        centred = (a - a.sum() / count) * mask
        return reduced(-log_probs * centred * ((centred**2).sum() / (count - 1) + 1e-8).rsqrt(), mask, "sum")

    return loss


def of_sequence(d: Tensor) -> Tensor:
    return d.sum(-1, keepdim=True).exp()


@dataclass(frozen=True)
class Line:
    """One line of the table: what is asked, and what was measured."""

    what: str
    loss: Callable[..., Tensor]
    model: TabularLM
    verdict: str
    bias: float | None = None
    cosine: float | None = None
    group: int = 2
    target: str = "J"
    noise: float | None = None
    """std / |gradient of the target|."""


SMALL, THREE, SEVEN, OTHER = drawn(2, 1), drawn(2, 1, (0, 1, 3)), drawn(3, 1), drawn(3, 2)
AWAY = drawn(3, 1, old=(0.5, 5))
MISMATCH = drawn(3, 4, rollout=(1.0, 5))
"""Not written down; of 99 models of such seeds with .36 for no correction, this is the one with .27, .27 and .11."""
NEAR = drawn(2, 4, rollout=(0.3, 5))
"""Not written down either: the one with .70, .33 and .16 at G = 2, 4, 8."""
TWO = drawn(2, 5, prompts=2)
KL, OTHER_KL, TOKENS, OTHER_TOKENS = "kl:pi,ref", "kl:ref,pi", "kl:token", "kl:token:ref,pi"


def off(h: float) -> TabularLM:
    return drawn(3, 2, old=(h, 9))


LINES = [
    Line("RLOO, token mean", rloo("tokens"), SMALL, "biased", 0.31, 0.9997, group=4),
    Line("RLOO, sequence mean", rloo("mean"), SMALL, "biased", 0.348, 0.9927, group=4),
    Line("opo", opo, SMALL, "biased", 0.279, 0.9994, group=4),
    Line("opo, leave one out", opo_of_the_others, SMALL, "unbiased", group=2),
    Line("opo, leave one out, G = 4", opo_of_the_others, SMALL, "unbiased", group=4),
    Line("clipped token ratios at theta_old", clipped(), OTHER, "unbiased", noise=2.983),
    Line("GSPO summed at theta_old", entry_of("gspo-summed").function, OTHER, "unbiased", noise=2.983),
    Line("GSPO mean at theta_old", entry_of("gspo").function, OTHER, "biased", 0.416, 0.97906),
    Line("CISPO at theta_old", entry_of("cispo").function, OTHER, "unbiased", noise=2.983),
    Line("token ratios, h = 1", clipped(clip=None), off(1.0), "biased", 0.7629, 0.744661),
    Line("token ratios, h = .1", clipped(clip=None), off(0.1), "biased", 0.07383, 0.997424),
    Line("token ratios, h = .01", clipped(clip=None), off(0.01), "biased", 0.007214, 0.999977),
    Line("token ratios, h = .001", clipped(clip=None), off(0.001), "biased", 0.0007196),
    Line("clipped, h = 1", clipped(), off(1.0), "biased", 0.9417, 0.637729),
    Line("clipped, h = .1: no clip binds", clipped(), off(0.1), "biased", 0.07383, 0.997424),
    Line("sequence ratios, h = 1", clipped("sequence", None), off(1.0), "unbiased", noise=4.287),
    Line("sequence ratios, h = .01", clipped("sequence", None), off(0.01), "unbiased", noise=2.983),
    Line("k1 in the loss", penalty(1, sequence=True), SEVEN, "zero mean", target=KL, noise=3.240),
    Line("k2 in the loss, sequence", penalty(2, sequence=True), SEVEN, "unbiased", target=KL, noise=2.653),
    Line("k3 in the loss, sequence", penalty(3, sequence=True), SEVEN, "unbiased", target=OTHER_KL, noise=3.408),
    Line("k3 in the loss, sequence, KL(pi, ref)", penalty(3, sequence=True), SEVEN, "biased", 1.23, 0.91049, target=KL),
    Line("k2 in the loss, sequence, KL(ref, pi)", penalty(2, sequence=True), SEVEN, "biased", 0.594, 0.91049,
         target=OTHER_KL),
    Line("k2 per token, per position", penalty(2), SEVEN, "unbiased", target=TOKENS),
    Line("k2 per token", penalty(2), SEVEN, "biased", 0.562, 0.93990, target=KL),
    Line("k3 per token", penalty(3), SEVEN, "biased", 0.834, 0.94118, target=KL),
    Line("k3 per token, per position, KL(ref, pi)", penalty(3), SEVEN, "unbiased", target=OTHER_TOKENS),
    Line("k1 x token ratio, per position", penalty(1, ratio=True), SEVEN, "unbiased", target=TOKENS),
    Line("k3 x token ratio, per position", penalty(3, ratio=True), SEVEN, "unbiased", target=TOKENS),
    Line("k1 x token ratio", penalty(1, ratio=True), SEVEN, "biased", 0.562, 0.93990, target=KL, noise=3.558),
    Line("k1 x token ratio, per position, off policy", penalty(1, ratio=True), AWAY, "unbiased", target=TOKENS),
    Line("k3 x token ratio, per position, off policy", penalty(3, ratio=True), AWAY, "unbiased", target=TOKENS),
    Line("k1 x token ratio, off policy", penalty(1, ratio=True), AWAY, "biased", 0.562, 0.93745, target=KL),
    Line("k3 x token ratio, off policy", penalty(3, ratio=True), AWAY, "biased", 0.562, 0.93745, target=KL),
    Line("k3 x token ratio, sequence mean, per position", penalty(3, ratio=True, how="mean"), SEVEN, "biased", 0.43,
         target=TOKENS),
    Line("k3 x token ratio, sequence mean", penalty(3, ratio=True, how="mean"), SEVEN, "biased", 0.585, target=KL),
    Line("k3 x token ratio, sequence mean, off policy", penalty(3, ratio=True, how="mean"), AWAY, "biased", 0.59,
         target=KL),
    *(Line(f"GRPO with std, G = {group}", standardised, SMALL, "biased", cosine=cosine, group=group)
      for group, cosine in ((2, 0.9526), (3, 0.9651), (4, 0.9666))),
    Line("k1 x sequence ratio, off policy", penalty(1, sequence=True, ratio=True), AWAY, "unbiased", target=KL,
         noise=5.010),
    Line("k3 x sequence ratio, off policy", penalty(3, sequence=True, ratio=True), AWAY, "unbiased", target=KL,
         noise=3.053),
    Line("k2 x sequence ratio, off policy", penalty(2, sequence=True, ratio=True), AWAY, "biased", 0.570, 0.825,
         target=KL),
    Line("k1 in the reward", in_reward(1), SEVEN, "unbiased", target=KL, noise=2.653),
    Line("k1 in the reward, to go", in_reward(1, to_go=True), SEVEN, "unbiased", target=KL, noise=2.347),
    Line("k2 in the reward", in_reward(2), SEVEN, "biased", 1.55, -0.61484, target=KL),
    Line("k3 in the reward", in_reward(3), SEVEN, "biased", 1.70, -0.72371, target=KL),
    Line("mismatch, nothing done", corrected(torch.ones_like), MISMATCH, "biased", 0.36),
    Line("mismatch, ratios of tokens", corrected(torch.exp), MISMATCH, "biased", 0.2715),
    Line("mismatch, ratios of prefixes", corrected(lambda d: d.cumsum(-1).exp()), MISMATCH, "biased", 0.2715),
    Line("mismatch, ratios of sequences", corrected(of_sequence), MISMATCH, "unbiased"),
    Line("mismatch, of sequences, at most 2", corrected(lambda d: of_sequence(d).clamp(max=2)), MISMATCH, "biased",
         0.11, 0.99945),
    Line("mismatch, of sequences, 0 above 2", corrected(lambda d: of_sequence(d) * (of_sequence(d) <= 2)), MISMATCH,
         "biased", 0.693),
    Line("mismatch, of tokens, at most 2", corrected(lambda d: d.exp().clamp(max=2)), MISMATCH, "biased", 0.292),
    Line("mismatch, of tokens, 0 above 2", corrected(lambda d: d.exp() * (d.exp() <= 2)), MISMATCH, "biased", 0.74),
    *(Line(f"self-normalised ratios, G = {group}", self_normalised, NEAR, "biased", bias, group=group)
      for group, bias in ((2, 0.6994), (4, 0.333), (8, 0.1624))),
    Line("REINFORCE++, two prompts", plus_plus(baseline=False), TWO, "biased", cosine=0.94640),
    Line("REINFORCE++-baseline, two prompts", plus_plus(baseline=True), TWO, "biased", cosine=0.97940),
    Line("RLOO in the same setting", entry_of("token-ratio").function, TWO, "unbiased"),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.what)
def test_a_line(line: Line) -> None:
    found = check_loss(line.loss, line.group, line.target, model=line.model, exact=False)
    assert found.verdict == line.verdict, found
    if line.bias is not None:
        assert found.relative_bias == pytest.approx(line.bias, rel=6e-3)
    if line.cosine is not None:
        assert found.cosine == pytest.approx(line.cosine, abs=6e-5)
    if line.noise is not None:
        row = found.groups[0]
        assert sqrt(row.trace_variance or 0) / (row.target_length or 1) == pytest.approx(line.noise, rel=1e-3)


def test_the_effective_reward_of_grpo() -> None:
    """H = (-.53, .33, 1.04) next to r - J = (-.92, .08, 2.08): one table explains the bias."""
    found = check_loss(standardised, 4, model=THREE, exact=False)
    assert found.verdict == "biased"
    assert [row.wanted for row in found.effective_reward] == pytest.approx([-0.92, 0.08, 2.08], abs=0.006)
    assert [row.effective for row in found.effective_reward] == pytest.approx([-0.53, 0.33, 1.04], abs=0.006)


@pytest.mark.parametrize("group", [2, 3, 4, 6, 8])
def test_rloo_through_verl_is_exact(group: int) -> None:
    """Here through stand-ins of its functions; ``test_estimators_trainers.py`` runs its own where it is installed."""
    loss = verl(stand_ins.verl_vanilla, advantage=stand_ins.verl_rloo, aggregation="seq-mean-token-sum")
    model = TabularLM(vocab=2, length=2, rewards=(1, 0, 3), seed=1)
    found = check_loss(loss, group, model=model, exact=True)
    assert (found.verdict, found.exact) == ("unbiased", True)


@pytest.mark.parametrize(("what", "advantage", "verdict"), [
    ("REINFORCE++", "reinforce++", "biased"), ("REINFORCE++-baseline", "reinforce++-baseline", "biased"),
    ("RLOO in the same setting", "rloo-prompts", "unbiased")])
def test_two_prompts(what: str, advantage: str, verdict: str) -> None:
    found = check_advantage(entry_of(advantage).function, (0, 1, 3), 2, prompts=2)
    assert (found.verdict, found.exact) == (verdict, True)
    assert verdict == "unbiased" or 0.9 < (found.cosine or 0) < 1 - 1e-3


def test_the_clip_of_the_rloo_trainer_counts_once_it_binds() -> None:
    """Ratios of sequences with a clip: nothing at a distance of .05, .81 at 1 (of TRL's; the direction is another)."""
    assert check_loss(clipped("sequence"), 2, model=drawn(3, 2, old=(0.01, 9)), exact=False).verdict == "unbiased"
    far = check_loss(clipped("sequence"), 2, model=off(1.0), exact=False)
    assert (far.verdict, (far.relative_bias or 0) > 0.1) == ("biased", True)


def test_luspo_and_dr_grpo_have_a_factor() -> None:
    """(G-1)/G for the sum over tokens of ratios of sequences; 3/8 = 3/4 x 1/2 for Dr. GRPO at G = 4, two tokens."""
    def luspo(log_probs: Tensor, old_log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
        mean = ((log_probs - old_log_probs) * mask).sum(-1) / mask.sum(-1)
        return -(mean.exp() * (rewards - rewards.mean()) * mask.sum(-1)).mean()

    model = TabularLM(vocab=2, length=2, rewards=(1, 0, 3), seed=1)
    assert [str(check_loss(luspo, group, model=model).factor) for group in (2, 4)] == ["1/2", "3/4"]
    dr_grpo = trl(stand_ins.trl_compute_loss, loss_type="dr_grpo", scale_rewards="none")
    assert str(check_loss(dr_grpo, 4, model=model).factor) == "3/8"
    assert str(check_loss(trl(stand_ins.trl_compute_loss, advantage=leave_one_out, loss_type="dr_grpo"), 4,
                          model=model).factor) == "1/2"


def exact_means(loss: Callable[..., Tensor], model: TabularLM, target: str) -> tuple[list[str], list[str]]:
    case = enumeration.Case(loss, model, 2, "old", None)
    mean = targets.in_logits(model, enumeration.in_exact_numbers(enumeration.in_floats(case), Ledger()))
    wanted = targets.in_logits(model, targets.table(target, model, model.policy("old"), HALF))
    return [field.text(one) for one in mean[0]], [field.text(one) for one in wanted[0]]


def test_gspo_away_from_theta_old_has_square_roots() -> None:
    """π = 1/2 everywhere, rewards 0, 1, 3; by hand a response has the coefficient old(o) √(π(o)/old(o)) r(o).

    old = (1/3, 2/3), then 1/2: (1, 0) and (1, 1) have 1/3 √(3/4) = √3/6 each, so that the first row is ∓√3/3 and
    the second ∓√3/6. With old = (2/3, 1/3) after the first token: 4/9 · 3/4 = 1/3 and 2/9 √(9/8) = √2/6.
    """
    def gspo(log_probs: Tensor, old_log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
        mean = ((log_probs - old_log_probs) * mask).sum(-1) / mask.sum(-1)
        return -(mean.exp() * rewards * mask.sum(-1)).mean()

    third, even = Fraction(1, 3), (HALF, HALF)
    model = TabularLM(vocab=2, length=2, rewards=(0, 1, 3), pi=((even, even),), old=(((third, 1 - third), even),))
    assert exact_means(gspo, model, "J")[0] == ["-1/3·√3", "1/3·√3", "-1/6·√3", "1/6·√3"]
    model = TabularLM(vocab=2, length=2, rewards=(0, 1, 3), pi=((even, even),),
                      old=(((third, 1 - third), (1 - third, third)),))
    assert exact_means(gspo, model, "J")[0] == ["-1/6 - 1/4·√2", "1/6 + 1/4·√2", "1/6 - 1/4·√2", "-1/6 + 1/4·√2"]


def test_the_smallest_case_of_the_kl_of_tokens() -> None:
    """π = 1/2, ref = 1/2 and then (1/4, 3/4); by hand, descended, in the logits of token 0.

    After the first token the KL is log 2 - 1/2 log 3, which that token is moved away from by 1/4 of it; the second
    by 1/2 · 1/4 (log 2 - log 2/3). k2, and k3 times the ratio, have 0 for the first; k3 has 1/8 for 1/8 log 3.
    """
    even = (HALF, HALF)
    model = TabularLM(vocab=2, length=2, rewards=(0, 0, 1), pi=((even, even),),
                      ref=((even, (Fraction(1, 4), Fraction(3, 4))),))
    k2, sequence = exact_means(penalty(2), model, KL)
    assert [k2[0], k2[2]] == ["0", "-1/8·log 3"]
    assert [sequence[0], sequence[2]] == ["1/4·log 2 - 1/8·log 3", "-1/8·log 3"]
    k3, position = exact_means(penalty(3), model, TOKENS)
    assert ([k3[0], k3[2]], [position[0], position[2]]) == (["0", "-1/8"], ["0", "-1/8·log 3"])
    corrected, _ = exact_means(penalty(3, ratio=True), model, TOKENS)
    assert corrected == position


# -- the polynomials ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "group", "factor"), [
    ("grpo-population", 2, "1"), ("grpo-population", 3, "√2"), ("grpo", 2, "1/2·√2"), ("grpo", 3, "2/3·√3"),
    ("grpo-population", 4, "√3 + (3 - 2·√3) p + (-3 + 2·√3) p^2"),
    ("grpo", 4, "3/2 + (-3 + 3/2·√3) p + (3 - 3/2·√3) p^2"),
    ("grpo-population", 5, "2 + (-6 + 2·√6) p + (6 - 2·√6) p^2"),
])
def test_factors_of_two_rewards(name: str, group: int, factor: str) -> None:
    """c_G(p), p the probability of success: from G = 4 on it depends on it (measured as a polynomial)."""
    assert str(check_advantage(entry_of(name).function, (0, 1), group).factor) == factor


@pytest.mark.parametrize(("name", "rewards", "lengths", "curl"), [
    ("grpo-population", (0, 1, 2), None, True), ("grpo-population", (0, 1, 3), None, True),
    ("grpo-population", (0, 1), None, False), ("opo", (0, 1, 2), (1, 2, 2), False)])
def test_no_objective(name: str, rewards: tuple[int, ...], lengths: tuple[int, ...] | None, curl: bool) -> None:
    found = check_advantage(entry_of(name).function, rewards, 2, lengths=lengths)
    assert found.curl == ("E[g] is the gradient of no objective" if curl else "E[g] is the gradient of an objective")


def test_equal_policies_hide_the_bias_of_grpo() -> None:
    """Rewards 0, 1, 2 and π = 1/3 each: factors 2/3, .90070, 1.00447 at G = 2, 3, 4, by symmetry."""
    third = Fraction(1, 3)
    model = TabularLM(vocab=2, length=2, rewards=(0, 1, 2), pi=(((third, 1 - third), (HALF, HALF)),))

    def loss(log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
        spread = rewards.std(unbiased=False)
        return reduced(-log_probs * torch.where(spread > 0, (rewards - rewards.mean()) / spread, rewards * 0)[:, None],
                       mask, "sum")

    for group, factor in ((2, 2 / 3), (3, 0.90070), (4, 1.00447)):
        found = check_loss(loss, group, model=model, exact=False)
        assert (found.verdict, found.kind, found.good) == ("proportional", "model-dependent", False)
        assert found.factor is not None
        assert found.factor.value == pytest.approx(factor, abs=1e-5)


# -- actor and critic ----------------------------------------------------------------------------------


@cache
def mdp(*, terminal: bool) -> tuple[Model, Tensor]:
    """Two states, two actions, two decisions, gamma = .9; with ``terminal`` an episode ends after the first with .4."""
    numbers = torch.Generator().manual_seed(3)
    kind = {"generator": numbers, "dtype": torch.float64}
    start, moves, reward = (torch.softmax(torch.randn(2, **kind), 0), torch.softmax(torch.randn(2, 2, 2, **kind), -1),
                            torch.randn(2, 2, **kind))
    theta = torch.randn(1, 2, 2, **kind)
    exact = fractions(start.log()[None])[0]
    P = [[list(fractions(moves[s].log())[a]) for a in range(2)] for s in range(2)]
    r = [[Fraction(round(10**6 * float(reward[s, a])), 10**6) for a in range(2)] for s in range(2)]
    states, pi = 2, fractions(theta[0])
    if terminal:
        stay = Fraction(3, 5)
        P = [[[*(stay * p for p in row), 1 - stay] for row in rows] for rows in P]
        P.append([[Fraction(0), Fraction(0), Fraction(1)]] * 2)
        r, exact, states = [*r, [Fraction(0)] * 2], (*exact, Fraction(0)), 3
        pi = (*pi, (HALF, HALF))
    table = tuple(tuple(tuple(one for _ in range(states)) for one in row) for row in r)
    if terminal:
        table = (*table[:2], tuple(tuple(Fraction(0) for _ in range(3)) for _ in range(2)))
    moving = tuple(tuple(tuple(row) for row in rows) for rows in P)
    model = Model(shape=Shape(states, 2, 1), mu=exact, P=moving, r=table,
                  gamma=Fraction(9, 10), policies={"pi": pi}, scores=())
    wrong = torch.randn(2, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return model, torch.cat([wrong, wrong[:, :1] * 0], 1)


def critic(*, trace: float = 1.0, discounted: bool = True, wrong: Tensor | None = None, how: str = "sum",
           normalised: bool = False) -> Callable[..., Tensor]:
    def loss(log_probs: Tensor, token_level_rewards: Tensor, values: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        if wrong is not None:
            values = torch.stack([wrong[t].to(values.dtype)[states[:, t]] for t in range(states.shape[1])], 1)
        values, last, following, rows = values * mask, 0, 0, []
        for t in reversed(range(mask.shape[1])):
            last = (token_level_rewards[:, t] + 0.9 * following - values[:, t] + 0.9 * trace * last) * mask[:, t]
            following = values[:, t]
            rows.insert(0, last * (0.9**t if discounted else 1))
        a = torch.stack(rows, 1)
        kept = mask.bool()
        chosen = a[kept]
        if normalised:
            chosen = (chosen - chosen.mean()) / (chosen.std() + 1e-8)
        terms = -chosen * log_probs[kept]
        return terms.mean() if how == "mean" else terms.sum() / len(mask)

    return loss


@pytest.mark.parametrize(("what", "options", "terminal", "verdict", "bias", "cosine"), [
    ("gamma^t, true V, lambda = 1", {}, False, "unbiased", None, None),
    ("no gamma^t", {"discounted": False}, False, "biased", 0.0553, 0.99994),
    ("gamma^t, any V, lambda = 1", {"wrong": True}, False, "unbiased", None, None),
    ("lambda = 1/2, true V", {"trace": 0.5}, False, "unbiased", None, None),
    ("lambda = 1/2, any V", {"trace": 0.5, "wrong": True}, False, "biased", 0.0785, 0.99693),
    ("mean over transitions: factor 1/T", {"how": "mean"}, False, "proportional", 0.5, None),
    ("normalised advantages", {"how": "mean", "normalised": True}, False, "biased", 0.447, 0.99977),
    ("episodes that end, sum", {}, True, "unbiased", None, None),
    ("episodes that end, no gamma^t", {"discounted": False}, True, "biased", 0.0412, 0.99996),
    ("episodes that end, mean over transitions", {"how": "mean"}, True, "biased", 0.374, None),
    ("episodes that end, normalised", {"how": "mean", "normalised": True}, True, "biased", 0.404, 0.99996)])
def test_actor_and_critic(what: str, options: dict[str, Any], terminal: bool, verdict: str, bias: float | None,
                          cosine: float | None) -> None:
    model, values = mdp(terminal=terminal)
    chosen = {**options, "wrong": values if options.get("wrong") else None}
    found = check_loss(critic(**chosen), 2, model=model, exact=False)
    assert found.verdict == verdict, found
    if bias is not None:
        assert found.relative_bias == pytest.approx(bias, rel=6e-3)
    if cosine is not None:
        assert found.cosine == pytest.approx(cosine, abs=2e-5)
