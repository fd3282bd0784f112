"""Sizes at one policy, in the logits of a tabular model and for one batch: bias, cosine, variance, the worst group.

The score of response o is e_o - π. Everything is summed over all batches in doubles, for printing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from derive.estimators import rounding
from derive.estimators.groups import Design
from derive.estimators.numbers import Exact, nearest
from derive.estimators.result import Effective, WorstGroup
from derive.estimators.rounding import FloatArray
from derive.estimators.runs import DROPPED, Outcome


@dataclass(frozen=True, slots=True)
class Sizes:
    """The mean gradient and its target (prompts x responses), and what a trainer reads off them."""

    mean: FloatArray
    target: FloatArray
    noise: float
    trace_variance: float
    effective: FloatArray
    worst: int
    undefined: float

    @property
    def relative_bias(self) -> float:
        """|E[g] - target| / |target|."""
        return float(np.linalg.norm(self.mean - self.target) / np.linalg.norm(self.target))

    @property
    def cosine(self) -> float | None:
        """The cosine between E[g] and the target; None for E[g] = 0."""
        length = float(np.linalg.norm(self.mean) * np.linalg.norm(self.target))
        if float(np.linalg.norm(self.mean)) <= rounding.ROUNDING * self.noise:
            return None
        return float(np.vdot(self.mean, self.target)) / length

    @property
    def pair(self) -> rounding.Pair:
        """The mean and its target, to be judged."""
        return rounding.Pair(self.mean, self.target, self.noise)


def measured(outcomes: Sequence[Outcome], design: Design, policy: FloatArray, wanted: FloatArray) -> Sizes:
    """Sums over all outcomes at a policy (prompts x responses); ``wanted`` is the effective reward of the target."""
    flat = policy.ravel()
    batches = np.array([outcome.batch for outcome in outcomes])
    weights = np.array([outcome.weight for outcome in outcomes]) * np.prod(flat[batches], axis=1)
    undefined = np.array([outcome.advantages is None for outcome in outcomes])
    idle = undefined | np.array([outcome.advantages == DROPPED for outcome in outcomes])
    given = np.zeros(batches.shape)
    for row, outcome in zip(given, outcomes, strict=True):
        if outcome.advantages:
            row[:] = list(map(_double, outcome.advantages))
    sums = np.zeros((len(batches), flat.size))
    np.add.at(sums, (np.arange(len(batches))[:, None], batches), given / design.group)
    sums = sums.reshape(-1, *policy.shape)
    gradients = _gradient(policy, sums) / design.prompts
    target = _gradient(policy, policy * wanted) / design.prompts
    kept = 1 - float(weights[idle & ~undefined].sum())
    mean = np.tensordot(weights, gradients, 1) / kept
    effective = np.tensordot(weights, sums, 1) / policy / kept
    square = float((weights * (gradients**2).sum(axis=(1, 2))).sum()) / kept
    noise = float((weights * np.sqrt((gradients**2).sum(axis=(1, 2)))).sum()) / kept
    far = weights * np.sqrt(((gradients - target)**2).sum(axis=(1, 2))) * gradients.any(axis=(1, 2))
    return Sizes(mean, target, noise, square - float(np.vdot(mean, mean)), effective,
                 int(np.argmax(far)), float(weights[undefined].sum()))  # no gradient says nothing


def _gradient(policy: FloatArray, sums: FloatArray) -> FloatArray:
    """Σ_o sums(o) (e_o - π), for each prompt."""
    gradient: FloatArray = sums - policy * sums.sum(axis=-1, keepdims=True)
    return gradient


def _double(number: object) -> float:
    return nearest(number) if isinstance(number, Exact) else float(number)  # type: ignore[arg-type]


def table(sizes: Sizes, policy: FloatArray, wanted: FloatArray, rewards: Sequence[Fraction],
          lengths: Sequence[int] | None) -> tuple[Effective, ...]:
    """The effective-reward table, both columns without their means under the policy."""
    rows = []
    centred = [values - (policy * values).sum(axis=1, keepdims=True) for values in (sizes.effective, wanted)]
    for prompt in range(policy.shape[0]):
        for response, reward in enumerate(rewards):
            rows.append(Effective(prompt, str(reward), lengths[response] if lengths else None,
                                  float(centred[0][prompt, response]), float(centred[1][prompt, response])))
    return tuple(rows)


def worst_group(sizes: Sizes, outcomes: Sequence[Outcome], design: Design, policy: FloatArray,
                rewards: Sequence[Fraction], lengths: Sequence[int] | None) -> WorstGroup | None:
    """The outcome that deviates most from the target, weighted with its probability."""
    outcome = outcomes[sizes.worst]
    if not outcome.advantages:
        return None
    own = [number % design.responses for number in outcome.batch]
    return WorstGroup(
        tuple(str(rewards[response]) for response in own),
        tuple(lengths[response] for response in own) if lengths else None,
        outcome.weight * float(np.prod(policy.ravel()[list(outcome.batch)])),
        tuple(_double(entry) for entry in outcome.advantages))
