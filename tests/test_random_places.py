"""Random pairs with letters, indicators, marginals, held policies, quotients and counts, against models.

Pairs are made by true identities, every other one with a slip. What the kernel makes of them is compared with
``derive.enumerate`` and ``derive.stationary``, which share no code with it. The long campaign takes its seeds from
DERIVE_PLACES, as "first:last".
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from random import Random

import pytest
from kernel_letters import TRUE, Claim
from kernel_oracle import CLOSE, model_of, places_of, values
from random_places import PlacedPair, placed_pair

from derive.errors import InvalidChain, MalformedTerm, NotATerm, OutsideFragment, Undefined, WorkLimit
from derive.kernel.terms import Malformed
from derive.language.signature import signature
from derive.procedures.certificates import Differs
from derive.procedures.decision import Outside, Shown, decided
from derive.procedures.encoding import Encoding, context_of

QUICK = 44
"""Pairs in the default run."""
FINITE = ((2, 2, 0), (2, 2, 1), (1, 2, 2), (2, 2, 1), (1, 2, 1), (1, 3, 1))
ENDLESS = ((2, 2, 0), (1, 2, 0), (2, 2, 0))
MODELS, POINTS = 5, 4


@dataclass
class Tally:
    """What a campaign saw: of equal pairs and of near misses."""

    equal: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[int, str]] = field(default_factory=list)
    doubtful: list[tuple[int, str]] = field(default_factory=list)
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
        least, owes = (found.equation.context.first, found.equation.context.owes) if isinstance(found, Shown) else (0, ())
        seen = list(settings(pair, seed, least))
        compared = [one for one in seen if one is not None]
        differ = any(abs(one - two) > CLOSE * max(1, abs(one)) for one, two in compared)
        counts["yes" if yes else "no"] += 1
        counts["uncompared"] += not compared
        if yes and (differ or (None in seen and not owes)):
            tally.wrong.append((seed, "false yes" if differ else "yes without a value"))
        if not yes and pair.equal:
            (tally.wrong if not differ else tally.doubtful).append((seed, "no to an equal pair"))
        if yes and not pair.equal:
            counts["true all the same"] += 1
        if not yes and not differ and not pair.equal:
            counts["no, not seen on models"] += 1
    return tally


def check(tally: Tally) -> None:
    assert tally.wrong == []
    pairs, yes = tally.equal["pairs"], tally.equal["yes"]
    assert yes > pairs // 2
    assert tally.missed["no"] > tally.missed["pairs"] // 2


def test_a_sample_of_placed_pairs() -> None:
    check(campaign(range(QUICK)))


@pytest.mark.deep
def test_thousands_of_placed_pairs() -> None:
    first, last = map(int, os.environ.get("DERIVE_PLACES", "1000:4000").split(":"))
    check(campaign(range(first, last)))
