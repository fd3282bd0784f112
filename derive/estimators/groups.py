"""The groups that a batch can consist of: tuples of responses, or multisets with their multinomial weights.

A batch has ``prompts`` groups of ``group`` samples; sample i belongs to prompt i // group.
Response a of prompt p has the number p K + a, and a batch is the tuple of these numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import comb, factorial

from derive.errors import BadInput

MOST_TUPLES = 1_000
"""Up to so many tuples all orders are run, and nothing is assumed about the order of the samples."""
MOST_BATCHES = 100_000


def group_sizes(group: object) -> tuple[int, ...]:
    """One or several group sizes as a tuple. Raises ``BadInput`` for anything that is not whole numbers."""
    sizes = tuple(group) if isinstance(group, list | tuple | range) else (group,)
    if not sizes:
        raise BadInput("no group size is given")
    if not all(isinstance(size, int) and not isinstance(size, bool) for size in sizes):
        raise BadInput(f"the group size {group!r}: expected a whole number, or several such as (2, 3, 4)")
    return sizes


@dataclass(frozen=True, slots=True)
class Design:
    """How a batch is sampled: groups of ``group`` independent responses out of ``responses``, for each prompt."""

    prompts: int
    responses: int
    group: int
    tuples: int = MOST_TUPLES

    def __post_init__(self) -> None:
        if self.group < 1 or self.prompts < 1:
            raise BadInput(f"a group of {self.group} samples for {self.prompts} prompts: both must be at least 1")
        if not self.every_order and self.count > MOST_BATCHES:
            raise BadInput(f"{self.count:,} groups of {self.group} out of {self.responses} responses for "
                           f"{self.prompts} prompts: at most {MOST_BATCHES:,} are enumerated. Take a smaller group.")

    @property
    def every_order(self) -> bool:
        """Whether all tuples are run, not only one order of each multiset."""
        return bool(self.responses ** (self.prompts * self.group) <= self.tuples)

    @property
    def count(self) -> int:
        """The number of multisets."""
        return int(comb(self.group + self.responses - 1, self.group) ** self.prompts)

    def batches(self) -> Iterator[tuple[tuple[int, ...], int]]:
        """(batch, number of tuples that it stands for): all tuples, or one order of each multiset."""
        if self.every_order:
            one_prompt: list[tuple[tuple[int, ...], int]] = [
                (chosen, 1) for chosen in product(range(self.responses), repeat=self.group)]
        else:
            one_prompt = list(multisets(self.responses, self.group))
        for chosen in product(one_prompt, repeat=self.prompts):
            batch: tuple[int, ...] = ()
            weight = 1
            for prompt, (responses, orders) in enumerate(chosen):
                batch += tuple(prompt * self.responses + response for response in responses)
                weight *= orders
            yield batch, weight

    def exponents(self, batch: tuple[int, ...]) -> tuple[int, ...]:
        """How often each response occurs: the monomial of probabilities of the batch."""
        counts = [0] * (self.prompts * self.responses)
        for response in batch:
            counts[response] += 1
        return tuple(counts)


def multisets(responses: int, size: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """(multiset as a sorted tuple, its multinomial coefficient) for all multisets of ``size`` responses."""
    for chosen in combinations_with_replacement(range(responses), size):
        orders = factorial(size)
        for response in set(chosen):
            orders //= factorial(chosen.count(response))
        yield chosen, orders
