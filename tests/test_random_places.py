"""Random pairs with letters, indicators, marginals, held policies, quotients and counts, against models.

Pairs are made by true identities, every other one with a slip. What the kernel makes of them is compared with
``derive.counterexample.enumerate`` and ``derive.stationary``, which share no code with it. The long campaign takes its
seeds from DERIVE_PLACES, as "first:last".
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from random import Random
from typing import Any

import pytest
from kernel_letters import TRUE, Claim
from kernel_oracle import CLOSE, model_of, places_of, values
from random_careless import careless_pair
from random_places import PlacedPair, placed_pair

from derive.errors import InvalidChain, MalformedTerm, NotATerm, OutsideFragment, Undefined, WorkLimit
from derive.kernel import values as values_of_the_kernel
from derive.kernel.terms import Malformed
from derive.kernel.values import of_the_first_step
from derive.language.signature import signature
from derive.procedures.certificates import Differs
from derive.procedures.decision import Outside, Shown, decided
from derive.procedures.encoding import Encoding, context_of

QUICK = 36
"""Pairs in the default run."""
FINITE = ((2, 2, 0), (2, 2, 1), (1, 2, 2), (2, 2, 1), (1, 2, 1), (1, 3, 1))
ENDLESS = ((2, 2, 2), (1, 2, 2), (2, 2, 1))
"""Free times go up to the horizon of the shape, which says nothing else here."""
MODELS, POINTS = 5, 4
BY_CHANCE = 74
"""A careless pair that joins the next state with one that is drawn again."""


@dataclass
class Tally:
    """What a campaign saw: of equal pairs and of near misses.

    ``unsettled`` are equal pairs that the search says differ: products of sums, and values of two policies.
    """

    equal: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[int, str]] = field(default_factory=list)
    unsettled: list[int] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


def settings(pair: PlacedPair, seed: int, least: int) -> Iterator[tuple[Fraction, Fraction] | None]:
    """Values of both sides at random models of the class and random places; None where a side has no value."""
    claim = Claim(f"places {seed}", pair.before, pair.after, pair.assumptions, TRUE)
    sizes = ENDLESS if pair.endless else [size for size in FINITE if size[2] >= least] or [(1, 2, least)]
    for n in range(MODELS):
        rng = Random(f"model {seed} {n}")
        size = sizes[n % len(sizes)]
        model = model_of(claim, size, rng, Fraction(1, 2) if pair.endless else None)
        for places in islice(places_of(claim, model, rng), POINTS):
            try:
                found = values(claim, model, places)
            except Undefined:
                yield None
                continue
            if found is not None:
                yield found


def verdict(pair: PlacedPair) -> Shown | Differs | Outside:
    encoding = Encoding(pair.assumptions, infinite=pair.endless)
    context = context_of(pair.assumptions, infinite=pair.endless)
    try:
        return decided(context, encoding.term(pair.before), encoding.term(pair.after))
    except (Malformed, MalformedTerm, OutsideFragment, WorkLimit) as wrong:
        return Outside(f"{type(wrong).__name__}: {wrong}")


def campaign(seeds: Iterable[int], make: Callable[[int], PlacedPair] = placed_pair) -> Tally:
    tally = Tally()
    for seed in seeds:
        try:
            pair = make(seed)
        except (NotATerm, MalformedTerm, InvalidChain) as wrong:
            tally.refused[f"not made: {wrong}"[:70]] += 1
            continue
        if signature(pair.before, pair.after).order > 2:
            continue
        found, counts = verdict(pair), tally.equal if pair.equal else tally.missed
        counts["pairs"] += 1
        if isinstance(found, Outside):
            counts["outside"] += 1
            tally.refused[found.why[:70]] += 1
            continue
        yes = isinstance(found, Shown)
        context = found.equation.context if isinstance(found, Shown) else None
        seen = list(settings(pair, seed, context.first if context else 0))
        compared = [one for one in seen if one is not None]
        differ = any(abs(one - two) > CLOSE * max(1, abs(one)) for one, two in compared)
        counts["yes" if yes else "no"] += 1
        counts["uncompared"] += not compared
        if yes and (differ or (None in seen and context and not context.owes)):
            tally.wrong.append((seed, "false yes" if differ else "yes without a value"))
        if not yes and pair.equal:
            tally.unsettled.append(seed)
        if yes and not pair.equal:
            counts["true all the same"] += 1
        if not yes and not differ and not pair.equal:
            counts["no, not seen on models"] += 1
    return tally


def check(tally: Tally) -> None:
    assert tally.wrong == []
    pairs = tally.equal["pairs"]
    assert tally.equal["yes"] > 0.8 * pairs
    assert tally.missed["no"] > 0.6 * tally.missed["pairs"]
    assert len(tally.unsettled) <= 0.02 * pairs


def check_careless(tally: Tally) -> None:
    assert tally.wrong == []
    assert min(tally.missed["yes"], tally.missed["no"]) > tally.missed["pairs"] // 10


@pytest.mark.slow
def test_a_sample_of_placed_pairs() -> None:
    check(campaign(range(QUICK)))


@pytest.mark.slow
def test_a_sample_of_careless_pairs() -> None:
    check_careless(campaign(range(QUICK), careless_pair))


def test_a_guard_that_does_not_look_at_the_sum_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was: sum_y P(y|s,a) g(x, y) was read as g(x, x)."""
    def careless(g: Any, places: tuple[str, ...]) -> bool:
        return of_the_first_step(g, (*places, "x") if g[0] == "at" and g[1][0] == "sum" else places)

    assert campaign([BY_CHANCE], careless_pair).wrong == []
    monkeypatch.setattr(values_of_the_kernel, "of_the_first_step", careless)
    assert campaign([BY_CHANCE], careless_pair).wrong == [(BY_CHANCE, "false yes")]


@pytest.mark.deep
def test_thousands_of_pairs() -> None:
    first, last = map(int, os.environ.get("DERIVE_PLACES", "1000:3000").split(":"))
    check(campaign(range(first, last)))
    check_careless(campaign(range(first, last), careless_pair))
