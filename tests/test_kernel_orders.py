"""Random nests of sums over times and over draws, in one order and in another: finite sums may be exchanged."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest
from kernel_letters import FALSE, IID, TRUE, Claim, f, g, j
from random_claims import tally
from sympy import Expr

from derive.language.vocabulary import R, expect, gamma, i, k, m, ratio, samples, t, total

SIZES = ((1, 2, 1, 2), (2, 2, 1, 2))
DRAWS = (i, j)


def body(rng: Random, draws: tuple[Expr, ...]) -> Expr:
    """A product of functions of the draws, at most one of which knows a time, and of numbers of the times."""
    knows = rng.choice(draws)
    made: Expr = rng.choice([gamma**t, t + 1, gamma ** (t + k)]) * ratio(1, m)
    for draw in draws:
        path = samples[draw]
        factors = [R(path), f(path.s[0]), g(path.a[0])]
        if draw == knows:
            factors += [f(path.s[t]) * g(path.a[k]), f(path.s[t]), g(path.a[t]) * f(path.s[k + 1])]
        made *= rng.choice(factors)
    return made


def nested(order: tuple[str, ...], inside: Expr, *, late: int) -> Expr:
    """The sums over t, over k from t on, and over draws, the first of the order outermost."""
    for name in reversed(order):
        if name == "t":
            inside = total(t, inside, stop=k) if order.index("k") < order.index("t") else total(t, inside)
        elif name == "k":
            outer = order.index("k") < order.index("t")
            inside = total(k, inside, start=late if outer else t + late)
        else:
            inside = total(i if name == "i" else j, inside)
    return inside


def pair(seed: int) -> Claim:
    rng = Random(seed)
    draws = DRAWS[: rng.choice([1, 1, 2])]
    names = ("t", "k", *("ij"[: len(draws)]))
    one, two = (rng.choice(list(permutations(names))) for _ in range(2))
    near = rng.random() < 0.5
    inside = body(rng, draws)
    before, after = nested(one, inside, late=0), nested(two, inside * (gamma**t if near and seed % 3 else 1),
                                                        late=int(near and not seed % 3))
    if rng.random() < 0.5:
        before, after = expect(samples, before), expect(samples, after)
    return Claim(f"order {seed}", before, after, frozenset(IID), FALSE if near else TRUE, sizes=SIZES)


@pytest.mark.slow
def test_random_orders_of_sums() -> None:
    counts = tally(map(pair, range(16)))
    assert counts["shown, true"] > 0.5 * counts["true"] > 2  # numbers of two times are compared as they stand
    assert counts["not shown, false"] == counts["near"] > 4


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_two_thousand_orders_of_sums(batch: int) -> None:
    counts = tally(map(pair, range(1000 + 200 * batch, 1200 + 200 * batch)))
    assert counts["shown, true"] > 0.5 * counts["true"]
