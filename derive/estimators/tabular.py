"""What a loss is run on: finitely many samples of a tabular softmax policy, their laws and rewards, all rational.

A sample is a sequence of decisions: at a place (the prefix of a response, or a state) an action is
taken (a token, or an action). The parameters are free logits for each prompt, place and
action, so that the score of a decision is e_action - π(.|place).
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Self

from derive.errors import BadInput

Policy = tuple[tuple[tuple[Fraction, ...], ...], ...]
"""Probabilities by prompt, place and action."""
Row = tuple[Fraction, ...]
PRIMES = {"old": (11, 23, 59, 131, 251), "rollout": (13, 29, 61, 137, 257)}
MOST_ACTIONS = 12
MOST_SAMPLES = 200


class TabularModel(ABC):
    """Samples, numbered for each prompt, and four policies: ``pi`` is differentiated, the others are not.

    A subclass is frozen data with the fields ``seed``, ``pi``, ``old``, ``ref``, ``rollout`` (None: see
    ``policies``).
    """

    seed: int
    pi: Policy | None
    old: Policy | None
    ref: Policy | None
    rollout: Policy | None

    # -- what a subclass says --------------------------------------------------------------------------

    @property
    @abstractmethod
    def prompt_count(self) -> int:
        """The number of prompts of one batch."""

    @property
    @abstractmethod
    def action_count(self) -> int:
        """The number of actions at each place."""

    @property
    @abstractmethod
    def place_count(self) -> int:
        """The number of places for each prompt."""

    @property
    @abstractmethod
    def discount(self) -> Fraction:
        """gamma, in J = E[Σ gamma^t r_t]."""

    @property
    @abstractmethod
    def places(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each sample its (place, action), one after the other."""

    @property
    @abstractmethod
    def chances(self) -> Row:
        """For each sample the part of its probability that is not the policy's."""

    @property
    @abstractmethod
    def step_rewards(self) -> tuple[tuple[Row, ...], ...]:
        """The reward of each decision, by prompt and sample."""

    @property
    @abstractmethod
    def values(self) -> tuple[tuple[Row, ...], ...]:
        """E[Σ gamma^(k-t) r_k from t on | all up to the place at t] under ``pi``, by prompt, sample and decision t."""

    # -- what follows -------------------------------------------------------------------------------------

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """The number of decisions of each sample."""
        return tuple(map(len, self.places))

    @cached_property
    def longest(self) -> int:
        """The length to which samples are padded."""
        return max(self.lengths)

    @cached_property
    def to_go(self) -> tuple[tuple[Row, ...], ...]:
        """Σ gamma^(k-t) r_k from t on, by prompt, sample and decision t."""
        def summed(rewards: Row) -> Row:
            sums = [Fraction(0)]
            for reward in reversed(rewards):
                sums.append(reward + self.discount * sums[-1])
            return tuple(reversed(sums[1:]))

        return tuple(tuple(map(summed, rows)) for rows in self.step_rewards)

    @cached_property
    def reward_table(self) -> tuple[Row, ...]:
        """The whole return Σ gamma^t r_t, by prompt and sample."""
        return tuple(tuple(row[0] for row in rows) for rows in self.to_go)

    def policy(self, name: str) -> Policy:
        """One of ``pi``, ``old``, ``ref``, ``rollout``."""
        return self.policies[name]

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """All four policies by name; ``pi`` and ``ref`` are drawn by the seed, others are ``pi``, unless given."""
        pi = self.pi or self._drawn("pi")
        return {"pi": pi, "old": self.old or pi, "ref": self.ref or self._drawn("ref"), "rollout": self.rollout or pi}

    def away(self, *names: str) -> Self:
        """The same model with these policies different from ``pi``."""
        return self._with(**{name: self._drawn(name) for name in names})

    def redrawn(self) -> Self:
        """The same samples and rewards under another ``pi``; what is ``pi`` stays so, other policies stay."""
        old, rollout = (None if one == self.policy("pi") else one for one in (self.old, self.rollout))
        return self._with(seed=self.seed + 101, pi=None, ref=self.policy("ref"), old=old, rollout=rollout)

    def _with(self, **changes: Any) -> Self:
        return replace(self, **changes)  # type: ignore[type-var]

    def action_probabilities(self, policy: Policy, prompt: int, sample: int) -> Row:
        """The probability of each decision of a sample."""
        return tuple(policy[prompt][place][action] for place, action in self.places[sample])

    def law(self, policy: Policy) -> tuple[Row, ...]:
        """Probabilities by prompt and sample."""
        table = []
        for prompt in range(self.prompt_count):
            row = []
            for sample, chance in enumerate(self.chances):
                probability = chance
                for factor in self.action_probabilities(policy, prompt, sample):
                    probability *= factor
                row.append(probability)
            table.append(tuple(row))
        return tuple(table)

    def _drawn(self, name: str) -> Policy:
        """Small weights, all different, so that nothing is symmetric.

        The weights of ``old`` and of ``rollout`` sum to a prime that no other sum or weight
        contains: no ratio is a clip bound such as 4/5 or 6/5, where rounding would decide.
        """
        chosen, actions = random.Random(f"{name} {self.seed}"), self.action_count
        prime = next((p for p in PRIMES.get(name, ()) if p > actions * (actions + 1)), 0)
        if name == "pi":
            return tuple(tuple(_row(chosen, actions, prime) for _ in range(self.place_count))
                         for _ in range(self.prompt_count))
        pi = self.pi or self._drawn("pi")  # no action has the probability that it has under pi, or its log-ratio is 0
        return tuple(tuple(_row(chosen, actions, prime, other) for other in row) for row in pi)

    def _check(self) -> None:
        """Raises ``BadInput`` for policies that are none."""
        for policy in (self.pi, self.old, self.ref, self.rollout):
            rows = [row for prompt in policy or () for row in prompt]
            if policy is not None and (
                    len(policy) != self.prompt_count or any(len(prompt) != self.place_count for prompt in policy)
                    or any(len(row) != self.action_count or sum(row) != 1 or min(row) <= 0 for row in rows)):
                raise BadInput(f"a policy here is {self.prompt_count} x {self.place_count} x {self.action_count} "
                               "positive fractions that sum to 1 over the actions")


def _row(chosen: random.Random, actions: int, prime: int, other: Sequence[Fraction] = ()) -> Row:
    avoided = {p for primes in PRIMES.values() for p in primes}
    while True:
        weights = chosen.sample(range(1, max(6, actions + 3)), actions)
        if prime:
            weights[-1] = prime - sum(weights[:-1])
        total = sum(weights)
        row = tuple(Fraction(weight, total) for weight in weights)
        if any(one == two for one, two in zip(row, other, strict=False)):
            continue
        if len(set(weights)) == actions and (prime or all(total % p for p in avoided)):
            return row
