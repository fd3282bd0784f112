"""Random pairs of terms: what becomes an equation agrees on generic models modulo primes, and on models with zeros.

Ranks are left aside here, for the generators multiply scores: along one direction a matrix is a number, for the kernel
and for the oracles alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from kernel_letters import TRUE, Claim
from kernel_oracle import witness_of_a_difference
from random_fragments import literal_pair, product_pair, unrolled_pair
from random_pairs import random_pair
from random_sums import POSITIVE, Pair
from random_values import value_pair
from residues import agrees

from derive.errors import MalformedTerm, OutsideFragment
from derive.kernel.contexts import Context
from derive.kernel.terms import Malformed
from derive.language.models import Shape
from derive.procedures.decision import Shown, decided
from derive.procedures.encoding import Encoding, context_of

Make = Callable[[int], Pair]


pytestmark = pytest.mark.usefixtures("ranks_aside")


def with_logs(seed: int) -> Pair:
    return random_pair(seed, logs=True)


GENERIC = [Shape(*size) for size in ((2, 2, 0), (2, 2, 1), (1, 2, 2))]
MORE = [*GENERIC, *(Shape(*size) for size in (
    (2, 1, 3), (1, 2, 3), (2, 2, 2), (1, 3, 1), (3, 2, 1), (1, 2, 4), (2, 1, 5)))]
ZEROS = ((1, 2, 0), (2, 2, 0), (1, 2, 1), (2, 2, 1))
MORE_ZEROS = (*ZEROS, (1, 3, 1), (1, 2, 2), (2, 2, 1))


@dataclass
class Campaign:
    """What was made of random pairs, and what an oracle holds against it."""

    shapes: list[Shape]
    sizes: tuple[tuple[int, ...], ...]
    counts: Counter[str] = field(default_factory=Counter)
    false: list[tuple[str, int, Any]] = field(default_factory=list)

    def context(self, before: Any, after: Any, assumes: Iterable[Any]) -> Context | None:
        """The context of the equation, if one is made."""
        encoding = Encoding(assumes, infinite=False)
        try:
            sides = encoding.term(before), encoding.term(after)
            found = decided(context_of(assumes, infinite=False), *sides)
        except (Malformed, MalformedTerm):
            self.counts["malformed"] += 1
            return None
        self.counts[type(found).__name__] += 1
        return found.equation.context if isinstance(found, Shown) else None

    def run(self, name: str, make: Make, seeds: Iterable[int]) -> Campaign:
        for seed in seeds:
            pair = make(seed)
            context = self.context(pair.before, pair.after, pair.assumptions)
            if context is not None:
                self.compare(name, seed, pair, context)
            few = Pair(pair.before, pair.after, pair.assumptions - POSITIVE, pair.made)
            context = self.context(few.before, few.after, few.assumptions) if seed % 2 == 0 else None
            if context is not None:
                self.counts["with zeros"] += 1
                self.enumerate(name, seed, few, context)
        return self

    def compare(self, name: str, seed: int, pair: Pair, context: Context) -> None:
        """On generic models modulo primes; logarithms, which have no residues, on concrete ones."""
        try:
            if any(agrees(pair, shape) is False for shape in self.shapes if shape.horizon >= context.first):
                self.false.append((name, seed, "generic"))
        except OutsideFragment:
            self.enumerate(name, seed, pair, context)

    def enumerate(self, name: str, seed: int, pair: Pair, context: Context) -> None:
        """On models that may have zeros where nothing forbids them; what is undefined there is passed over."""
        sizes = tuple(size for size in self.sizes if size[2] >= context.first) or ((1, 1, context.first),)
        claim = Claim(f"{name} {seed}", pair.before, pair.after, pair.assumptions, TRUE, sizes=sizes)
        if witness_of_a_difference(claim, range(1)) is not None:
            self.false.append((name, seed, "concrete"))


FINITE: dict[str, tuple[Make, int]] = {
    "sums": (random_pair, 24), "logarithms": (with_logs, 12), "values": (value_pair, 8),
    "literals": (literal_pair, 16), "products": (product_pair, 6), "unrolled values": (unrolled_pair, 5)}


@pytest.mark.parametrize("name", FINITE)
def test_a_sample_of_random_pairs_has_no_false_equation(name: str) -> None:
    make, quick = FINITE[name]
    campaign = Campaign(GENERIC, ZEROS).run(name, make, range(quick))
    assert campaign.false == []
    assert campaign.counts["Shown"] >= quick // 10


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
@pytest.mark.parametrize("name", FINITE)
def test_twenty_five_thousand_random_pairs(name: str, batch: int) -> None:
    share = {"sums": 900, "logarithms": 300, "values": 600, "literals": 500, "products": 100, "unrolled values": 100}
    first = 100_000 + batch * share[name]
    assert Campaign(MORE, MORE_ZEROS).run(name, FINITE[name][0], range(first, first + share[name])).false == []
