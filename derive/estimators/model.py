"""A tabular language model with rational probabilities: every response is a path in the tree of its prefixes.

Token 0 ends a response; at ``length`` tokens a response is truncated without it. The
parameters are free logits for each prompt, prefix and token, so that the score of a token is
e_token - π(.|prefix).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from derive.errors import BadInput

Policy = tuple[tuple[tuple[Fraction, ...], ...], ...]
"""Probabilities by prompt, prefix and token."""
PRIMES = {"old": (11, 23, 59, 131, 251), "rollout": (13, 29, 61, 137, 257)}
MOST_RESPONSES = 200


@dataclass(frozen=True)
class TabularLM:
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
        if self.vocab > 12 or (self.vocab - 1) ** self.length > MOST_RESPONSES:
            raise BadInput(f"more than {MOST_RESPONSES} responses; take fewer tokens or a smaller length")
        if self.rewards is not None:
            _ = self.reward_table
        for policy in (self.pi, self.old, self.ref, self.rollout):
            if policy is not None:
                self._checked(policy)

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
        """For each response its (number of the prefix, token), one after the other."""
        number = {prefix: place for place, prefix in enumerate(self.prefixes)}
        return tuple(tuple((number[one[:place]], token) for place, token in enumerate(one)) for one in self.responses)

    @cached_property
    def reward_table(self) -> tuple[tuple[Fraction, ...], ...]:
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
    def values(self) -> tuple[tuple[Fraction, ...], ...]:
        """E[r | prefix] under ``pi``, by prompt and prefix."""
        law = self.law(self.policy("pi"))
        table = []
        for prompt in range(self.prompts):
            row = []
            for prefix in range(len(self.prefixes)):
                passing = [k for k, places in enumerate(self.places) if prefix in (place for place, _ in places)]
                weight = sum((law[prompt][k] for k in passing), Fraction(0))
                row.append(sum((law[prompt][k] * self.reward_table[prompt][k] for k in passing), Fraction(0)) / weight)
            table.append(tuple(row))
        return tuple(table)

    def policy(self, name: str) -> Policy:
        """One of ``pi``, ``old``, ``ref``, ``rollout``."""
        return self.policies[name]

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """All four policies by name."""
        pi = self.pi or self._drawn("pi")
        return {"pi": pi, "old": self.old or pi, "ref": self.ref or self._drawn("ref"), "rollout": self.rollout or pi}

    def away(self, *names: str) -> TabularLM:
        """The same model with these policies different from ``pi``."""
        return replace(self, **{name: self._drawn(name) for name in names})  # type: ignore[arg-type]

    def redrawn(self) -> TabularLM:
        """The same responses and rewards under another ``pi``; what is ``pi`` stays so, other policies stay."""
        old, rollout = (None if one == self.policy("pi") else one for one in (self.old, self.rollout))
        return replace(self, rewards=self.reward_table, seed=self.seed + 101, pi=None, ref=self.policy("ref"), old=old,
                       rollout=rollout)

    def token_probabilities(self, policy: Policy, prompt: int, response: int) -> tuple[Fraction, ...]:
        """The probability of each token of a response."""
        return tuple(policy[prompt][prefix][token] for prefix, token in self.places[response])

    def law(self, policy: Policy) -> tuple[tuple[Fraction, ...], ...]:
        """Probabilities by prompt and response."""
        table = []
        for prompt in range(self.prompts):
            row = []
            for response in range(len(self.responses)):
                probability = Fraction(1)
                for factor in self.token_probabilities(policy, prompt, response):
                    probability *= factor
                row.append(probability)
            table.append(tuple(row))
        return tuple(table)

    def __str__(self) -> str:
        return (f"{len(self.responses)} responses ({self.vocab} tokens, length {self.length})"
                + (f", {self.prompts} prompts" if self.prompts > 1 else ""))

    def _drawn(self, name: str) -> Policy:
        """Small weights, all different, so that nothing is symmetric.

        The weights of ``old`` and of ``rollout`` sum to a prime that no other sum or weight
        contains: no ratio is a clip bound such as 4/5 or 6/5, where rounding would decide.
        """
        chosen = random.Random(f"{name} {self.seed}")
        prime = next((p for p in PRIMES.get(name, ()) if p > self.vocab * (self.vocab + 1)), 0)
        if name == "pi":
            return tuple(tuple(self._row(chosen, prime) for _ in self.prefixes) for _ in range(self.prompts))
        pi = self.pi or self._drawn("pi")  # no token has the probability that it has under pi, or its log-ratio is 0
        return tuple(tuple(self._row(chosen, prime, other) for other in row) for row in pi)

    def _row(self, chosen: random.Random, prime: int, other: Sequence[Fraction] = ()) -> tuple[Fraction, ...]:
        avoided = {p for primes in PRIMES.values() for p in primes}
        while True:
            weights = chosen.sample(range(1, max(6, self.vocab + 3)), self.vocab)
            if prime:
                weights[-1] = prime - sum(weights[:-1])
            total = sum(weights)
            row = tuple(Fraction(weight, total) for weight in weights)
            if any(one == two for one, two in zip(row, other, strict=False)):
                continue
            if len(set(weights)) == self.vocab and (prime or all(total % p for p in avoided)):
                return row

    def _checked(self, policy: Policy) -> None:
        rows = [row for prompt in policy for row in prompt]
        if (len(policy) != self.prompts or any(len(prompt) != len(self.prefixes) for prompt in policy)
                or any(len(row) != self.vocab or sum(row) != 1 or min(row) <= 0 for row in rows)):
            raise BadInput(f"a policy here is {self.prompts} x {len(self.prefixes)} x {self.vocab} positive fractions "
                           "that sum to 1 over the tokens")
