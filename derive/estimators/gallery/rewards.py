"""Estimators that are an advantage made of the rewards of a group, on policy.

The formulas are those of the sources; 0/0 of a standard deviation is taken as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from derive.estimators import theorems
from derive.estimators.gallery.entry import Entry
from derive.estimators.gallery.forms import Coefficient, Monomial, OwnReward, PowerSums
from derive.estimators.runs import RESAMPLE

Array = Any


def reinforce(r: Array) -> Array:
    """A = r (Williams 1992)."""
    return r * 1


def fixed_baseline(r: Array) -> Array:
    """A = r - b with a number b; here the least-variance number would do as well."""
    return r - Fraction(5, 4)


def rloo(r: Array) -> Array:
    """A = r - mean of the others (Kool, van Hoof, Welling 2019)."""
    return r - (r.sum() - r) / (len(r) - 1)


def others_over_group(r: Array) -> Array:
    """A = r - (sum of the others)/G: a wrong denominator that does no harm."""
    return r - (r.sum() - r) / len(r)


def best_other(r: Array) -> Array:
    """A = r - the best of the others."""
    return np.array([own - max(np.delete(r, place)) for place, own in enumerate(r)], dtype=object)


def centred(r: Array) -> Array:
    """A = r - mean (Dr. GRPO; Liu et al. 2025)."""
    return r - r.mean()


def sum_over_others(r: Array) -> Array:
    """A = r - (sum of all)/(G - 1): the own reward counted in the baseline that should leave it out."""
    return r - r.sum() / (len(r) - 1)


def best_of_all(r: Array) -> Array:
    """A = r - the best of all."""
    return r - r.max()


def standardised(r: Array) -> Array:
    """A = (r - mean)/std with the population standard deviation."""
    spread = r.std()
    return (r - r.mean()) / spread if spread > 0 else r * 0


def standardised_sample(r: Array) -> Array:
    """A = (r - mean)/std with the sample standard deviation, as torch.std has it (GRPO; Shao et al. 2024)."""
    spread = r.std(ddof=1)
    return (r - r.mean()) / spread if spread > 0 else r * 0


def others_standardised(r: Array) -> Array:
    """A = (r - mean of the others)/std of the others."""
    rows = []
    for place, own in enumerate(r):
        others = np.delete(r, place)
        spread = others.std()
        rows.append((own - others.mean()) / (spread if spread > 0 else 1))
    return np.array(rows, dtype=object)


def by_prompt(function: Any) -> Any:
    """The same function applied to each prompt of the batch."""
    def per_prompt(r: Array, index: Array) -> Array:
        return np.concatenate([function(r[index == prompt]) for prompt in np.unique(index)])

    return per_prompt


def whitened(r: Array) -> Array:
    """A = (r - mean of the batch)/std of the batch (REINFORCE++; Hu 2025)."""
    return standardised(r)


def whitened_after_centring(r: Array, index: Array) -> Array:
    """A = r - mean of the group, then divided by the std of the batch (REINFORCE++-baseline)."""
    return standardised(by_prompt(centred)(r, index))


def gpg(r: Array) -> Array:
    """A = (r - mean) B/#(r != 0), as verl's gpg has it."""
    nonzero = (r != 0).sum()
    return (r - r.mean()) * (Fraction(len(r), int(nonzero)) if nonzero else 0)


def best_against_second(r: Array) -> Array:
    """A of the best reward = best - second best, 0 for the others; divided by the std (verl's grpo_passk)."""
    order = sorted(range(len(r)), key=lambda place: r[place])
    advantages = r * 0
    spread = r.std(ddof=1)
    if spread > 0:
        advantages[order[-1]] = (r[order[-1]] - r[order[-2]]) / spread
    return advantages


def pass_at_2(r: Array) -> Array:
    """A_i = 2 r_i (1 - mean of the others), for rewards 0 and 1: the gradient of 1 - (1-p)^2."""
    return 2 * r * (1 - (r.sum() - r) / (len(r) - 1))


def informative_only(r: Array) -> Any:
    """RLOO on groups that are not all equal, the others sampled again for the same prompt."""
    return rloo(r) if any(reward != r[0] for reward in r) else RESAMPLE


def kept_mean(r: Array, index: Array) -> Array:
    """RLOO summed over the prompts whose rewards are not all equal, divided by the number of those prompts."""
    groups = [r[index == prompt] for prompt in np.unique(index)]
    kept = sum(any(reward != group[0] for reward in group) for group in groups)
    if not kept:
        return r * 0
    return np.concatenate([rloo(group) for group in groups]) * Fraction(len(groups), kept)


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


ONE = OwnReward(lambda size: Fraction(1), "1", lambda others: Fraction(0), theorems.leave_one_out())
FIXED = OwnReward(lambda size: Fraction(1), "1", lambda others: Fraction(5, 4), theorems.leave_one_out())
MEAN = OwnReward(lambda size: Fraction(1), "1", _mean, theorems.leave_one_out())
SHORT = OwnReward(lambda size: Fraction(1), "1", lambda others: sum(others, Fraction(0)) / (len(others) + 1),
                  theorems.leave_one_out())
BEST = OwnReward(lambda size: Fraction(1), "1", max, theorems.leave_one_out())
CENTRED = OwnReward(lambda size: Fraction(size - 1, size), "(G-1)/G", _mean, theorems.centring())
ALL_OVER_OTHERS = PowerSums(  # r_i - (r_i + P_1)/(G-1)
    (Monomial(Coefficient((1,)), own=1), Monomial(Coefficient((-1,), of_others=1), own=1),
     Monomial(Coefficient((-1,), of_others=1), others=(1,))), Coefficient((-2, 1), of_others=1), "(G-2)/(G-1)")
BEST_OF_2 = PowerSums(  # 2 r_i (1 - P_1/(G-1))
    (Monomial(Coefficient((2,)), own=1), Monomial(Coefficient((-2,), of_others=1), own=1, others=(1,))),
    Coefficient((1,)), "1")

ENTRIES: tuple[Entry, ...] = (
    Entry("reinforce", "A = r", "unbiased", "Williams 1992", reinforce, ONE),
    Entry("fixed-baseline", "A = r - b, b a number such as V or the least-variance baseline", "unbiased",
          "Weaver and Tao 2001; Greensmith et al. 2004", fixed_baseline, FIXED,
          remark="the least-variance b changes the variance only; estimated from the own sample it is no such b"),
    Entry("rloo", "A = r - mean of the others", "unbiased", "Kool et al. 2019; TRL RLOOTrainer; verl rloo", rloo, MEAN),
    Entry("others-over-group", "A = r - (sum of the others)/G", "unbiased", "a wrong denominator", others_over_group,
          SHORT),
    Entry("best-other", "A = r - best of the others", "unbiased", "leave one out", best_other, BEST),
    Entry("centred", "A = r - mean", "proportional", "Dr. GRPO, Liu et al. 2025; TRL scale_rewards=none", centred,
          CENTRED),
    Entry("sum-over-others", "A = r - (sum of all)/(G - 1)", "zero mean", "a wrong leave-one-out", sum_over_others,
          ALL_OVER_OTHERS, remark="factor (G-2)/(G-1): at G = 2 nothing is left but noise"),
    Entry("best-of-all", "A = r - best of all", "biased", "the own reward in a baseline that is not linear",
          best_of_all),
    Entry("grpo", "A = (r - mean)/std, ddof 1", "biased", "Shao et al. 2024; TRL, verl", standardised_sample),
    Entry("grpo-population", "A = (r - mean)/std, ddof 0", "biased", "Shao et al. 2024", standardised),
    Entry("grpo-binary", "A = (r - mean)/std, ddof 1, rewards 0 and 1", "proportional", "Shao et al. 2024",
          standardised_sample, rewards=(0, 1),
          remark="a constant factor at G = 2 and 3; from G = 4 on it depends on the success rate"),
    Entry("grpo-binary-prompts", "the same with two prompts", "biased", "Liu et al. 2025 (difficulty bias)",
          by_prompt(standardised_sample), rewards=(0, 1), groups=(2, 4), prompts=2),
    Entry("grpo-leave-one-out-std", "A = (r - mean of the others)/std of the others", "proportional",
          "NeMo RL use_leave_one_out_baseline", others_standardised, groups=(3, 4),
          remark="keeps the direction within a prompt, for the factor ignores the own sample"),
    Entry("reinforce++", "A = (r - batch mean)/batch std, two prompts", "biased", "Hu 2025; verl", whitened,
          groups=(2,), prompts=2),
    Entry("reinforce++-baseline", "A = (r - group mean)/batch std, two prompts", "biased", "Hu 2025; verl",
          whitened_after_centring, groups=(2,), prompts=2),
    Entry("rloo-prompts", "RLOO with two prompts", "unbiased", "Kool et al. 2019", by_prompt(rloo), groups=(2, 3),
          prompts=2),
    Entry("gpg", "A = (r - mean) B/#(r != 0)", "biased", "verl gpg", gpg),
    Entry("gpg-positive", "the same, no reward is 0", "proportional", "verl gpg", gpg, rewards=(1, 2, 4)),
    Entry("grpo-passk", "A = (best - second best)/std for the best only", "biased", "verl grpo_passk",
          best_against_second),
    Entry("pass@2", "A = 2 r (1 - mean of the others), rewards 0 and 1", "unbiased", "product rule", pass_at_2,
          BEST_OF_2, rewards=(0, 1), target="pass@2"),
    Entry("rloo-for-pass@2", "RLOO against the gradient of pass@2", "proportional", "Kool et al. 2019", rloo,
          rewards=(0, 1), target="pass@2"),
    Entry("dynamic-sampling", "RLOO; groups of equal rewards are sampled again for the same prompt", "proportional",
          "DAPO, Yu et al. 2025", informative_only,
          remark="the factor of a prompt is 1/(1 - q), q the probability that all its rewards are equal"),
    Entry("dynamic-sampling-refilled", "RLOO, two prompts; new prompts until the batch is full", "unbiased",
          "DAPO, Yu et al. 2025", by_prompt(rloo), groups=(2, 3), prompts=2,
          remark="up to the common factor 1/E[1 - q]: a group of equal rewards has A = 0, so leaving it out only "
                 "changes the number that is divided by"),
    Entry("dynamic-sampling-kept", "RLOO, two prompts, divided by the number of prompts kept", "biased",
          "DAPO, Yu et al. 2025", kept_mean, groups=(2,), prompts=2),
)
