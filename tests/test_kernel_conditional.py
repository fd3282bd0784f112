"""Random products of probabilities of places and of means given them, written in one way and in another."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from claims_conditional import ACTION, FIRST, FIRST_ACTION, KNOWN, NOW, given, within
from claims_unfolding import A_, S
from kernel_letters import FALSE, TRUE, Claim, beta, f, g, pair, reward
from random_claims import tally
from sympy import Expr

from derive import p
from derive.language.vocabulary import R, a, grad, mu, pi, ratio, s, same, t, tau, total

SIZES = ((2, 2, 0), (2, 2, 1), (3, 2, 1))


def factors(rng: Random) -> tuple[Expr, Expr, Expr]:
    """A probability or a mean, the same in another way, and one that is none of them."""
    policy = rng.choice([pi, pi, beta])
    inside: Any = rng.choice([R(tau), reward(0), reward(t), pair(0), pair(t), f(S[t + 1]), g(A_[0]) * f(S[t])])
    first, of_pair = within(FIRST, policy=policy), within(FIRST, FIRST_ACTION, policy=policy)
    now = within(NOW, policy=policy)
    return rng.choice([
        (mu(s), first, within(same(S[1], s), policy=policy)),
        (mu(s), within(FIRST, FIRST, policy=policy), mu(s) * first),
        (mu(s) * policy(a | s), of_pair, within(FIRST, FIRST_ACTION, policy=beta if policy == pi else pi)),
        (of_pair, first * policy(a | s), first * within(FIRST_ACTION, policy=policy)),
        (within(NOW, ACTION, policy=policy), policy(a | s) * now, within(NOW, FIRST_ACTION, policy=policy)),
        (given(inside, FIRST, policy=policy), ratio(within(inside, FIRST, policy=policy), mu(s)),
         ratio(within(inside, FIRST, policy=policy), now)),
        (given(inside, NOW, policy=policy), ratio(within(inside, NOW, policy=policy), now),
         ratio(within(inside, NOW, policy=policy), first)),
        (given(inside, NOW, ACTION, policy=policy),
         ratio(within(inside, NOW, ACTION, policy=policy), policy(a | s) * now),
         ratio(within(inside, NOW, policy=policy), policy(a | s) * now)),
        (p[t](s), within(NOW), within(same(S[t + 1], s))),
        (f(s), ratio(f(s) * now, now), ratio(f(s) * now, within(same(S[t + 1], s), policy=policy))),
        (total(a, policy(a | s) * given(inside, NOW, ACTION, policy=policy)), given(inside, NOW, policy=policy),
         total(a, policy(a | s) * given(inside, FIRST, FIRST_ACTION, policy=policy))),
    ])


def pair_of(seed: int) -> Claim:
    rng = Random(f"conditional/{seed}")
    near, before, after = rng.random() < 0.5, None, None
    count = rng.choice([1, 1, 2, 2, 3])
    for n in range(count):
        one, two, other = factors(rng)
        two = other if near and n == 0 else two
        one, two = (two, one) if rng.random() < 0.5 else (one, two)
        before, after = (one, two) if before is None or after is None else (before * one, after * two)
    assert before is not None
    assert after is not None
    if count < 3 and rng.random() < 0.3:
        before, after = grad(before), grad(after)
    for letter in (a, s):
        if rng.random() < 0.5:
            sides = [f(s) * side if letter == s else side for side in (before, after)]
            if all(letter in side.free_symbols for side in sides):
                before, after = (total(letter, side) for side in sides)
    return Claim(f"conditional {seed}", before, after, frozenset(KNOWN), FALSE if near else TRUE, sizes=SIZES)


@pytest.mark.slow
def test_random_means_given_places() -> None:
    counts = tally(map(pair_of, range(24)))
    assert counts["shown, true"] > 0.5 * counts["true"] > 4  # a sum over a letter of two sums that hold it is outside
    assert counts["not shown, false"] > 0.8 * counts["near"] > 4


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_two_thousand_means_given_places(batch: int) -> None:
    counts = tally(map(pair_of, range(1000 + 200 * batch, 1200 + 200 * batch)))
    assert counts["shown, true"] > 0.5 * counts["true"]
