"""A tabular language model with rational probabilities: every response is a path in the tree of its prefixes.

Token 0 ends a response; at ``length`` tokens a response is truncated without it. It is an MDP
with deterministic transitions: the prefix is the state, the token the action, the reward
comes with the last token.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Self

from derive.errors import BadInput
from derive.estimators.tabular import MOST_ACTIONS, MOST_SAMPLES, Policy, Row, TabularModel


@dataclass(frozen=True)
class TabularLM(TabularModel):
    """Policies over all token sequences of at most ``length`` tokens out of ``vocab``.

    ``rewards`` are given for each response in the order of ``responses`` (for all prompts, or
    for each); None draws some. ``pi`` is differentiated, ``old``, ``ref`` and ``rollout`` are
    not; None draws ``pi`` and ``ref`` from the seed, and takes ``pi`` for the two others.
    Raises ``BadInput`` for numbers that make no such model.
    """

    vocab: int = 3
    length: int = 2
    prompts: int = 1
    rewards: Sequence[object] | None = None
    seed: int = 0
    pi: Policy | None = None
    old: Policy | None = None
    ref: Policy | None = None
    rollout: Policy | None = None

    def __post_init__(self) -> None:
        if self.vocab < 2 or self.length < 1 or self.prompts < 1:
            raise BadInput(f"{self.vocab} tokens, length {self.length}, {self.prompts} prompts: at least 2, 1 and 1")
        if self.vocab > MOST_ACTIONS or (self.vocab - 1) ** self.length > MOST_SAMPLES:
            raise BadInput(f"more than {MOST_SAMPLES} responses; take fewer tokens or a smaller length")
        if self.rewards is not None:
            _ = self._rewards
        self._check()

    prompt_count = property(lambda self: self.prompts)
    action_count = property(lambda self: self.vocab)
    place_count = property(lambda self: len(self.prefixes))
    discount = property(lambda self: Fraction(1))

    @cached_property
    def responses(self) -> tuple[tuple[int, ...], ...]:
        """All responses, as tuples of tokens."""
        done: list[tuple[int, ...]] = []
        open_ones: list[tuple[int, ...]] = [()]
        while open_ones:
            longer = [(*prefix, token) for prefix in open_ones for token in range(self.vocab)]
            done += [one for one in longer if one[-1] == 0 or len(one) == self.length]
            open_ones = [one for one in longer if one[-1] != 0 and len(one) < self.length]
        return tuple(done)

    @cached_property
    def prefixes(self) -> tuple[tuple[int, ...], ...]:
        """All prefixes at which a token is chosen."""
        return tuple(sorted({one[:place] for one in self.responses for place in range(len(one))},
                            key=lambda prefix: (len(prefix), prefix)))

    @cached_property
    def places(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        number = {prefix: place for place, prefix in enumerate(self.prefixes)}
        return tuple(tuple((number[one[:place]], token) for place, token in enumerate(one)) for one in self.responses)

    @property
    def chances(self) -> Row:
        return (Fraction(1),) * len(self.responses)

    @cached_property
    def _rewards(self) -> tuple[Row, ...]:
        """Rewards by prompt and response."""
        count = len(self.responses)
        if self.rewards is None:
            chosen = random.Random(f"rewards {self.seed}")
            return tuple(tuple(Fraction(chosen.randint(-4, 8), 4) for _ in range(count)) for _ in range(self.prompts))
        rows = list(self.rewards)
        if not rows or not isinstance(rows[0], list | tuple):
            rows = [rows] * self.prompts
        try:
            table = tuple(tuple(Fraction(str(entry)) for entry in row) for row in rows)  # type: ignore[attr-defined]
        except (TypeError, ValueError):
            raise BadInput(f"rewards {self.rewards!r}: expected numbers") from None
        if len(table) != self.prompts or any(len(row) != count for row in table):
            raise BadInput(f"this model has {count} responses and {self.prompts} prompts; "
                           f"rewards have the shape {len(table)} x {len(table[0])}")
        return table

    @cached_property
    def step_rewards(self) -> tuple[tuple[Row, ...], ...]:
        return tuple(tuple((Fraction(0),) * (len(one) - 1) + (reward,)
                           for one, reward in zip(self.responses, row, strict=True)) for row in self._rewards)

    @cached_property
    def values(self) -> tuple[tuple[Row, ...], ...]:
        law = self.law(self.policy("pi"))
        table = []
        for prompt in range(self.prompts):
            of_prefix = []
            for prefix in range(len(self.prefixes)):
                passing = [k for k, places in enumerate(self.places) if prefix in (place for place, _ in places)]
                weight = sum((law[prompt][k] for k in passing), Fraction(0))
                total = sum((law[prompt][k] * self._rewards[prompt][k] for k in passing), Fraction(0))
                of_prefix.append(total / weight)
            table.append(tuple(tuple(of_prefix[prefix] for prefix, _ in places) for places in self.places))
        return tuple(table)

    def redrawn(self) -> Self:
        """The same responses and rewards under another ``pi``; what is ``pi`` stays so, other policies stay."""
        return super(TabularLM, replace(self, rewards=self._rewards)).redrawn()

    def __str__(self) -> str:
        return (f"{len(self.responses)} responses ({self.vocab} tokens, length {self.length})"
                + (f", {self.prompts} prompts" if self.prompts > 1 else ""))
