"""Random pairs of functions of a batch: what becomes an equation holds on every batch of small models."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from kernel_letters import FALSE, IID, PP, TRUE, Claim, f, g, j
from random_claims import tally
from sympy import Expr

from derive.language.terms import Draw
from derive.language.vocabulary import J, R, gamma, grad, i, m, mean, pi, ratio, samples, total

SIZES = ((1, 2, 0, 2), (2, 2, 0, 2), (1, 2, 0, 3))
OTHER = Draw("l")


def leaf(rng: Random, draws: list[Expr]) -> Expr:
    if not draws or rng.random() < 0.15:
        return rng.choice([J, gamma, m * J, 2 * J])
    path = samples[rng.choice(draws)]
    return rng.choice([R(path), R(path), f(path.s[0]), g(path.a[0]), pi(path.a[0] | path.s[0])])


def term(rng: Random, draws: list[Expr], depth: int) -> Expr:
    """A polynomial in functions of the named draws and in sums over all of them."""
    kind = rng.randrange(5) if depth else 0
    if kind == 1:
        return term(rng, draws, depth - 1) + rng.choice([1, -1, 2]) * term(rng, draws, depth - 1)
    if kind == 2:
        return term(rng, draws, depth - 1) * term(rng, draws, depth - 1)
    free = [one for one in (i, j, OTHER) if one not in draws]
    if kind > 2 and len(free) > 1:
        index = rng.choice(free)
        return rng.choice([total, mean])(index, term(rng, [*draws, index], depth - 1))
    return leaf(rng, draws)


def law(rng: Random, draws: list[Expr]) -> tuple[Expr, Expr]:
    """Two ways to write the same."""
    one, two, three = (term(rng, draws, 1) for _ in range(3))
    index = next(x for x in (i, j) if x not in draws) if len(draws) < 2 else Draw("n")
    inner, more = (term(rng, [*draws, index], 1) for _ in range(2))
    return rng.choice([
        (one * (two + three), two * one + one * three),
        ((one - two) ** 2, one**2 - 2 * two * one + two**2),
        (total(index, inner + one * more), one * total(index, more) + total(index, inner)),
        (mean(index, inner - one), mean(index, inner) - one),
        (total(index, one), m * one),
        (mean(index, inner) * m, total(index, inner)),
        (ratio(total(index, inner) + one, m), mean(index, inner) + ratio(one, m)),
        (total(index, inner) ** 2, total(index, inner * total(OTHER, inner.subs(index, OTHER)))),
        (grad(one * two), grad(one) * two + one * grad(two)),
    ])


def pair(seed: int) -> Claim:
    rng = Random(seed)
    draws = rng.choice([[], [i], [i, j]])
    before, after = law(rng, draws)
    near = rng.random() < 0.5
    if near:
        after = after + rng.choice([1, -1]) * term(rng, draws, 2)
    return Claim(f"batch {seed}", before, after, frozenset([*IID, *PP]), FALSE if near else TRUE, sizes=SIZES)


def claims(seeds: range) -> Iterator[Claim]:
    """Those that speak of the batch."""
    for claim in map(pair, seeds):
        if any(x == samples for x in claim.before.free_symbols | claim.after.free_symbols):
            yield claim


@pytest.mark.slow
def test_random_functions_of_a_batch() -> None:
    counts = tally(claims(range(60)))
    assert counts["shown, true"] > 0.9 * counts["true"] > 10
    assert counts["not shown, false"] > 0.7 * counts["near"] > 10


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_three_thousand_functions_of_a_batch(batch: int) -> None:
    counts = tally(claims(range(1000 + 300 * batch, 1300 + 300 * batch)))
    assert counts["shown, true"] > 0.9 * counts["true"]
