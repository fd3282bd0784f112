"""What is known about an estimator, as frozen data: the verdict, how it is known, and where a bias comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from derive.display import text as as_html

Verdict = Literal["unbiased", "proportional", "biased", "zero mean", "no gradient", "undefined", "undecided"]
Kind = Literal["constant", "model-dependent"]

VERDICTS: tuple[Verdict, ...] = (
    "unbiased", "proportional", "biased", "zero mean", "no gradient", "undefined", "undecided")
"""From the strongest to the weakest. ``undecided`` is the sign of a factor that was not settled."""
SHOWN_ADVANTAGES = 16
SHOWN_ROWS = 16


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

    def outcome(self, *, several: bool) -> str:
        """The response that the row is about; ``several`` is whether there are prompts."""
        name = self.reward + (f", length {self.length}" if self.length is not None else "")
        return f"prompt {self.prompt + 1}: {name}" if several else name


@dataclass(frozen=True, slots=True)
class WorstGroup:
    """The group whose weighted deviation from the mean gradient wanted is largest."""

    rewards: tuple[str, ...]
    lengths: tuple[int, ...] | None
    probability: float
    coefficients: tuple[float, ...]

    def __str__(self) -> str:
        text = f"rewards {', '.join(self.rewards)}"
        if self.lengths is not None:
            text += f", lengths {', '.join(map(str, self.lengths))}"
        shown = ", ".join(f"{number:.3g}" for number in self.coefficients[:SHOWN_ADVANTAGES])
        return f"{text}, probability {self.probability:.3g}: advantages {shown}"


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
    on_tokens: str | None = None
    """With a gradient on padding: what it is on the tokens of the responses, of which the sizes are."""

    @property
    def says(self) -> str:
        """The verdict with its factor, such as ``proportional, factor 3/4``, and up to which size it holds."""
        return _said(self)


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

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return f"<pre>{chr(10).join(map(as_html, _lines(self)))}</pre>"

    @property
    def says(self) -> str:
        """The verdict with its factor, such as ``proportional, factor 3/4``, up to which size it holds, and where."""
        away = "" if self.away in (None, self.verdict) else f", where old and π agree ({self.away} away from there)"
        return _said(self) + away

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


def _said(result: EstimatorResult | GroupResult) -> str:
    words: str = result.verdict
    if result.verdict != "unbiased" and result.factor is not None:
        words += f", factor {result.factor}"
    if result.kind == "model-dependent":
        words += " (model-dependent)"
    on_tokens = result.on_tokens if isinstance(result, GroupResult) else result.at.on_tokens
    if on_tokens is not None:
        both = on_tokens == result.verdict
        words += f" by a mask leak, {'and' if both else 'though'} {on_tokens} on the tokens of the responses"
    if result.within is not None:
        words += f", within {result.within:.0e} (floats)"
    return words


def _lines(result: EstimatorResult) -> list[str]:
    """All that is known about it."""
    lines = [f"{result.name}: {result.says}", f"    known: {result.known}"]
    if result.target != "J":
        lines.append(f"    against the gradient of {result.target}")
    if len(result.groups) > 1:
        lines += [f"    {', '.join(filter(None, (f'G = {row.group}', row.where)))}: {row.says}"
                  for row in result.groups]
    if result.probability is not None:
        lines.append(f"    undefined with probability {result.probability}")
    if result.relative_bias is not None and result.trace_variance is not None:
        cosine = "none" if result.cosine is None else f"{result.cosine:.4f}"
        where = f"at G = {result.at.group}" + (", without padding" if result.at.on_tokens is not None else "")
        lines.append(f"    {where}: relative bias {result.relative_bias:.2g}, cosine {cosine}, "
                     f"trace variance {result.trace_variance:.4g}")
    lines += _table(result)
    if result.worst_group is not None and result.verdict not in ("unbiased", "no gradient"):
        lines.append(f"    worst group: {result.worst_group}")
    if result.curl != "not asked":
        lines.append(f"    {result.curl}")
    return lines + [f"    note: {note}" for note in result.notes]


def _table(result: EstimatorResult) -> list[str]:
    if not result.effective_reward:
        return []
    several = max(row.prompt for row in result.effective_reward) > 0
    lines = ["    effective reward: what is climbed, H(o), next to what should be, both without their means",
             f"        {'reward':>14}{'H(o)':>12}{'wanted':>12}"]
    shown = result.effective_reward
    if len(shown) > SHOWN_ROWS:
        shown = tuple(sorted(shown, key=lambda row: abs(row.effective - row.wanted))[-SHOWN_ROWS:])
        lines[0] += f"; the {SHOWN_ROWS} of {len(result.effective_reward)} rows that differ most"
    return lines + [f"        {row.outcome(several=several):>14}{row.effective:12.4f}{row.wanted:12.4f}"
                    for row in shown]
