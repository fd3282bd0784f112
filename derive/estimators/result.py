"""What is known about an estimator, as frozen data: the verdict, how it is known, and where a bias comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["unbiased", "proportional", "biased", "zero mean", "no gradient", "undefined", "undecided"]
Kind = Literal["constant", "model-dependent"]

VERDICTS: tuple[Verdict, ...] = (
    "unbiased", "proportional", "biased", "zero mean", "no gradient", "undefined", "undecided")
"""From the strongest to the weakest. ``undecided`` is the sign of a factor that was not settled."""


@dataclass(frozen=True, slots=True)
class Factor:
    """The c in E[g] = c grad J: ``text`` for reading, such as ``3/4``, and the nearest double (None if it varies)."""

    text: str
    value: float | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Effective:
    """One row of the effective-reward table: H(o) next to the target r(o), both without their means.

    An estimator is unbiased iff the two columns agree, and proportional iff one is a
    multiple of the other.
    """

    prompt: int
    reward: str
    length: int | None
    effective: float
    wanted: float


@dataclass(frozen=True, slots=True)
class WorstGroup:
    """The group whose weighted deviation from the mean gradient wanted is largest."""

    rewards: tuple[str, ...]
    lengths: tuple[int, ...] | None
    probability: float
    coefficients: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GroupResult:
    """The verdict at one group size, with everything that was measured there."""

    group: int
    verdict: Verdict
    factor: Factor | None = None
    kind: Kind | None = None
    numerical: str | None = None
    """The figure and the reason, where floats were used; None if the verdict is exact."""
    within: float | None = None
    """The size, relative to the target, up to which a verdict in floats holds; None if it is exact."""
    probability: str | None = None
    relative_bias: float | None = None
    cosine: float | None = None
    trace_variance: float | None = None
    target_length: float | None = None
    """|grad J| where the sizes were taken."""
    effective_reward: tuple[Effective, ...] = ()
    worst_group: WorstGroup | None = None
    curl: str = "not asked"
    notes: tuple[str, ...] = ()
    where: str | None = None
    """What else is different in this row, such as the rewards; None for what was asked for."""


@dataclass(frozen=True, slots=True)
class EstimatorResult:
    """The verdict about an estimator: the weakest of those at its group sizes.

    ``known`` says how: by a theorem for every G, exactly at the named sizes and rewards for
    every policy, or numerically. Cosine, variance and relative bias are those in the model's
    logits, for one batch, at the policy that the notes name.
    """

    name: str
    verdict: Verdict
    known: str
    groups: tuple[GroupResult, ...]
    factor: Factor | None = None
    kind: Kind | None = None
    rewards: tuple[str, ...] = ()
    lengths: tuple[int, ...] | None = None
    target: str = "J"
    notes: tuple[str, ...] = ()
    away: str | None = None
    """For a loss with old or rollout log-probabilities: the verdict where they differ from those of pi."""
    mask_leak: bool | None = None
    """For a loss: whether it depends on log-probabilities of padding."""
    exact: bool = field(default=True, kw_only=True)

    @property
    def at(self) -> GroupResult:
        """The group size whose verdict this is; of several, the largest."""
        return max((row for row in self.groups if row.verdict == self.verdict), key=lambda row: row.group)

    @property
    def good(self) -> bool:
        """Unbiased, or proportional by a positive constant."""
        if self.verdict == "unbiased":
            return True
        return self.verdict == "proportional" and self.kind == "constant" and all(
            row.verdict == "unbiased" or (row.factor is not None and row.factor.value is not None
                                          and row.factor.value > 0) for row in self.groups)

    @property
    def within(self) -> float | None:
        """The largest relative deviation that a verdict in floats cannot see; None if it is exact."""
        return max((row.within for row in self.groups if row.within is not None), default=None)

    @property
    def probability(self) -> str | None:
        """With which probability no value came out, if the verdict is ``undefined``."""
        return self.at.probability

    @property
    def effective_reward(self) -> tuple[Effective, ...]:
        """The effective-reward table at the decisive group size."""
        return self.at.effective_reward

    @property
    def worst_group(self) -> WorstGroup | None:
        """The worst group at the decisive group size."""
        return self.at.worst_group

    @property
    def relative_bias(self) -> float | None:
        """|E[g] - grad J| / |grad J| at the decisive group size."""
        return self.at.relative_bias

    @property
    def cosine(self) -> float | None:
        """The cosine between E[g] and grad J at the decisive group size."""
        return self.at.cosine

    @property
    def trace_variance(self) -> float | None:
        """E|g - E[g]|^2 at the decisive group size, by enumeration."""
        return self.at.trace_variance

    @property
    def curl(self) -> str:
        """Whether E[g] is the gradient of anything at all."""
        return self.at.curl


def weakest(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict about several group sizes together."""
    return max(verdicts, key=VERDICTS.index)
